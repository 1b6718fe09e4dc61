package main

import (
	"os"
	"path/filepath"
	"testing"
)

// The plans in the samples are what make generate writes: a change belongs into hack/ratecards.
func TestTheShippedPlansAreGenerated(t *testing.T) {
	files, err := filepath.Glob("plans/*.yaml")
	if err != nil || len(files) != 3 {
		t.Fatalf("got %v, %v, want three plans", files, err)
	}
	for _, file := range files {
		want, err := render(".", file)
		if err != nil {
			t.Fatal(err)
		}
		shipped, err := os.ReadFile(filepath.Join("../../config/samples", "pricingplan_"+filepath.Base(file)))
		if err != nil {
			t.Fatal(err)
		}
		if string(shipped) != want {
			t.Errorf("%s is not what hack/ratecards says: run make generate", file)
		}
	}
}

func TestAmountsAreWrittenAsCardsPrintThem(t *testing.T) {
	tests := map[string]string{"0.05": "0.0500", "316.2678": "316.2678", "3": "3.0000", "0.000002": "0.000002"}
	for amount, want := range tests {
		if got := printed(amount); got != want {
			t.Errorf("printed(%s) = %s, want %s", amount, got, want)
		}
	}
}
