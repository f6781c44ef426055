//go:build linux

package harness

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// AppUID is the default user of applications.
const AppUID = 1000

// RunningPod is a pod with its own network, files and processes.
type RunningPod struct {
	Pod
	Address string
	// SessionARN is the pod's principal in AWS.
	SessionARN string

	harness *Harness
	vpc     *VPC
	ns      *Namespace
	link    link
	dir     string
	volumes map[string]volume
	app     *application

	mu       sync.Mutex
	sidecars map[string]*Running
	restarts int
	stopping bool
}

// StartPod does what the kubelet does: network, volumes, init containers one after
// another (sidecars must pass their startup probe), then the application. It
// returns when the application has started.
func (h *Harness) StartPod(ctx context.Context, p Pod) (*RunningPod, error) {
	vpc := h.vpcs[p.VPC]
	if vpc == nil {
		return nil, fmt.Errorf("pod %s is in VPC %q, which the harness does not have", p.Key(), p.VPC)
	}
	ns, err := NewNamespace()
	if err != nil {
		return nil, err
	}
	r := &RunningPod{
		Pod: p, harness: h, vpc: vpc, ns: ns,
		Address:  p.IP,
		dir:      filepath.Join(h.dir, strings.ReplaceAll(p.Key(), "/", "_")),
		volumes:  map[string]volume{},
		sidecars: map[string]*Running{},
	}
	if r.Address == "" {
		r.Address = fmt.Sprintf("10.0.255.%d", 10+vpc.pods)
	}
	h.mu.Lock()
	h.pods = append(h.pods, r)
	h.mu.Unlock()
	if r.link, err = vpc.attach(ns, r.Address); err != nil {
		return nil, fmt.Errorf("attaching pod %s: %w", p.Key(), err)
	}
	if err := r.link.enforce(p, h.World.NetworkPolicies[p.Cluster]); err != nil {
		return nil, err
	}
	if err := r.makeVolumes(); err != nil {
		return nil, fmt.Errorf("creating the volumes of pod %s: %w", p.Key(), err)
	}
	for _, c := range p.Spec.InitContainers {
		if err := r.startInit(ctx, c); err != nil {
			return nil, fmt.Errorf("init container %s of pod %s: %w", c.Name, p.Key(), err)
		}
	}
	for _, s := range h.World.Services {
		if s.Target != p.Key() {
			continue
		}
		if err := r.startApplication(ctx, s.TargetPort); err != nil {
			return nil, fmt.Errorf("starting the application of pod %s: %w", p.Key(), err)
		}
		h.mu.Lock()
		h.targets[p.Key()] = r
		h.mu.Unlock()
	}
	return r, nil
}

func (r *RunningPod) makeVolumes() error {
	token := "eyJ." + fmt.Sprintf("%x", random(64))
	r.harness.secrets.add(token)
	if r.Role != nil {
		principal := session(*r.Role, r.harness.World.Account, r.Pod)
		r.SessionARN = principal.ARN
		r.harness.Agents[r.VPC].register(token, principal)
	}
	for _, v := range r.Spec.Volumes {
		files := map[string]string{}
		switch {
		case v.ConfigMap != nil:
			data, ok := r.ConfigMaps[v.ConfigMap.Name]
			if !ok {
				return fmt.Errorf("MountVolume.SetUp failed for volume %q: configmap %q not found", v.Name, v.ConfigMap.Name)
			}
			maps.Copy(files, data)
		case v.Projected != nil:
			for _, s := range v.Projected.Sources {
				if s.ServiceAccountToken != nil {
					files[s.ServiceAccountToken.Path] = token
				}
			}
		default:
			continue
		}
		volume, err := newVolume(filepath.Join(r.dir, "volumes", v.Name), files)
		if err != nil {
			return err
		}
		r.volumes[v.Name] = volume
	}
	return nil
}

// UpdateConfigMap changes a ConfigMap's files in the running pod.
func (r *RunningPod) UpdateConfigMap(name string, data map[string]string) error {
	for _, v := range r.Spec.Volumes {
		if v.ConfigMap != nil && v.ConfigMap.Name == name {
			return r.volumes[v.Name].write(data)
		}
	}
	return fmt.Errorf("pod %s mounts no ConfigMap %s", r.Key(), name)
}

