// Command demo tells Guichet's story on a cluster: it installs the operator and the simulator,
// onboards a business, lets it talk to three customers, and recomputes by hand what the status says
// was billed. It is run by `make demo`, which prepares the cluster and the images.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"os"
	"os/signal"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/test/story"
)

const limit = 8 * time.Minute

func main() {
	kubectl := flag.String("kubectl", cmp.Or(os.Getenv("KUBECTL"), "kubectl"), "the kubectl to run")
	kubeconfig := flag.String(
		"kubeconfig", os.Getenv("KUBECONFIG"), "the cluster's kubeconfig; empty means kubectl's own default",
	)
	root := flag.String("root", ".", "the checkout whose manifests are applied")
	flag.Parse()
	log.SetLogger(zap.New(zap.WriteTo(os.Stderr)))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := run(ctx, *kubectl, *kubeconfig, *root); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kubectl, kubeconfig, root string) error {
	began := time.Now()
	stage, err := story.NewStage(kubectl, kubeconfig, root)
	if err != nil {
		return err
	}
	heading("Install the operator, and a simulator in Meta's place")
	if err := stage.Install(ctx); err != nil {
		return err
	}
	heading("Onboard a business: kubectl apply -k config/samples")
	applied := time.Now()
	if err := stage.Onboard(ctx); err != nil {
		return err
	}
	number := 0
	play, err := stage.Open(ctx, func(line story.Line) {
		number++
		fmt.Printf("%3d  %-45s %s\n     %-45s → %s\n", number, line.Who, line.Did, "", line.Answer)
	})
	if err != nil {
		return err
	}
	defer play.Close()
	fmt.Printf(
		"     its gateway is ready and its templates are approved, %s after the apply\n",
		time.Since(applied).Round(100*time.Millisecond),
	)

	before, err := stage.Account(ctx)
	if err != nil {
		return err
	}
	heading("The story")
	notices, err := play.Run(ctx)
	if err != nil {
		return err
	}
	if err := settle(ctx, stage, before, notices); err != nil {
		return err
	}
	if err := tellOfThePage(ctx, stage, play); err != nil {
		return err
	}
	next(play, stage)
	fmt.Printf(
		"\nThe demo took %s. Everything is still running; `make demo-down` takes it away.\n",
		time.Since(began).Round(time.Second),
	)
	return nil
}

// settle shows the resources, and compares the status's figure with a sum of the plan's own rates.
func settle(ctx context.Context, stage *story.Stage, before *v1alpha1.BusinessAccount, notices []story.Notice) error {
	const free = 1 // the answer inside the window
	account, err := stage.AwaitMessages(ctx, story.Messages(before)+free+int64(len(notices)))
	if err != nil {
		return err
	}
	heading("kubectl get ba,pp,mt -A")
	table, err := stage.Kubectl.Run(ctx, "get", "ba,pp,mt", "-A")
	if err != nil {
		return err
	}
	fmt.Print(table)

	var plan v1alpha1.PricingPlan
	if err := stage.Client.Get(ctx, client.ObjectKey{Name: story.PlanName}, &plan); err != nil {
		return err
	}
	zone, err := time.LoadLocation(account.Spec.TimeZone)
	if err != nil {
		return err
	}
	terms := make([]story.Term, 0, len(notices))
	for _, notice := range notices {
		rate, err := story.Rate(&plan, time.Now().In(zone).Format(time.DateOnly), notice.Customer.Market, "Utility")
		if err != nil {
			return err
		}
		terms = append(terms, story.Term{Amount: rate, Market: notice.Customer.Market})
	}
	heading("By hand")
	return compare(account, story.Billed(before), terms)
}

