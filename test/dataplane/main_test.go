//go:build linux

package dataplane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"eks-lattice/test/dataplane/harness"
)

// limit bounds each test. Only a failing test waits that long.
const limit = time.Minute

func TestMain(m *testing.M) {
	harness.Contained()
	if missing := prerequisites(); missing != nil {
		fmt.Fprintf(os.Stderr, "\n*** THE DATA PLANE SUITE DID NOT RUN. It lacks:\n%s\n", indent(missing))
		fmt.Fprint(os.Stderr, "*** test/dataplane/setup.sh installs what a package manager can.\n\n")
		if os.Getenv("CI") == "true" {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(run(m))
}

// run runs the tests, whose files are all below one folder: the rehearsed world
// has private keys, so an interrupt deletes them as well.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "dataplane-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }() // it is in the machine's folder for temporary files
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		_ = os.RemoveAll(dir)
		os.Exit(1)
	}()
	if err := prepare(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// prepare creates what all tests share.
func prepare(dir string) (err error) {
	if err = os.Setenv("TMPDIR", dir); err != nil {
		return err
	}
	if demoApp, err = harness.BuildApp("../..", dir); err != nil {
		return err
	}
	return rehearse(dir)
}

// demoApp is the path of the demo application's program.
var demoApp string

func indent(err error) string {
	return "***   - " + strings.ReplaceAll(err.Error(), "\n", "\n***   - ")
}

func envoyBinary() string {
	if path := os.Getenv("ENVOY"); path != "" {
		return path
	}
	path, err := filepath.Abs("../../.cache/envoy/envoy/_bin/envoy")
	if err != nil {
		return err.Error()
	}
	return path
}

func prerequisites() error {
	var missing []error
	if os.Geteuid() != 0 {
		missing = append(missing, errors.New("root: the suite creates network namespaces and changes users"))
	} else if ns, err := harness.NewNamespace(); err != nil {
		missing = append(missing, fmt.Errorf("network namespaces: %w", err))
	} else {
		if err := rulesWork(ns); err != nil {
			missing = append(missing, err)
		}
		ns.Close()
	}
	for program, pkg := range map[string]string{"curl": "curl", "xtables-nft-multi": "iptables"} {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, fmt.Errorf("%s (package %s)", program, pkg))
		}
	}
	if info, err := os.Stat(envoyBinary()); err != nil || info.Mode()&0o111 == 0 {
		missing = append(missing, fmt.Errorf("an executable Envoy at %s (or at $ENVOY)", envoyBinary()))
	}
	if _, err := os.Stat("../../" + latticectl); err != nil && os.Getenv("WORLD") == "" {
		missing = append(missing, fmt.Errorf("%s, which rehearses the world (or a rehearsed one at $WORLD): make tools build", latticectl))
	}
	return errors.Join(missing...)
}

// rulesWork tries what the rules need from the kernel.
func rulesWork(ns *harness.Namespace) error {
	if _, err := exec.LookPath("xtables-nft-multi"); err != nil {
		return nil // reported with the other programs
	}
	return ns.Do(func() error {
		for what, rule := range map[string]string{
			"redirect by owner":      "-t nat -A OUTPUT -p tcp -m owner --uid-owner 1 -j REDIRECT --to-ports 1",
			"know connections again": "-t mangle -A POSTROUTING -m conntrack --ctstate ESTABLISHED -j ACCEPT",
		} {
			out, err := exec.Command("xtables-nft-multi", append([]string{"iptables"}, strings.Fields(rule)...)...).CombinedOutput()
			if err != nil {
				return fmt.Errorf("a kernel whose nftables %s: %s", what, strings.TrimSpace(string(out)))
			}
		}
		return nil
	})
}

// testbed is the harness of one test with the pods of the demo applications running.
type testbed struct {
	*harness.Harness
	ctx   context.Context
	demos []harness.Service              // of the demo applications
	pods  map[string]*harness.RunningPod // of the demo applications, by cluster
	// leaky is set by the test that expects secrets in a log.
	leaky bool
}

// up builds the world and starts the pods of the demo applications.
func up(t *testing.T) *testbed {
	t.Helper()
	w := loadWorld(t)
	h, err := harness.New(w, t.TempDir(), harness.Programs{Envoy: envoyBinary(), App: demoApp})
	require.NoError(t, err)
	t.Cleanup(h.Close)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	b := &testbed{Harness: h, ctx: ctx, pods: map[string]*harness.RunningPod{}}
	for _, app := range []string{"demo-cluster1", "demo-cluster2"} {
		s, pod := b.startApp(t, app)
		b.demos, b.pods[pod.Cluster] = append(b.demos, s), pod
	}
	t.Cleanup(func() {
		if t.Failed() {
			for _, p := range b.pods {
				t.Logf("log of %s:\n%s", p.Key(), p.Log("envoy-sigv4"))
			}
		}
		// In no test does a log contain a secret, or anything ask for the node's
		// credentials.
		leaks, err := h.Leaks()
		require.NoError(t, err)
		if !b.leaky {
			require.Empty(t, leaks)
		}
		require.Empty(t, h.MetadataRequests(), "the instance metadata got requests")
	})
	return b
}

func (b *testbed) startApp(t *testing.T, app string) (harness.Service, *harness.RunningPod) {
	t.Helper()
	s, err := b.World.Service(app)
	require.NoError(t, err)
	p, err := b.World.Pod(s.Target)
	require.NoError(t, err)
	return s, b.start(t, p)
}

func (b *testbed) start(t *testing.T, p harness.Pod) *harness.RunningPod {
	t.Helper()
	r, err := b.StartPod(b.ctx, p)
	require.NoError(t, err)
	return r
}

// curl runs curl as the application, and returns body and status.
func (b *testbed) curl(t *testing.T, p *harness.RunningPod, args ...string) (body string, status string) {
	t.Helper()
	return b.curlAs(t, p, nil, args...)
}

func (b *testbed) curlAs(t *testing.T, p *harness.RunningPod, as *harness.As, args ...string) (body string, status string) {
	t.Helper()
	argv := append([]string{"curl", "-sS", "-w", "\n%{http_code}"}, args...)
	r, err := p.Exec(b.ctx, as, nil, argv...)
	require.NoError(t, err)
	i := strings.LastIndex(r.Stdout, "\n")
	require.GreaterOrEqual(t, i, 0, "curl wrote %q %q", r.Stdout, r.Stderr)
	if r.Code != 0 {
		return r.Stderr, fmt.Sprintf("curl exit code %d", r.Code)
	}
	return r.Stdout[:i], r.Stdout[i+1:]
}

// seen returns the only request for a path that VPC Lattice received.
func (b *testbed) seen(t *testing.T, part string) harness.Seen {
	t.Helper()
	all := b.Lattice.Seen(part)
	require.Len(t, all, 1, "requests for %s at VPC Lattice", part)
	return all[0]
}
