package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"eks-lattice/cmd/latticectl/internal/rehearsal"
)

// A command that does not end after a signal is given up.
func TestAwait(t *testing.T) {
	t.Parallel()
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan error, 1)
	if err := await(interrupted, done, time.Nanosecond); !errors.Is(err, errStuck) {
		t.Errorf("a command that does not end: %v", err)
	}
	done <- errFailed
	if err := await(interrupted, done, time.Hour); !errors.Is(err, errFailed) {
		t.Errorf("a command that ends after the signal: %v", err)
	}
	done <- nil
	if err := await(t.Context(), done, 0); err != nil {
		t.Errorf("a command without a signal: %v", err)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	left := &rehearsal.LeftError{Err: errors.New("process 123 (node)")}
	for _, tt := range []struct {
		err  error
		code int
		says string
	}{
		{nil, 0, ""},
		{errFailed, 1, ""},
		{errors.New("no Pulumi.yaml"), 2, "latticectl: no Pulumi.yaml\n"},
		{context.Canceled, 130, "latticectl: interrupted; nothing is left behind\n"},
		{fmt.Errorf("stopped: %w", errors.Join(context.Canceled, left)), 130, "latticectl: interrupted; left behind: process 123 (node)\n"},
		{errStuck, 130, "latticectl: interrupted; the command did not end and may leave processes and folders behind, " +
			"which the next rehearsal deletes\n"},
	} {
		var out bytes.Buffer
		if code := conclude(&out, tt.err); code != tt.code || out.String() != tt.says {
			t.Errorf("%v: exit code %d with %q, want %d with %q", tt.err, code, out.String(), tt.code, tt.says)
		}
	}
}
