package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// facts are what a library's program is told.
type facts struct {
	// Gateway is the gateway's base URL, Token the business's for it, Secret that of its callbacks.
	Gateway string `json:"gateway"`
	Token   string `json:"token"`
	Secret  string `json:"secret"`
	Version string `json:"version"`
	Phone   string `json:"phone"`
	Account string `json:"account"`
	// Customer has written a text and sent a photo.
	Customer string  `json:"customer"`
	Text     webhook `json:"text"`
	Photo    webhook `json:"photo"`
	// PhotoBytes are those of the photo.
	PhotoBytes []byte `json:"photoBytes"`
	// Page is a page to which Person, a page-scoped id, has written PageText.
	Page     string  `json:"page"`
	Person   string  `json:"person"`
	PageText webhook `json:"pageText"`
}

// webhook is one that the gateway has delivered.
type webhook struct {
	Body      string `json:"body"`
	Signature string `json:"signature"`
}

// result is what came of a step.
type result struct {
	Step    string `json:"step"`
	Absent  bool   `json:"absent"`
	Failure string `json:"failure"`
}

// drive runs steps of a library's program and returns their results by step.
func drive(
	ctx context.Context, node, packages, program string, steps []string, told facts,
) (map[string]result, error) {
	input, err := json.Marshal(told)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, node, append([]string{"run.js", program}, steps...)...)
	command.Dir, command.Stdin = packages, bytes.NewReader(input)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, complaints.String())
	}
	results := map[string]result{}
	for decoder := json.NewDecoder(bytes.NewReader(output)); decoder.More(); {
		var r result
		if err := decoder.Decode(&r); err != nil {
			return nil, fmt.Errorf("the program said %q: %w", output, err)
		}
		results[r.Step] = r
	}
	return results, nil
}

// versionOf is the version of a library that is installed.
func versionOf(packages, name string) (string, error) {
	content, err := os.ReadFile(filepath.Join(packages, "node_modules", name, "package.json"))
	if err != nil {
		return "", err
	}
	var about struct {
		Version string `json:"version"`
	}
	return about.Version, json.Unmarshal(content, &about)
}