// tellOfThePage tells the second story: answers on the page have cost nothing, and paid reach has
// cost what the plan says.
func tellOfThePage(ctx context.Context, stage *story.Stage, play *story.Play) error {
	before, err := stage.Account(ctx)
	if err != nil {
		return err
	}
	heading("The same account's page on Messenger")
	delivered, err := play.RunPage(ctx)
	if err != nil {
		return err
	}
	account, err := stage.AwaitMessages(ctx, story.Messages(before)+delivered)
	if err != nil {
		return err
	}
	if story.Billed(account) != story.Billed(before) {
		return fmt.Errorf("the page's messages cost nothing, but the status went from %s to %s",
			story.Billed(before), story.Billed(account))
	}
	fmt.Printf("     %d messages are settled, and the status still says %s\n", delivered, story.Billed(account))
	heading("Paid reach on the page, until the budget stops it")
	reach, err := play.RunReach(ctx)
	if err != nil {
		return err
	}
	before = account
	if account, err = stage.AwaitMessages(ctx, story.Messages(before)+reach.Delivered); err != nil {
		return err
	}
	heading("By hand")
	return compare(account, story.Billed(before), reach.Terms)
}

// compare prints the sum of what was billed before and of prices, and returns an error if the
// status says something else.
func compare(account *v1alpha1.BusinessAccount, before string, prices []story.Term) error {
	sum, ok := new(big.Rat).SetString(before)
	if !ok {
		return errors.New("the status's figure is not a number")
	}
	terms := []string{}
	if sum.Sign() != 0 {
		terms = append(terms, before+" (before)")
	}
	for _, price := range prices {
		amount, ok := new(big.Rat).SetString(price.Amount)
		if !ok {
			return fmt.Errorf("the price %q is not a number", price.Amount)
		}
		sum.Add(sum, amount)
		terms = append(terms, price.Amount+" ("+price.Market+")")
	}
	billed, ok := new(big.Rat).SetString(story.Billed(account))
	fmt.Printf(
		"     %s = %s USD\n     the status says %s USD\n", strings.Join(terms, " + "), story.Decimal(sum),
		story.Billed(account),
	)
	if !ok || billed.Cmp(sum) != 0 {
		return errors.New("the two figures differ")
	}
	return nil
}

// next says what to try next, with commands that work as printed.
func next(play *story.Play, stage *story.Stage) {
	kubectl, prefix := stage.Kubectl.Program, ""
	if stage.Kubectl.Kubeconfig != "" {
		prefix = "export KUBECONFIG=" + stage.Kubectl.Kubeconfig + "\n"
	}
	heading("Try it yourself")
	fmt.Print(prefix)
	url := play.Business.BaseURL
	if !play.Direct() {
		url = "http://127.0.0.1:8080"
		fmt.Printf("%s -n %s port-forward svc/%s-gateway 8080 &\n", kubectl, story.AccountNamespace, story.AccountName)
	}
	fmt.Printf(
		"TOKEN=$(%[1]s -n %[2]s get secret $(%[1]s -n %[2]s get ba %[3]s "+
			"-o jsonpath='{.status.gateway.apiTokensSecretName}') "+
			"-o go-template='{{range .data}}{{. | base64decode}}{{\"\\n\"}}{{end}}' | head -n 1)\n",
		kubectl, story.AccountNamespace, story.AccountName,
	)
	fmt.Printf(
		`curl -s %s/v26.0/%s/messages -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' `+
			`-d '{"messaging_product":"whatsapp","to":"+33612345678","type":"text","text":{"body":"Anything else?"}}'`+
			"\n",
		url, play.Business.PhoneNumberID,
	)
	fmt.Printf(
		"%s explain ba.spec.budget\n%s -n %s describe ba %s\n", kubectl, kubectl, story.AccountNamespace,
		story.AccountName,
	)
	fmt.Printf("go run ./cmd/kubectl-guichet status %s --namespace %s\n", story.AccountName, story.AccountNamespace)
	fmt.Printf(
		"go run ./cmd/kubectl-guichet simulate %s --namespace %s   # prints the address of the page with the phones\n",
		story.AccountName, story.AccountNamespace,
	)
}

// heading prints in bold on a terminal; a file gets the text alone.
func heading(text string) {
	if out, err := os.Stdout.Stat(); err == nil && out.Mode()&os.ModeCharDevice != 0 {
		text = "\033[1m" + text + "\033[0m"
	}
	fmt.Printf("\n%s\n", text)
}
