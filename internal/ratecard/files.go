package ratecard

import (
	"fmt"
	"io"
	"os"
)

// ReadFiles returns the card of a file of base rates, with the steps of a file of volume tiers
// unless its path is empty. An error names the file, and the line in it.
func ReadFiles(rates, tiers string) (*Card, error) {
	base, err := readFile(rates, ReadRates)
	if err != nil || tiers == "" {
		return base, err
	}
	steps, err := readFile(tiers, ReadTiers)
	if err != nil {
		return nil, err
	}
	card, err := Merge(base, steps)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", tiers, err)
	}
	return card, nil
}

func readFile(path string, read func(io.Reader) (*Card, error)) (*Card, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	card, err := read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return card, nil
}
