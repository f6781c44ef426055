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

	"google.golang.org/grpc"
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

// application is the program of a pod's first container, and the harness's servers
// beside it.
type application struct {
	*Running
	otherEnd io.Closer
	grpc     *grpc.Server
	calls    *grpcServer
}

// serve starts the harness's servers.
func (a *application) serve(r *RunningPod) error {
	listener, err := r.ns.Listen(otherEndAddress)
	if err != nil {
		return err
	}
	a.otherEnd = serve(listener, otherEnd(), r.harness.silent)
	if listener, err = r.ns.Listen(grpcAddress); err != nil {
		return errors.Join(err, a.otherEnd.Close())
	}
	a.calls = &grpcServer{ended: make(chan error, 1)}
	a.grpc = a.calls.serve(listener)
	return nil
}

// close ends the harness's servers.
func (a *application) close() error {
	a.grpc.Stop()
	return a.otherEnd.Close()
}

// startApplication runs what the demo image runs, and waits until VPC Lattice
// finds it healthy.
func (r *RunningPod) startApplication(ctx context.Context, port int) error {
	app := &application{}
	if err := app.serve(r); err != nil {
		return err
	}
	container := r.Spec.Containers[0]
	p := r.process(container)
	p.Argv = []string{"/usr/local/bin/demo-app"} // the image's entry point
	program, err := p.start(r.dir, container.Name+".log")
	if err != nil {
		return errors.Join(err, app.close())
	}
	app.Running = program
	r.app = app
	return Eventually(ctx, func() error { return r.HealthCheck(ctx, port) })
}

// HealthCheck sends the health check that VPC Lattice sends by default.
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

// stop ends the program, which must exit with code 0.
func (a *application) stop(ctx context.Context) error {
	err := a.Signal(syscall.SIGTERM)
	code, werr := a.Wait(ctx)
	if werr == nil && code != 0 {
		werr = fmt.Errorf("the application ended with code %d", code)
	}
	return errors.Join(err, werr, a.close())
}
