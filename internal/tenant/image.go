package tenant

import (
	"slices"
	"strings"
)

// AnnotationDefaultImage is on a gateway's Deployment: the image that it runs while the account's
// spec names none.
const AnnotationDefaultImage = "guichet.dev/default-image"

// AnyRepository in a list of allowed repositories allows every image.
const AnyRepository = "*"

// Images are what a gateway's image is chosen from. Empty ones are not known.
type Images struct {
	// Asked is what the account's spec names.
	Asked string
	// Kept is what the Deployment was last said to run while the spec names none.
	Kept string
	// Running is the image of a Deployment that says nothing of the kind.
	Running string
	// Operator is the operator's default.
	Operator string
	// Repositories are those that images may come from, beside that of Operator.
	Repositories []string
}

// Choose is the image that a gateway runs, and the one to keep for when the spec names none: an
// upgrade of the operator changes neither. allowed is false if the spec asks for an image that the
// platform does not allow.
func (i Images) Choose() (image, kept string, allowed bool) {
	kept = i.Operator
	if i.Kept != "" && i.permits(i.Kept) {
		kept = i.Kept
	} else if i.Kept == "" && i.Running != "" && i.Asked == "" && i.permits(i.Running) {
		kept = i.Running
	}
	switch {
	case i.Asked == "":
		return kept, kept, true
	case !i.permits(i.Asked):
		return kept, kept, false
	}
	return i.Asked, kept, true
}

func (i Images) permits(image string) bool {
	from := repository(image)
	return from == repository(i.Operator) ||
		slices.Contains(i.Repositories, from) || slices.Contains(i.Repositories, AnyRepository)
}

// repository is an image's name without its tag and digest.
func repository(image string) string {
	name, _, _ := strings.Cut(image, "@")
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name = name[:colon]
	}
	return name
}
