//go:build linux

package bench

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"eks-lattice/internal/sidecar"
	"eks-lattice/test/dataplane/harness"
)

//go:embed blueprint.yaml
var blueprintBootstrap string

//go:embed origin.yaml
var originBootstrap string

const (
	rounds   = 5 // the median of which counts
	duration = 5 * time.Second
	root     = "../../.."
)

func TestMain(m *testing.M) {
	harness.Contained()
	os.Exit(m.Run())
}

// variant is one way from the application to the service.
type variant struct {
	name string
	pod  *harness.RunningPod
	way  way
	base *variant // the same without a proxy
	// proxy is the measured process, nil without a proxy.
	proxy    *harness.Running
	rest     harness.Usage
	full     []load // as fast as it goes
	steady   []load // at a fixed rate
	peak     int    // KiB
	cpuPer   []time.Duration
	logBytes int
}

// way sends the loads of a variant.
type way interface {
	// ready makes one request, whose answer has to be right.
	ready(ctx context.Context) error
	asFastAsItGoes(ctx context.Context, b *testing.B) load
	atFixedRate(ctx context.Context, b *testing.B) load
}

func BenchmarkDataplane(b *testing.B) {
	if os.Geteuid() != 0 {
		b.Skip("needs root")
	}
	for _, program := range []string{"wrk", "curl", "xtables-nft-multi"} {
		if _, err := exec.LookPath(program); err != nil {
			b.Skipf("needs %s, see test/dataplane/setup.sh", program)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	w, err := harness.Load(rehearsed(b))
	require.NoError(b, err)
	for i := range w.Services {
		w.Services[i].Ports = nil // the origin answers instead
	}
	envoy, err := filepath.Abs(root + "/.cache/envoy/envoy/_bin/envoy")
	require.NoError(b, err)
	app, err := harness.BuildApp(root, b.TempDir())
	require.NoError(b, err)
	h, err := harness.New(w, b.TempDir(), harness.Programs{Envoy: envoy, App: app})
	require.NoError(b, err)
	h.AppFiles["etc/app/rate.lua"] = fmt.Sprintf("function delay() return math.random(0, %d) end\n", longestPause.Milliseconds())
	b.Cleanup(h.Close)

	service, err := w.Service("demo-cluster1")
	require.NoError(b, err)
	caller, err := w.Service("demo-cluster2")
	require.NoError(b, err)
	pod, err := w.Pod(caller.Target)
	require.NoError(b, err)
	_, err = h.StartInVPC(pod.VPC, "origin", map[string]string{
		"etc/origin/envoy.yaml": strings.ReplaceAll(originBootstrap, "ADDRESS", service.Address),
		"etc/origin/cert.pem":   w.Certificate, "etc/origin/key.pem": w.Key,
	}, "/usr/local/bin/envoy", "-c", "/etc/origin/envoy.yaml", "--disable-hot-restart", "-l", "warning", "--concurrency", "2")
	require.NoError(b, err)

	serveGRPC(b, h, pod.VPC, caller)

	without, with, blueprints := start(ctx, b, h, direct(pod)), start(ctx, b, h, pod), start(ctx, b, h, blueprint(pod, w.Region))
	tls := &variant{name: "TLS without a proxy", pod: without, way: wrk{without, "https://" + service.Host + "/direct"}}
	ofGRPC := pod
	ofGRPC.Name, ofGRPC.IP = "grpc", "" // a proxy of its own, whose use of memory is that of gRPC
	withGRPC := start(ctx, b, h, ofGRPC)
	tlsOfGRPC := &variant{name: "gRPC: TLS without a proxy", pod: without, way: grpcDirect(b, without, caller)}
	variants := []*variant{
		tls,
		{name: "this sidecar", base: tls, pod: with, way: wrk{with, "http://" + service.Host + "/"}},
		{name: "the blueprint's sidecar", base: tls, pod: blueprints, way: wrk{blueprints, "http://" + service.Host + "/"}},
		tlsOfGRPC,
		{name: "gRPC: this sidecar", base: tlsOfGRPC, pod: withGRPC, way: grpcThrough(b, withGRPC, caller)},
	}
	for _, v := range variants {
		v.ready(ctx, b)
	}
	for b.Loop() {
		for range rounds {
			for _, v := range variants {
				v.measure(ctx, b)
			}
		}
	}
	print(variants)
}

// rehearsed returns the path of the world, which the other tests load as well.
func rehearsed(b *testing.B) string {
	b.Helper()
	if path := os.Getenv("WORLD"); path != "" {
		return path
	}
	path := filepath.Join(b.TempDir(), "world.json")
	cmd := exec.Command(".cache/bin/latticectl", "rehearse", "--stacks", "test/dataplane/stacks", "--world", path)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.NoError(b, err, "rehearsing the world: %s", out)
	return path
}

func start(ctx context.Context, b *testing.B, h *harness.Harness, p harness.Pod) *harness.RunningPod {
	b.Helper()
	r, err := h.StartPod(ctx, p)
	require.NoError(b, err)
	return r
}

func direct(p harness.Pod) harness.Pod {
	p.Name, p.IP, p.Spec.InitContainers = "direct", "", nil
	return p
}

// blueprint is the pod with the blueprint's sidecar instead of this one: it
// redirects all traffic to VPC Lattice, runs as root and logs at level trace.
func blueprint(p harness.Pod, region string) harness.Pod {
	p.Name, p.IP = "blueprint", ""
	ca := sidecar.ConfigDir + "/" + sidecar.CAKey
	bootstrap := strings.NewReplacer("REGION", region, "CA", ca).Replace(blueprintBootstrap)
	p.ConfigMaps = map[string]map[string]string{sidecar.ConfigMapName: {
		sidecar.BootstrapKey: bootstrap,
		sidecar.RulesKey: "*nat\n-A OUTPUT -p tcp -d " + sidecar.LatticeCIDR + " -m owner ! --gid-owner 0 " +
			"-j REDIRECT --to-ports 8080\nCOMMIT\n",
		sidecar.CAKey: p.ConfigMaps[sidecar.ConfigMapName][sidecar.CAKey],
	}}
	p.Spec.InitContainers = slices.Clone(p.Spec.InitContainers)
	for i, c := range p.Spec.InitContainers {
		if c.Name == sidecar.ProxyContainerName {
			zero := 0
			// The harness's containers have no shared memory for a hot restart.
			c.Args = []string{"--disable-hot-restart", "-l", "trace", "-c", sidecar.ConfigDir + "/" + sidecar.BootstrapKey}
			c.SecurityContext = harness.SecurityContext{RunAsUser: &zero, RunAsGroup: &zero}
			c.StartupProbe = nil
			p.Spec.InitContainers[i] = c
		}
	}
	return p
}

// ready waits for the first successful answer, and then reads the memory at rest.
func (v *variant) ready(ctx context.Context, b *testing.B) {
	b.Helper()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	require.NoError(b, harness.Eventually(ctx, func() error { return v.way.ready(ctx) }), "%s: %s", v.name,
		v.pod.Log(sidecar.ProxyContainerName))
	if v.proxy = v.pod.Sidecar(sidecar.ProxyContainerName); v.proxy != nil {
		var err error
		v.rest, err = v.proxy.Usage()
		require.NoError(b, err)
	}
}

func (v *variant) measure(ctx context.Context, b *testing.B) {
	b.Helper()
	before := v.usage(b)
	full := v.way.asFastAsItGoes(ctx, b)
	v.full = append(v.full, full)
	v.cpuPer = append(v.cpuPer, (v.usage(b).CPU-before.CPU)/time.Duration(max(full.requests, 1)))
	v.steady = append(v.steady, v.way.atFixedRate(ctx, b))
	v.peak = v.usage(b).Peak
	v.logBytes = len(v.pod.Log(sidecar.ProxyContainerName))
}

func (v *variant) usage(b *testing.B) (u harness.Usage) {
	b.Helper()
	if v.proxy != nil {
		var err error
		u, err = v.proxy.Usage()
		require.NoError(b, err)
	}
	return u
}
