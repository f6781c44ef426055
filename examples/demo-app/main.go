// Command demo-app is the application of the walk-through: it answers on port
// 8090 with the name of its pod and the text of its variable PodName.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

const (
	address = ":8090"
	// lastAnswers is how long requests that are under way may take once the
	// server was told to stop. Kubernetes kills the pod some time after that.
	lastAnswers = 30 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	pod, err := os.Hostname() // which Kubernetes makes the pod's name
	if err != nil {
		return fmt.Errorf("reading the pod's name: %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	return serve(ctx, listener, newHandler(pod, os.Getenv("PodName")))
}

// serve answers until ctx ends, and then what is under way.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	rest, cancel := context.WithTimeout(context.Background(), lastAnswers)
	defer cancel()
	if err := server.Shutdown(rest); err != nil {
		return fmt.Errorf("stopping: %w", err)
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}

// newHandler has the paths, and the words, of the server that the Terraform
// blueprint deploys ("Requsting" is its spelling).
func newHandler(pod, greeting string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeln(w, fmt.Sprintf("Requsting to Pod(%s): %s", pod, greeting))
	})
	mux.HandleFunc("/hello", func(w http.ResponseWriter, _ *http.Request) { writeln(w, "hello") })
	mux.HandleFunc("/headers", func(w http.ResponseWriter, r *http.Request) {
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			if secret[name] {
				continue
			}
			for _, value := range r.Header[name] {
				writeln(w, name+": "+value)
			}
		}
	})
	return mux
}

// secret are the headers of a signed request that nobody else should read.
var secret = map[string]bool{"Authorization": true, "X-Amz-Security-Token": true}

func writeln(w http.ResponseWriter, line string) {
	_, _ = fmt.Fprintln(w, line) // who does not read to the end is gone
}
