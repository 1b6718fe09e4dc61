// Command ratecards writes the shipped price plans: the rules and words of hack/ratecards, with the
// prices of the rate cards beside them. It is run from the root of the repository, by make
// generate.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"

	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/ratecard"
)

func main() {
	if err := run("hack/ratecards", "config/samples"); err != nil {
		fmt.Fprintln(os.Stderr, "ratecards:", err)
		os.Exit(1)
	}
}

// run writes the plan of each file in plans into the samples.
func run(source, samples string) error {
	files, err := filepath.Glob(filepath.Join(source, "plans", "*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := render(source, file)
		if err != nil {
			return err
		}
		target := filepath.Join(samples, "pricingplan_"+filepath.Base(file))
		if err := os.WriteFile(target, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// render returns a plan's text: its rules, rates and tiers are named in the file, and stand in
// folders beside it.
func render(source, file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	cards := cards{folder: filepath.Join(source, "cards")}
	plan, err := template.New(file).Funcs(template.FuncMap{
		"rules": func(name string) (string, error) { return rules(filepath.Join(source, "rules", name+".yaml")) },
		"rates": cards.rates,
		"tiers": cards.tiers,
	}).Parse(string(text))
	if err != nil {
		return "", err
	}
	var out strings.Builder
	if err := plan.Execute(&out, nil); err != nil {
		return "", err
	}
	return out.String(), nil
}

// rules returns the fields of a revision that the file holds, as deep as a revision's are.
func rules(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	return "      " + strings.Join(lines, "\n      "), nil
}

// cards are the rate cards of a folder.
type cards struct{ folder string }

// rates returns a line for each market of a card of base rates.
func (c cards) rates(name string) (string, error) {
	card, err := ratecard.ReadFiles(c.path(name), "")
	if err != nil {
		return "", err
	}
	var lines []string
	for _, market := range card.Rates {
		var prices []string
		for _, price := range market.Prices {
			prices = append(prices, fmt.Sprintf("{category: %s, amount: %q}", price.Category, printed(price.Amount)))
		}
		line := fmt.Sprintf("        - {market: %s, prices: [%s]}", quoted(market.Market), strings.Join(prices, ", "))
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), nil
}

// tiers returns a line for each market and category of a card of volume tiers, which must agree
// with the base rates.
func (c cards) tiers(rates, tiers string) (string, error) {
	card, err := ratecard.ReadFiles(c.path(rates), c.path(tiers))
	if err != nil {
		return "", err
	}
	var lines []string
	for _, tier := range card.Tiers {
		lines = append(lines, "        - {"+tierFields(tier)+"}")
	}
	return strings.Join(lines, "\n"), nil
}

func (c cards) path(name string) string { return filepath.Join(c.folder, name+".csv") }

func tierFields(tier pricing.Tiers) string {
	fields := []string{"market: " + quoted(tier.Market), "category: " + tier.Category}
	if tier.CountedAs != "" {
		fields = append(fields, "countedAs: "+tier.CountedAs)
	}
	var steps []string
	for _, step := range tier.Steps {
		steps = append(steps, fmt.Sprintf("{above: %d, amount: %q}", step.Above, printed(step.Amount)))
	}
	fields = append(fields, "mode: "+tier.Mode, "per: "+tier.Per, "steps: ["+strings.Join(steps, ", ")+"]")
	return strings.Join(fields, ", ")
}

// printed returns an amount with four decimals, as the cards print it.
func printed(amount string) string {
	_, decimals, found := strings.Cut(amount, ".")
	if !found {
		amount += "."
	}
	return amount + strings.Repeat("0", max(0, 4-len(decimals)))
}

// quoted returns a market's name as a YAML string.
func quoted(name string) string {
	if strings.Contains(name, "&") {
		return strconv.Quote(name)
	}
	return name
}
