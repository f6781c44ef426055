//go:build !linux

package dataplane

import (
	"fmt"
	"os"
	"runtime"
	"testing"
)

// Elsewhere there are no network namespaces to build the harness of.
func TestMain(*testing.M) {
	fmt.Fprintf(os.Stderr, "\n*** THE DATA-PLANE SUITE DID NOT RUN. It needs Linux, this is %s.\n\n", runtime.GOOS)
	if os.Getenv("CI") == "true" {
		os.Exit(1)
	}
}
