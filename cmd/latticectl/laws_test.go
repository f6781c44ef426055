package main

import (
	"bytes"
	"os"
	"testing"
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
