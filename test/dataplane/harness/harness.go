//go:build linux

package harness

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"eks-lattice/internal/twin/iam"
)

// Harness is a world whose data plane runs.
type Harness struct {
	World   *World
	Lattice *Lattice
	Agents  map[string]*Agent // by VPC
	// AppFiles are added to the root file system of every container.
	AppFiles map[string]string

	dir      string
	programs Programs
	vpcs     map[string]*VPC
	metadata map[string]*metadata
	issuer   *issuer
	secrets  secrets
	silent   *log.Logger
	closers  []io.Closer

	mu      sync.Mutex
	pods    []*RunningPod
	targets map[string]*RunningPod // pods whose application runs, by key
}

// Programs are the paths of what runs in pods.
type Programs struct {
	Envoy string
	App   string // examples/demo-app
}

// New builds the VPCs of a world and what AWS runs in them, with files below dir.
// StartPod starts the pods.
func New(w *World, dir string, programs Programs) (*Harness, error) {
	cert, err := tls.X509KeyPair([]byte(w.Certificate), []byte(w.Key))
	if err != nil {
		return nil, fmt.Errorf("reading the services' certificate: %w", err)
	}
	h := &Harness{
		World: w, dir: dir, programs: programs, AppFiles: map[string]string{},
		Agents: map[string]*Agent{}, vpcs: map[string]*VPC{}, metadata: map[string]*metadata{},
		targets: map[string]*RunningPod{},
		issuer:  &issuer{}, silent: log.New(io.Discard, "", 0),
	}
	h.secrets.add(w.Key)
	h.Lattice = &Lattice{world: w, issuer: h.issuer, silent: h.silent, cert: &cert, idle: map[net.Conn]bool{}, dial: h.dialTarget}
	for i := range w.Services {
		w.Services[i].Address = fmt.Sprintf("169.254.171.%d", 32+i)
	}
	for _, p := range w.Pods {
		if h.vpcs[p.VPC] == nil {
			if err := h.addVPC(p.VPC); err != nil {
				h.Close()
				return nil, fmt.Errorf("building VPC %s: %w", p.VPC, err)
			}
		}
	}
	return h, nil
}

func (h *Harness) addVPC(id string) error {
	v, err := newVPC(id)
	if err != nil {
		return err
	}
	h.vpcs[id] = v
	h.Agents[id] = &Agent{issuer: h.issuer, pods: map[string]iam.Principal{}, served: map[string]int{}, lifetime: time.Hour}
	h.metadata[id] = &metadata{issuer: h.issuer, node: iam.Principal{
		ARN: "arn:aws:sts::" + h.World.Account + ":assumed-role/node/i-0", RoleARN: "arn:aws:iam::" + h.World.Account + ":role/node",
		Account: h.World.Account, Policies: []iam.Document{{
			Name: "all", Text: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
		}},
	}}
	for address, handler := range map[string]http.Handler{agentAddress: h.Agents[id], metadataAddress: h.metadata[id]} {
		listener, err := v.ns.Listen(address + ":80")
		if err != nil {
			return err
		}
		h.closers = append(h.closers, serve(listener, handler, h.silent))
	}
	names := resolver{names: map[string]string{}, addresses: map[string]string{}}
	for _, z := range h.World.Zones {
		if slices.Contains(z.VPCs, id) {
			for name, target := range z.Names {
				names.names[strings.ToLower(name)+"."] = target + "."
			}
		}
	}
	for _, s := range h.World.Services {
		names.addresses[strings.ToLower(s.AssignedName)+"."] = s.Address
		if !slices.Contains(h.World.NetworkVPCs, id) {
			continue
		}
		if err := v.ns.AddAddress("lo", s.Address+"/32"); err != nil {
			return err
		}
		closers, err := h.Lattice.serve(v, s)
		if err != nil {
			return err
		}
		h.closers = append(h.closers, closers...)
	}
	closers, err := names.serve(v)
	h.closers = append(h.closers, closers...)
	return err
}

// dialTarget connects to the service's pod from VPC Lattice's side of its VPC.
// For the paths of the harness's own servers it connects inside the pod: these
// servers run beside the application, and no policy admits their ports.
func (h *Harness) dialTarget(ctx context.Context, s Service, path string) (net.Conn, error) {
	h.mu.Lock()
	target := h.targets[s.Target]
	h.mu.Unlock()
	if target == nil {
		return nil, fmt.Errorf("service %s has no healthy target", s.Name)
	}
	if strings.HasPrefix(path, grpcMethods) {
		return target.ns.DialContext(ctx, "tcp", grpcAddress)
	}
	if _, pattern := otherEnd().Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}}); pattern != "" {
		return target.ns.DialContext(ctx, "tcp", otherEndAddress)
	}
	return target.DialFrom(ctx, latticeAddress, s.TargetPort)
}

// SetNetworkPolicies replaces the policies of a cluster, also for running pods.
func (h *Harness) SetNetworkPolicies(cluster string, policies []NetworkPolicy) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.World.NetworkPolicies[cluster] = policies
	for _, p := range h.pods {
		if p.Cluster != cluster {
			continue
		}
		if err := p.link.enforce(p.Pod, policies); err != nil {
			return err
		}
	}
	return nil
}

// MetadataRequests returns the requests to the instance metadata of all VPCs.
func (h *Harness) MetadataRequests() []string {
	var all []string
	for id, m := range h.metadata {
		for _, r := range m.seen() {
			all = append(all, id+": "+r)
		}
	}
	return all
}

// Expire ends all sessions of a pod before their time.
func (h *Harness) Expire(sessionARN string) { h.issuer.expire(sessionARN) }

// Leaks reports the secrets in the logs of all pods, without showing them.
func (h *Harness) Leaks() ([]string, error) {
	needles := h.secrets.all()
	for _, c := range h.issuer.all() {
		needles = append(needles, c.SecretAccessKey, c.Token, c.AccessKeyID)
	}
	needles = append(needles, "AWS4-HMAC-SHA256", "PRIVATE KEY")
	logs, err := filepath.Glob(filepath.Join(h.dir, "*", "*.log"))
	if err != nil {
		return nil, err
	}
	if len(logs) == 0 {
		return nil, errors.New("no pod has a log")
	}
	var found []string
	for _, path := range logs {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for _, n := range needles {
			if strings.Contains(string(content), n) {
				found = append(found, fmt.Sprintf("%s holds a secret that starts with %.6q", filepath.Base(path), n))
			}
		}
	}
	return found, nil
}

// Close ends all processes and deletes all namespaces.
func (h *Harness) Close() {
	for _, p := range h.pods {
		p.close()
	}
	for _, c := range h.closers {
		_ = c.Close()
	}
	for _, v := range h.vpcs {
		v.ns.Close()
	}
}

type secrets struct {
	mu   sync.Mutex
	list []string
}

func (s *secrets) add(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, secret)
}

func (s *secrets) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.list...)
}
