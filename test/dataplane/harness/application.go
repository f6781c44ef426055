//go:build linux

package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// BuildApp compiles the demo application of the project in a folder, and
// returns the program's path below dir.
func BuildApp(project, dir string) (string, error) {
	program := filepath.Join(dir, "demo-app")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = filepath.Join(project, "examples", "demo-app")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the demo application: %w\n%s", err, out)
	}
	return program, nil
}

// application is the program of a pod's first container, and the harness's server
// beside it.
type application struct {
	*Running
	otherEnd io.Closer
}

// startApplication runs what the demo image runs, and waits until VPC Lattice
// finds it healthy.
func (r *RunningPod) startApplication(ctx context.Context, port int) error {
	listener, err := r.ns.Listen(otherEndAddress)
	if err != nil {
		return err
	}
	other := serve(listener, otherEnd(), r.harness.silent)
	container := r.Spec.Containers[0]
	p := r.process(container)
	p.Argv = []string{"/usr/local/bin/demo-app"} // the image's entry point
	program, err := p.start(r.dir, container.Name+".log")
	if err != nil {
		return errors.Join(err, other.Close())
	}
	r.app = &application{program, other}
	return Eventually(ctx, func() error { return r.HealthCheck(ctx, port) })
}

// HealthCheck asks as VPC Lattice does unless it is told otherwise.
// https://docs.aws.amazon.com/vpc-lattice/latest/ug/target-group-health-checks.html
func (r *RunningPod) HealthCheck(ctx context.Context, port int) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s:%d/", r.Address, port), nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return r.DialFrom(ctx, latticeAddress, port) },
		DisableKeepAlives: true,
	}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("health check failed with status %d", resp.StatusCode)
	}
	return nil
}

// stop asks the program to end, which it does well.
func (a *application) stop(ctx context.Context) error {
	err := a.Signal(syscall.SIGTERM)
	code, werr := a.Wait(ctx)
	if werr == nil && code != 0 {
		werr = fmt.Errorf("the application ended with code %d", code)
	}
	return errors.Join(err, werr, a.otherEnd.Close())
}
