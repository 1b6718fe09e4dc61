// Command image wraps static binaries into container images, without a container engine.
//
//	image archive --binary bin/linux/gateway --tag guichet.dev/gateway:dev --output bin/images/gateway.tar
//	image layout  --binary amd64/gateway --binary arm64/gateway --version v0.1.0 --output dist/images/gateway
//	image push    --layout dist/images/gateway --to registry.example.com/guichet/gateway:v0.1.0
//
// archive writes what `docker load` takes, layout an OCI image layout with an image for each
// platform, and push copies a layout to a registry as it is.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("say what to do: archive, layout or push")
	}
	command, rest := arguments[0], arguments[1:]
	switch command {
	case "archive":
		return runArchive(rest)
	case "layout":
		return runLayout(rest)
	case "push":
		return runPush(ctx, rest)
	default:
		return fmt.Errorf("there is no command %q: use archive, layout or push", command)
	}
}

func runArchive(arguments []string) error {
	flags := flag.NewFlagSet("image archive", flag.ContinueOnError)
	binary := flags.String("binary", "", "static Linux program to wrap; its file name becomes the entry point")
	tag := flags.String("tag", "", "name of the image, as registry/repository:tag")
	title := flags.String("title", "", "one line that says what the program is")
	output := flags.String("output", "", "archive to write")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	reference, err := name.NewTag(*tag, name.StrictValidation)
	if err != nil {
		return fmt.Errorf("--tag: %w", err)
	}
	image, err := imageOf(*binary, labels(*title, reference.TagStr()))
	if err != nil {
		return err
	}
	file, err := archive(image, reference)
	if err != nil {
		return err
	}
	return writeIfChanged(*output, file)
}

func runLayout(arguments []string) error {
	flags := flag.NewFlagSet("image layout", flag.ContinueOnError)
	var binaries []string
	flags.Func("binary", "static Linux program to wrap, once for each platform", func(path string) error {
		binaries = append(binaries, path)
		return nil
	})
	title := flags.String("title", "", "one line that says what the program is")
	version := flags.String("version", "", "release that the image is of")
	output := flags.String("output", "", "folder to write; what it holds is replaced")
	switch err := flags.Parse(arguments); {
	case err != nil:
		return err
	case len(binaries) == 0 || *output == "":
		return errors.New("layout needs --binary and --output")
	}
	return writeLayout(*output, binaries, labels(*title, *version))
}

func runPush(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("image push", flag.ContinueOnError)
	folder := flags.String("layout", "", "folder with the image layout")
	to := flags.String("to", "", "name to give it, as registry/repository:tag")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	reference, err := name.NewTag(*to, name.StrictValidation)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	digest, err := push(ctx, *folder, reference)
	if err != nil {
		return err
	}
	fmt.Printf("%s@%s\n", reference.Name(), digest)
	return nil
}

// labels are those that registries and tools show.
func labels(title, version string) map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":    title,
		"org.opencontainers.image.version":  version,
		"org.opencontainers.image.licenses": "Apache-2.0",
		"org.opencontainers.image.source":   "https://github.com/guichet-dev/guichet",
	}
}

// writeIfChanged leaves the file and its time alone when it already holds the content.
func writeIfChanged(path string, content []byte) error {
	if present, err := os.ReadFile(path); err == nil && bytes.Equal(present, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make the folder of the archive: %w", err)
	}
	// A reader never sees half an archive.
	partial := path + ".partial"
	if err := os.WriteFile(partial, content, 0o644); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return os.Rename(partial, path)
}
