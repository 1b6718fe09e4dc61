package main

import (
	"context"
	"fmt"
	"os"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// writeLayout writes an OCI image layout whose only entry is an index with an image for each
// program. The same programs always give the same bytes.
func writeLayout(folder string, binaries []string, labels map[string]string) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, binary := range binaries {
		image, err := imageOf(binary, labels)
		if err != nil {
			return err
		}
		image = mutate.ConfigMediaType(mutate.MediaType(image, types.OCIManifestSchema1), types.OCIConfigJSON)
		file, err := image.ConfigFile()
		if err != nil {
			return fmt.Errorf("read the image's configuration: %w", err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: file.Platform()},
		})
	}
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("replace the layout: %w", err)
	}
	path, err := layout.Write(folder, empty.Index)
	if err != nil {
		return fmt.Errorf("make the layout %s: %w", folder, err)
	}
	if err := path.AppendIndex(index); err != nil {
		return fmt.Errorf("write the layout %s: %w", folder, err)
	}
	return nil
}

// push copies a layout to a registry under a name, with the credentials that docker login has
// stored. It returns the digest by which the images can be pinned.
func push(ctx context.Context, folder string, to name.Tag) (v1.Hash, error) {
	outer, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		return v1.Hash{}, fmt.Errorf("--layout %s: %w", folder, err)
	}
	entries, err := outer.IndexManifest()
	if err != nil {
		return v1.Hash{}, fmt.Errorf("--layout %s: %w", folder, err)
	}
	if len(entries.Manifests) != 1 {
		return v1.Hash{}, fmt.Errorf("--layout %s: it has %d entries, want one", folder, len(entries.Manifests))
	}
	index, err := outer.ImageIndex(entries.Manifests[0].Digest)
	if err != nil {
		return v1.Hash{}, fmt.Errorf("--layout %s: %w", folder, err)
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)}
	if err := remote.WriteIndex(to, index, options...); err != nil {
		return v1.Hash{}, fmt.Errorf("push %s: %w", to.Name(), err)
	}
	return index.Digest()
}
