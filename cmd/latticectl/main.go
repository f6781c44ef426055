// Command latticectl rehearses the project's deployment on this machine, and
// serves the twin of AWS and Kubernetes that the rehearsal runs on.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes.
const (
	exitFailed      = 1   // the rehearsal found a problem
	exitUsage       = 2   // the command could not start
	exitInterrupted = 130 // Ctrl-C
)

// errFailed is the error of a rehearsal that ran and found a problem, which it has
// printed.
var errFailed = errors.New("not ok")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root().ExecuteContext(ctx)
	stop()
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "latticectl: interrupted; nothing is left behind")
		os.Exit(exitInterrupted)
	case errors.Is(err, errFailed):
		os.Exit(exitFailed)
	case err != nil:
		fmt.Fprintln(os.Stderr, "latticectl:", err)
		os.Exit(exitUsage)
	}
}
