// Command gen writes the upstream data that the twin embeds, out of the Go
// modules that publish it: the schema of Kubernetes' own kinds, and the CRDs
// and values of charts. Run it by `go generate ./kube/...` after a version in
// sources.go changed; a test compares what is embedded with what it would write.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gen DIRECTORY-OF-PACKAGE-KUBE")
		os.Exit(2)
	}
	files, err := Files()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), content, 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "gen:", err)
			os.Exit(1)
		}
	}
}
