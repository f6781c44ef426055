// Package crds compares the embedded CRDs with the Go modules they come from.
// Nothing of these modules is compiled, so no go.mod requires them.
package crds

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "copy the files from the modules instead of comparing them")

const embedded = "../../components/crds"

// sources are modules by path, version and the hash that go.sum would have.
var sources = []struct{ path, version, sum, pattern string }{
	{"sigs.k8s.io/gateway-api", "v1.5.1", "h1:RqVRIlkhLhUO8wOHKTLnTJA6o/1un4po4/6M1nRzdd0=",
		"config/crd/standard/gateway.networking.k8s.io_*.yaml"},
	{"sigs.k8s.io/external-dns", "v0.21.0", "h1:YAC7ERW32eZAjSdhu44taaZGII6nwz2/wteT+BtpFzM=",
		"charts/external-dns/crds/dnsendpoints.externaldns.k8s.io.yaml"},
}

func TestEmbeddedFilesAreThoseOfTheModules(t *testing.T) {
	t.Parallel()
	wanted := map[string]string{} // file name -> path in a module
	for _, source := range sources {
		paths, err := filepath.Glob(filepath.Join(download(t, source.path, source.version, source.sum), source.pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s has no %s: %v", source.path, source.pattern, err)
		}
		for _, path := range paths {
			wanted[filepath.Base(path)] = path
		}
	}
	if *update {
		copyAll(t, wanted)
	}
	for name, path := range wanted {
		want := read(t, path)
		got, err := os.ReadFile(filepath.Join(embedded, name))
		if err != nil {
			t.Errorf("%s is missing: %v", name, err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s differs from %s", name, path)
		}
	}
	for _, path := range embeddedFiles(t) {
		if _, ok := wanted[filepath.Base(path)]; !ok {
			t.Errorf("%s is in neither module", filepath.Base(path))
		}
	}
}

// download returns the folder of a module in the module cache.
func download(t *testing.T, path, version, sum string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", path+"@"+version)
	command.Env = append(os.Environ(), "GONOSUMDB="+path, "GOFLAGS=-mod=mod") // the hash is compared here
	out, err := command.Output()
	if err != nil {
		t.Fatalf("downloading %s@%s: %v\n%s", path, version, err, out)
	}
	var module struct{ Dir, Sum string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal(err)
	}
	if module.Sum != sum {
		t.Fatalf("%s@%s has hash %s, want %s", path, version, module.Sum, sum)
	}
	return module.Dir
}

func copyAll(t *testing.T, wanted map[string]string) {
	t.Helper()
	for _, path := range embeddedFiles(t) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	for name, path := range wanted {
		if err := os.WriteFile(filepath.Join(embedded, name), read(t, path), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func embeddedFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(embedded, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	return files
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
