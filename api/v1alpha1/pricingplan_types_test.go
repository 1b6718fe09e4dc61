package v1alpha1

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// The gateway reads as a pricing.Plan what the operator writes of a PricingPlanSpec.
func TestSpecAndPlanHaveTheSameShape(t *testing.T) {
	sameShape(t, "spec", reflect.TypeFor[PricingPlanSpec](), reflect.TypeFor[pricing.Plan]())
}

// sameShape compares two types as JSON sees them.
func sameShape(t *testing.T, path string, api, document reflect.Type) {
	t.Helper()
	if api.Kind() == reflect.Pointer && document.Kind() == reflect.Pointer {
		api, document = api.Elem(), document.Elem()
	}
	switch path {
	case "spec.allowedNamespaces.selector", "spec.grants", "spec.budgetCaps", "spec.suspensions":
		return // the operator reads them; the document keeps them as they are
	}
	if api.Kind() != document.Kind() {
		t.Errorf("%s is a %s in the API and a %s in the document", path, api.Kind(), document.Kind())
		return
	}
	switch api.Kind() {
	case reflect.Slice:
		sameShape(t, path+"[]", api.Elem(), document.Elem())
	case reflect.Struct:
		ours, theirs := jsonFields(api), jsonFields(document)
		for name, field := range ours {
			other, ok := theirs[name]
			if !ok {
				t.Errorf("%s.%s is not in the document", path, name)
				continue
			}
			sameShape(t, path+"."+name, field, other)
		}
		for name := range theirs {
			if _, ok := ours[name]; !ok {
				t.Errorf("%s.%s is not in the API", path, name)
			}
		}
	}
}

func jsonFields(of reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		fields[name] = field.Type
	}
	return fields
}

// A shipped plan that went through the API is the plan that its file says: the digests that records
// carry agree.
func TestP6TheShippedPlansKeepTheirDigests(t *testing.T) {
	plans := []string{"whatsapp", "whatsapp_eur", "whatsapp_cop", "messenger", "acme_page", "announcement"}
	for _, name := range plans {
		text, err := os.ReadFile("../../config/samples/pricingplan_" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		var object PricingPlan
		if err := yaml.UnmarshalStrict(text, &object); err != nil {
			t.Fatal(err)
		}
		served, err := json.Marshal(object.Spec)
		if err != nil {
			t.Fatal(err)
		}
		var file struct{ Spec pricing.Plan }
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		var plan pricing.Plan
		if err := json.Unmarshal(served, &plan); err != nil {
			t.Fatal(err)
		}
		for i, revision := range plan.Revisions {
			if pricing.Digest(revision) != pricing.Digest(file.Spec.Revisions[i]) {
				t.Errorf("%s: %s has another digest after it went through the API", name, revision.Name)
			}
		}
	}
}

// marker is the text of the marker lines above a declaration of a plan's types.
func marker(t *testing.T, declaration string) string {
	t.Helper()
	var lines []string
	for _, file := range []string{"pricingplan_types.go", "pricingrevision_types.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.Split(string(source), "\n")...)
	}
	at := slices.IndexFunc(
		lines, func(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), declaration) },
	)
	if at < 0 {
		t.Fatalf("there must be a declaration %q", declaration)
	}
	first := at
	for first > 0 && strings.HasPrefix(strings.TrimSpace(lines[first-1]), "//") {
		first--
	}
	return strings.Join(lines[first:at], "\n")
}

var (
	quoted    = regexp.MustCompile(`'([^']*)'`)
	inList    = regexp.MustCompile(`self in \[([^\]]*)\]`)
	enumWords = regexp.MustCompile(`validation:Enum=(\S+)`)
)

// listed are the words that the rule above a declaration allows.
func listed(t *testing.T, declaration string) []string {
	t.Helper()
	text := marker(t, declaration)
	if enum := enumWords.FindStringSubmatch(text); enum != nil {
		return strings.Split(enum[1], ";")
	}
	var words []string
	for _, list := range inList.FindAllStringSubmatch(text, -1) {
		for _, match := range quoted.FindAllStringSubmatch(list[1], -1) {
			words = append(words, match[1])
		}
	}
	return words
}

func TestTheSchemaKnowsTheMarketsOfTheTable(t *testing.T) {
	var want []string
	for _, m := range append(market.All(), market.Any) {
		want = append(want, m.String())
	}
	expectWords(t, listed(t, "type MarketName"), append(want, countries()...))
}

func TestTheSchemaKnowsTheCountriesOfTheTable(t *testing.T) {
	expectWords(t, listed(t, "type CountryCode"), countries())
}

// countries are the codes of all countries but the unknown one.
func countries() []string {
	var codes []string
	for country := market.Country(1); int(country) < market.Countries(); country++ {
		codes = append(codes, country.String())
	}
	return codes
}

func expectWords(t *testing.T, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestTheSchemaKnowsTheCurrencies(t *testing.T) {
	got := listed(t, "Currency string")
	allowed := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			for c := 'A'; c <= 'Z'; c++ {
				if _, err := money.ParseCurrency(string([]rune{a, b, c})); err == nil {
					allowed++
				}
			}
		}
	}
	for _, code := range got {
		if _, err := money.ParseCurrency(code); err != nil {
			t.Error(err)
		}
	}
	if len(got) != allowed {
		t.Errorf("the schema knows %d currencies and pricing %d", len(got), allowed)
	}
}

func TestTheSchemaKnowsTheCategoriesAndEvents(t *testing.T) {
	categories := listed(t, "type MessageCategory")
	for _, name := range categories {
		if _, err := conversation.ParsePlanCategory(name); err != nil {
			t.Error(err)
		}
	}
	if len(categories) != conversation.Categories-1 {
		t.Errorf("the schema knows %d categories and pricing %d", len(categories), conversation.Categories-1)
	}
	var all conversation.Events
	for _, name := range listed(t, "type InboundEvent") {
		event, err := conversation.ParseEvent(name)
		if err != nil {
			t.Error(err)
		}
		all |= event
	}
	if all != conversation.Comment<<1-1 {
		t.Errorf("the schema does not know every event: %b", all)
	}
}
