package main

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"eks-lattice/internal/twin/law"
)

func TestPageOfLawsIsCurrent(t *testing.T) {
	t.Parallel()
	var want bytes.Buffer
	if err := writeLaws(&want); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/twin.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("docs/twin.md is not what the laws say; run `make docs`")
	}
}

func TestLawsAsJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := writeLawsJSON(&out); err != nil {
		t.Fatal(err)
	}
	var laws []map[string]string
	if err := json.Unmarshal(out.Bytes(), &laws); err != nil {
		t.Fatal(err)
	}
	if len(laws) != len(law.All()) {
		t.Errorf("%d laws, want %d", len(laws), len(law.All()))
	}
	for _, l := range laws {
		for _, key := range []string{"id", "group", "sentence", "source", "package"} {
			if l[key] == "" {
				t.Errorf("%v has no %s", l, key)
			}
		}
	}
}
