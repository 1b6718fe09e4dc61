package pricing

import (
	"errors"
	"fmt"
)

// Finding is something in a plan that must change, or that its owner should know.
type Finding struct {
	Path    string // of the field, for example "revisions[2].rates[4].prices[0].amount"
	Message string // a sentence that says what must change
}

// String returns the path and the sentence.
func (f Finding) String() string { return f.Path + ": " + f.Message }

// findings collects the faults of a plan.
type findings []Finding

func (f *findings) add(path, format string, args ...any) {
	*f = append(*f, Finding{Path: path, Message: fmt.Sprintf(format, args...)})
}

// addError adds the text of an error, if there is one. It reports whether there was none.
func (f *findings) addError(path string, err error) bool {
	if err != nil {
		f.add(path, "%s", err)
	}
	return err == nil
}

// asError joins the findings; without any it returns nil.
func (f findings) asError() error {
	var all []error
	for _, finding := range f {
		all = append(all, errors.New(finding.String()))
	}
	return errors.Join(all...)
}
