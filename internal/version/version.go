// Package version says which release a program is of.
package version

import (
	"fmt"
	"runtime"
)

// number is stamped by the linker when a release is built, such as v0.1.0 (Makefile).
var number = "dev"

// Number is the release's number, such as v0.1.0; dev for what no release stamped.
func Number() string { return number }

// Line is what a program prints of itself, such as
// "gateway v0.1.0 (go1.26.8, linux/amd64)".
func Line(program string) string {
	return fmt.Sprintf("%s %s (%s, %s/%s)", program, number, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
