package tenant

import (
	"fmt"
	"slices"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
)

// MaxConfigBytes bounds an encoded document. The API server refuses a Secret of more than 1 MiB
// (corev1.MaxSecretSize), and the rest is for what a later release adds to the document.
const MaxConfigBytes = 1_000_000

// maxBareTokens is how many API tokens are kept where not even the templates that were served
// before fit.
const maxBareTokens = 100

// Encoded is a document as the gateway reads it.
type Encoded struct {
	// Bytes is nil if the document does not fit into a Secret, whatever is left out.
	Bytes []byte
	// Digest is "sha256:" and 64 hexadecimal digits.
	Digest string
	// TooLarge says that templates and tokens were left out to make it fit; nil if none were.
	TooLarge *Problem
}

// Fit encodes a document that fits into a Secret. One that is too large is served without the
// templates and tokens that the gateway did not have before, or without any template: what it
// restricts must arrive.
func Fit(document config.Document, served *config.Document) (Encoded, error) {
	var out Encoded
	for _, candidate := range []func() config.Document{
		func() config.Document { return document },
		func() config.Document { return withoutNew(document, served) },
		func() config.Document { return bare(document) },
	} {
		encoded, digest, err := Encode(candidate())
		if err != nil {
			return Encoded{}, err
		}
		if len(encoded) <= MaxConfigBytes {
			out.Bytes, out.Digest = encoded, digest
			return out, nil
		}
		if out.TooLarge == nil {
			out.TooLarge = tooLarge(len(encoded))
		}
	}
	return out, nil
}

func tooLarge(size int) *Problem {
	return &Problem{Reason: v1alpha1.ReasonConfigTooLarge, Message: fmt.Sprintf(
		"The configuration has %d bytes and a Secret takes %d: templates and API tokens are left out until it fits; "+
			"delete those that are no longer needed, or use a plan with fewer rates", size, MaxConfigBytes)}
}

// withoutNew has only those templates and tokens of a document that the gateway was given before.
func withoutNew(document config.Document, served *config.Document) config.Document {
	if served == nil {
		served = &config.Document{}
	}
	document.Templates = slices.DeleteFunc(slices.Clone(document.Templates), func(t config.Template) bool {
		return !slices.ContainsFunc(served.Templates, func(before config.Template) bool {
			return before.Name == t.Name && before.Language == t.Language
		})
	})
	document.APITokens = slices.DeleteFunc(slices.Clone(document.APITokens), func(t config.APIToken) bool {
		return !slices.Contains(served.APITokens, t)
	})
	return document
}

func bare(document config.Document) config.Document {
	document.Templates = nil
	document.APITokens = document.APITokens[:min(len(document.APITokens), maxBareTokens)]
	return document
}
