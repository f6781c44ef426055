//go:build !linux

package dataplane

import (
	"fmt"
	"os"
	"runtime"
	"testing"
)

// Other systems have no network namespaces.
func TestMain(*testing.M) {
	fmt.Fprintf(os.Stderr, "\n*** THE DATA PLANE SUITE DID NOT RUN. It needs Linux, this is %s.\n\n", runtime.GOOS)
	if os.Getenv("CI") == "true" {
		os.Exit(1)
	}
}
