//go:build linux

package lab

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

// Lab is a world that is up.
type Lab struct {
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

// New builds the VPCs of a world and what AWS runs in them; pods are started
// one by one. Files go below dir.
func New(w *World, dir string, programs Programs) (*Lab, error) {
	cert, err := tls.X509KeyPair([]byte(w.Certificate), []byte(w.Key))
	if err != nil {
		return nil, fmt.Errorf("reading the services' certificate: %w", err)
	}
	l := &Lab{
		World: w, dir: dir, programs: programs, AppFiles: map[string]string{},
		Agents: map[string]*Agent{}, vpcs: map[string]*VPC{}, metadata: map[string]*metadata{},
		targets: map[string]*RunningPod{},
		issuer:  &issuer{}, silent: log.New(io.Discard, "", 0),
	}
	l.secrets.add(w.Key)
	l.Lattice = &Lattice{world: w, issuer: l.issuer, silent: l.silent, cert: &cert, idle: map[net.Conn]bool{}, dial: l.dialTarget}
	for i := range w.Services {
		w.Services[i].Address = fmt.Sprintf("169.254.171.%d", 32+i)
	}
	for _, p := range w.Pods {
		if l.vpcs[p.VPC] == nil {
			if err := l.addVPC(p.VPC); err != nil {
				l.Close()
				return nil, fmt.Errorf("building VPC %s: %w", p.VPC, err)
			}
		}
	}
	return l, nil
}

func (l *Lab) addVPC(id string) error {
	v, err := newVPC(id)
	if err != nil {
		return err
	}
	l.vpcs[id] = v
	l.Agents[id] = &Agent{issuer: l.issuer, pods: map[string]iam.Principal{}, served: map[string]int{}, lifetime: time.Hour}
	l.metadata[id] = &metadata{issuer: l.issuer, node: iam.Principal{
		ARN: "arn:aws:sts::" + l.World.Account + ":assumed-role/node/i-0", RoleARN: "arn:aws:iam::" + l.World.Account + ":role/node",
		Account: l.World.Account, Policies: []iam.Document{{Name: "all", Text: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`}},
	}}
	for address, h := range map[string]http.Handler{agentAddress: l.Agents[id], metadataAddress: l.metadata[id]} {
		listener, err := v.ns.Listen(address + ":80")
		if err != nil {
			return err
		}
		l.closers = append(l.closers, serve(listener, h, l.silent))
	}
	names := resolver{names: map[string]string{}, addresses: map[string]string{}}
	for _, z := range l.World.Zones {
		if slices.Contains(z.VPCs, id) {
			for name, target := range z.Names {
				names.names[strings.ToLower(name)+"."] = target + "."
			}
		}
	}
	for _, s := range l.World.Services {
		names.addresses[strings.ToLower(s.AssignedName)+"."] = s.Address
		if !slices.Contains(l.World.NetworkVPCs, id) {
			continue
		}
		if err := v.ns.AddAddress("lo", s.Address+"/32"); err != nil {
			return err
		}
		closers, err := l.Lattice.serve(v, s)
		if err != nil {
			return err
		}
		l.closers = append(l.closers, closers...)
	}
	closers, err := names.serve(v)
	l.closers = append(l.closers, closers...)
	return err
}

// dialTarget connects to the service's pod, for a path, from Lattice's side of
// its VPC.
func (l *Lab) dialTarget(ctx context.Context, s Service, path string) (net.Conn, error) {
	l.mu.Lock()
	target := l.targets[s.Target]
	l.mu.Unlock()
	if target == nil {
		return nil, fmt.Errorf("service %s has no healthy target", s.Name)
	}
	port := s.TargetPort
	if _, pattern := otherEnd().Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}}); pattern != "" {
		port = otherEndPort
	}
	return target.vpc.ns.DialContext(ctx, "tcp", fmt.Sprintf("%s:%d", target.Address, port))
}

// MetadataRequests are the requests that any VPC's instance metadata has seen.
func (l *Lab) MetadataRequests() []string {
	var all []string
	for id, m := range l.metadata {
		for _, r := range m.seen() {
			all = append(all, id+": "+r)
		}
	}
	return all
}

// Expire ends all sessions of a pod, whatever end they were announced with.
func (l *Lab) Expire(sessionARN string) { l.issuer.expire(sessionARN) }

// Leaks names the secrets that stand in any log of any pod, without showing them.
func (l *Lab) Leaks() ([]string, error) {
	needles := l.secrets.all()
	for _, c := range l.issuer.all() {
		needles = append(needles, c.SecretAccessKey, c.Token, c.AccessKeyID)
	}
	needles = append(needles, "AWS4-HMAC-SHA256", "PRIVATE KEY")
	logs, err := filepath.Glob(filepath.Join(l.dir, "*", "*.log"))
	if err != nil {
		return nil, err
	}
	if len(logs) == 0 {
		return nil, errors.New("there are no logs to look at")
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

// Close ends every process and lets go of every namespace.
func (l *Lab) Close() {
	for _, p := range l.pods {
		p.close()
	}
	for _, c := range l.closers {
		_ = c.Close()
	}
	for _, v := range l.vpcs {
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
