// Command latticectl rehearses the project's deployment on this machine, checks an
// account before the first one, and serves the twin of AWS and Kubernetes that the
// rehearsal runs on.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"eks-lattice/cmd/latticectl/internal/rehearsal"
)

// Exit codes.
const (
	exitFailed      = 1   // the rehearsal or preflight found a problem
	exitUsage       = 2   // the command could not start
	exitInterrupted = 130 // Ctrl-C
)

var (
	// errFailed is the error of a command that ran and found a problem, which it
	// has printed.
	errFailed = errors.New("not ok")
	// errStuck is the error of a command that did not end after a signal.
	errStuck = errors.New("the command did not end")
)

// patience is how long a command may take to clean up after a signal.
const patience = 30 * time.Second

func main() {
	// The signals stay caught: a second Ctrl-C would stop the clean-up.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ended := make(chan error, 1)
	go func() { ended <- root().ExecuteContext(ctx) }()
	err := await(ctx, ended, patience)
	stop()
	os.Exit(conclude(os.Stderr, err))
}

// await returns the command's error, or errStuck if the command has not ended some
// time after ctx.
func await(ctx context.Context, ended <-chan error, patience time.Duration) error {
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		return errStuck
	}
}

// conclude prints how a command ended and returns the exit code.
func conclude(w io.Writer, err error) int {
	out := func(what ...any) { _, _ = fmt.Fprintln(w, append([]any{"latticectl:"}, what...)...) }
	var left *rehearsal.LeftError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errStuck):
		out("interrupted;", err, "and may leave processes and folders behind, which the next rehearsal deletes")
		return exitInterrupted
	case errors.Is(err, context.Canceled) && errors.As(err, &left):
		out("interrupted;", left)
		return exitInterrupted
	case errors.Is(err, context.Canceled):
		out("interrupted; nothing is left behind")
		return exitInterrupted
	case errors.Is(err, errFailed):
		return exitFailed
	}
	out(err)
	return exitUsage
}
