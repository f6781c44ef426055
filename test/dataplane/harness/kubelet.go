//go:build linux

package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"syscall"
	"time"
)

func (r *RunningPod) startInit(ctx context.Context, c Container) error {
	if c.RestartPolicy != "Always" {
		res, err := r.process(c).run(ctx, r.dir, nil)
		if err == nil && res.Code != 0 {
			err = fmt.Errorf("exit code %d: %s%s", res.Code, res.Stdout, res.Stderr)
		}
		return err
	}
	if err := r.startSidecar(c); err != nil {
		return err
	}
	if c.StartupProbe == nil {
		return nil
	}
	return Eventually(ctx, func() error { return r.Probe(*c.StartupProbe) })
}

// RunInit runs an init container again, as the kubelet does for a new pod sandbox.
func (r *RunningPod) RunInit(ctx context.Context, name string) error {
	for _, c := range r.Spec.InitContainers {
		if c.Name == name {
			return r.startInit(ctx, c)
		}
	}
	return fmt.Errorf("pod %s has no init container %s", r.Key(), name)
}

// Listen listens on an address of the pod.
func (r *RunningPod) Listen(address string) (net.Listener, error) { return r.ns.Listen(address) }

// crashLoop is the maximum number of restarts of a sidecar.
const crashLoop = 5

// startSidecar starts a sidecar, and restarts it when it ends until the pod stops.
func (r *RunningPod) startSidecar(c Container) error {
	proc, err := r.process(c).start(r.dir, c.Name+".log")
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sidecars[c.Name] = proc
	go func() {
		<-proc.Done()
		r.mu.Lock()
		r.restarts++
		again := !r.stopping && r.restarts <= crashLoop
		r.mu.Unlock()
		if again {
			_ = r.startSidecar(c) // a pod without it fails its tests
		}
	}()
	return nil
}

// Sidecar returns the running process of a native sidecar.
func (r *RunningPod) Sidecar(name string) *Running {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sidecars[name]
}

// Probe sends a probe as the kubelet does: from the node to the pod's address.
func (r *RunningPod) Probe(p Probe) error {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DialContext: r.vpc.ns.DialContext, DisableKeepAlives: true}}
	resp, err := client.Get(fmt.Sprintf("http://%s:%d%s", r.Address, p.HTTPGet.Port, p.HTTPGet.Path))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode >= 400 {
		return fmt.Errorf("HTTP probe failed with statuscode: %d", resp.StatusCode)
	}
	return nil
}

// Stop ends the pod as the kubelet does: first the application, and then the
// native sidecars
// (https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#differences-from-application-containers).
func (r *RunningPod) Stop(ctx context.Context, untilAppEnded func() error) error {
	err := untilAppEnded()
	if r.app != nil {
		err = errors.Join(err, r.app.stop(ctx))
	}
	r.mu.Lock()
	r.stopping = true
	sidecars := slices.Collect(maps.Values(r.sidecars))
	r.mu.Unlock()
	for _, s := range sidecars {
		err = errors.Join(err, s.Signal(syscall.SIGTERM))
		if _, werr := s.Wait(ctx); werr != nil {
			err = errors.Join(err, werr)
		}
	}
	return err
}

func (r *RunningPod) close() {
	r.mu.Lock()
	r.stopping = true
	r.mu.Unlock()
	if r.app != nil {
		r.app.kill()
		_ = r.app.close()
	}
	for _, s := range r.sidecars {
		s.kill()
	}
	r.ns.Close()
}
