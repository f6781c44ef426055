package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is embedded is what the pinned modules hold.
func TestEmbeddedFilesAreCurrent(t *testing.T) {
	t.Parallel()
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		have, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".gz") { // compressors differ, contents do not
			have, want = unzip(t, have), unzip(t, want)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("%s is not what its module holds: run go generate ./kube/...", name)
		}
	}
}

func unzip(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestProseGoesAndPropertiesStay(t *testing.T) {
	t.Parallel()
	in := map[string]any{"description": "prose", "properties": map[string]any{"description": map[string]any{"type": "string",
		"description": "prose"}}}
	out := withoutProse(in, false).(map[string]any)
	properties := out["properties"].(map[string]any)
	if _, ok := out["description"]; ok || properties["description"] == nil || len(properties["description"].(map[string]any)) != 1 {
		t.Errorf("got %v", out)
	}
}
