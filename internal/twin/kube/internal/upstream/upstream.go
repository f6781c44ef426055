// Package upstream finds the Go modules whose files (CRDs, chart values) the
// twin embeds or is tested with. None of them is compiled.
package upstream

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// The modules by version.
const (
	ClientGo    = "k8s.io/client-go@v0.35.0"
	Kyverno     = "github.com/kyverno/kyverno@v1.19.1"
	ExternalDNS = "sigs.k8s.io/external-dns@v0.21.0"
	GatewayAPI  = "sigs.k8s.io/gateway-api@v1.5.1"
)

var (
	mu   sync.Mutex
	dirs = map[string]string{}
)

// Dir returns the module's folder, which go downloads if it is not there yet.
func Dir(module string) (string, error) {
	mu.Lock()
	defer mu.Unlock()
	if dirs[module] != "" {
		return dirs[module], nil
	}
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = os.TempDir() // outside this module: only the files are wanted, no requirement
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("finding module %s: %w", module, err)
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil {
		return "", fmt.Errorf("reading where module %s is: %w", module, err)
	}
	dirs[module] = m.Dir
	return m.Dir, nil
}

// File reads a file of a module.
func File(module, path string) ([]byte, error) {
	dir, err := Dir(module)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, path))
}