// process returns the process that a container's spec describes.
func (r *RunningPod) process(c Container) *process {
	sc := c.SecurityContext
	p := &process{
		Netns: r.ns.Path(), Hostname: r.Name,
		Argv: append(slices.Clone(c.Command), c.Args...),
		Env:  []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=" + r.Name},
		UID:  AppUID, GID: AppUID,
		Files: map[string]string{
			"etc/resolv.conf":   "nameserver " + resolverAddress + "\n",
			"etc/hosts":         "127.0.0.1 localhost\n" + r.Address + " " + r.Name + "\n",
			"etc/nsswitch.conf": "hosts: files dns\n",
			"etc/services":      "http 80/tcp\nhttps 443/tcp\n",
			"etc/passwd":        "root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n",
			"etc/group":         "root:x:0:\napp:x:1000:\n",
			"etc/app/ca.pem":    r.harness.World.Certificate, // includes the CA's
		},
		NoNewPrivs:   sc.AllowPrivilegeEscalation != nil && !*sc.AllowPrivilegeEscalation,
		ReadOnlyRoot: sc.ReadOnlyRootFilesystem != nil && *sc.ReadOnlyRootFilesystem,
	}
	maps.Copy(p.Files, r.harness.AppFiles)
	for _, e := range c.Env {
		p.Env = append(p.Env, e.Name+"="+e.Value)
	}
	if sc.RunAsUser != nil {
		p.UID, p.GID = *sc.RunAsUser, 0
	}
	if sc.RunAsGroup != nil {
		p.GID = *sc.RunAsGroup
	}
	if !slices.Contains(sc.Capabilities.Drop, "ALL") {
		p.Caps = slices.DeleteFunc(slices.Clone(defaultCaps), func(c string) bool { return slices.Contains(sc.Capabilities.Drop, c) })
	}
	p.Caps = append(p.Caps, sc.Capabilities.Add...)
	for _, m := range c.VolumeMounts {
		if v, ok := r.volumes[m.Name]; ok {
			p.Binds = append(p.Binds, bind{filepath.Join(v.dir, m.SubPath), m.MountPath})
		}
	}
	p.Binds = append(p.Binds, bind{r.harness.programs.Envoy, "/usr/local/bin/envoy"}, bind{r.harness.programs.App, "/usr/local/bin/demo-app"})
	return p
}

// As is the user and group of a command, if they differ from those of the spec.
type As struct{ UID, GID int }

// Exec runs a command in the pod's first container.
func (r *RunningPod) Exec(ctx context.Context, as *As, stdin io.Reader, argv ...string) (Result, error) {
	p := r.process(r.Spec.Containers[0])
	p.Argv = argv
	if as != nil {
		p.UID, p.GID = as.UID, as.GID
	}
	return p.run(ctx, r.dir, stdin)
}

// Client is an HTTP client in the pod's network that streams to a service, over
// HTTP/1.1 or HTTP/2 without TLS.
func (r *RunningPod) Client(s Service, http2 bool) *http.Client {
	p := new(http.Protocols)
	p.SetHTTP1(!http2)
	p.SetUnencryptedHTTP2(http2)
	return &http.Client{Transport: &http.Transport{
		Protocols: p, DisableCompression: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return r.ns.DialContext(ctx, network, s.Address+":80")
		},
	}}
}

// Dial connects to an address from the pod.
func (r *RunningPod) Dial(ctx context.Context, address string) (net.Conn, error) {
	return r.ns.DialContext(ctx, "tcp", address)
}

// DialFrom connects to a port of the pod from an address on the other side of its
// link, where its node, VPC Lattice and other hosts are.
func (r *RunningPod) DialFrom(ctx context.Context, source string, port int) (net.Conn, error) {
	if err := r.vpc.ns.AddAddress("lo", source+"/32"); err != nil {
		return nil, err
	}
	return r.vpc.ns.dialFrom(ctx, source, fmt.Sprintf("%s:%d", r.Address, port))
}

// Log returns what a sidecar has written so far.
func (r *RunningPod) Log(container string) string {
	b, err := os.ReadFile(filepath.Join(r.dir, container+".log"))
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// Eventually repeats f until it succeeds or the context ends.
func Eventually(ctx context.Context, f func() error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; last: %w", ctx.Err(), err)
		case <-tick.C:
		}
	}
}
