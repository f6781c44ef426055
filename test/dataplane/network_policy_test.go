//go:build linux

package dataplane

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"eks-lattice/internal/sidecar"
	"eks-lattice/test/dataplane/harness"
)

// dropTimeout is how long a test waits for a connection whose packets should be
// dropped.
const dropTimeout = 500 * time.Millisecond

// dial opens one connection.
type dial func(ctx context.Context) (net.Conn, error)

// passes fails unless a server answers on the connection.
func passes(ctx context.Context, t *testing.T, d dial, path string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return d(ctx) },
		DisableKeepAlives: true,
	}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://pod"+path, nil)
	require.NoError(t, err)
	resp, err := client.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// isDropped fails unless the other end does not answer at all.
func isDropped(ctx context.Context, t *testing.T, d dial) {
	t.Helper()
	short, cancel := context.WithTimeout(ctx, dropTimeout)
	defer cancel()
	conn, err := d(short)
	if err == nil {
		_ = conn.Close()
		t.Fatal("the connection was opened")
	}
	require.NoError(t, ctx.Err(), "the test itself has run out of time")
	var netErr net.Error
	require.True(t, errors.As(err, &netErr) && netErr.Timeout(), "answered instead of dropped: %v", err)
}

// The policy of an application blocks calls that bypass VPC Lattice, and so IAM.
// The rehearsed world has the policy that the program sent to the API server.
func TestNetworkPolicyAdmitsOnlyVPCLattice(t *testing.T) {
	t.Parallel()
	b := up(t)
	_, s := b.pair()
	target := b.target(s)
	_, open := b.startApp(t, "open-cluster2") // its directAccess is true
	neighbour := b.like(t, target, "neighbour", plain)
	sibling := b.like(t, target, "sibling", func(*harness.Pod) {})
	app, ready := s.TargetPort, sidecar.ReadyPort
	from := func(source string, port int) dial {
		return func(ctx context.Context) (net.Conn, error) { return target.DialFrom(ctx, source, port) }
	}
	to := func(caller, pod *harness.RunningPod, port int) dial {
		return func(ctx context.Context) (net.Conn, error) {
			return caller.Dial(ctx, fmt.Sprintf("%s:%d", pod.Address, port))
		}
	}
	for _, c := range []struct {
		name     string
		dial     dial
		path     string
		admitted bool
	}{
		{"VPC Lattice's link-local range", from("169.254.171.7", app), "/", true},
		{"VPC Lattice's public range", from("129.224.10.7", app), "/", true},
		{"the kubelet's probe of the proxy", from("10.0.255.1", ready), sidecar.ReadyPath, true},
		{"another pod, to an application with directAccess", to(neighbour, open, app), "/", true},
		{"another pod", to(neighbour, target, app), "/", false},
		{"a pod of the same application", to(sibling, target, app), "/", false},
		{"another host of the VPC", from("10.0.255.2", app), "/", false},
		{"a link-local address next to VPC Lattice's", from("169.254.172.7", app), "/", false},
		{"another pod, another port", to(neighbour, target, ready), sidecar.ReadyPath, false},
		{"VPC Lattice, another port", from("169.254.171.7", ready), sidecar.ReadyPath, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.admitted {
				passes(b.ctx, t, c.dial, c.path)
				return
			}
			isDropped(b.ctx, t, c.dial)
			policies := b.World.NetworkPolicies[target.Cluster]
			require.NoError(t, b.SetNetworkPolicies(target.Cluster, nil))
			passes(b.ctx, t, c.dial, c.path) // nothing else blocks it
			require.NoError(t, b.SetNetworkPolicies(target.Cluster, policies))
		})
	}
	t.Run("VPC Lattice's health check", func(t *testing.T) {
		require.NoError(t, target.HealthCheck(b.ctx, app))
	})
	t.Run("a signed call by name", func(t *testing.T) {
		for _, pod := range b.pods {
			for _, other := range b.demos {
				if b.target(other) != pod {
					body, status := b.curl(t, pod, "http://"+other.Host+"/hello")
					require.Equal(t, "200", status, body)
				}
			}
		}
	})
	t.Run("what the application calls itself", func(t *testing.T) {
		passes(b.ctx, t, to(target, open, app), "/")
	})
}

// The stand-in for the agent enforces what Kubernetes documents.
// https://kubernetes.io/docs/concepts/services-networking/network-policies/
func TestNetworkPolicySemantics(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, _ := b.pair()
	pod := b.like(t, caller, "pod", plain)
	peer := b.like(t, caller, "peer", func(p *harness.Pod) {
		plain(p)
		p.Namespace = "elsewhere"
	})
	for _, l := range []struct {
		pod  *harness.RunningPod
		port int
	}{{pod, 8090}, {pod, 8091}, {peer, 8090}} {
		listener, err := l.pod.Listen(fmt.Sprintf("0.0.0.0:%d", l.port))
		require.NoError(t, err)
		server := &http.Server{ReadHeaderTimeout: limit, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
		go func() { _ = server.Serve(listener) }() // ends with Close
		t.Cleanup(func() { _ = server.Close() })
	}
	out := func(ctx context.Context) (net.Conn, error) { return pod.Dial(ctx, peer.Address+":8090") }
	in := func(source string, port int) dial {
		return func(ctx context.Context) (net.Conn, error) { return pod.DialFrom(ctx, source, port) }
	}
	near, far := in("10.2.0.7", 8090), in("192.0.2.7", 8090)
	for name, c := range map[string]struct {
		namespace       string
		policies        []string
		passed, dropped []dial
	}{
		"none": {policies: nil, passed: []dial{near, far, out}},
		"ingress without a rule": {policies: []string{`{"podSelector": {}, "policyTypes": ["Ingress"]}`},
			passed: []dial{out, in("10.0.255.1", 8090)}, dropped: []dial{near}},
		"no policy type": {policies: []string{`{"podSelector": {}}`}, passed: []dial{out}, dropped: []dial{near}},
		"egress without a rule": {policies: []string{`{"podSelector": {}, "policyTypes": ["Egress"]}`},
			passed: []dial{near}, dropped: []dial{out}},
		"a rule without peers and ports": {policies: []string{`{"podSelector": {}, "ingress": [{}]}`}, passed: []dial{near, far}},
		"a network with an exception": {policies: []string{`{"podSelector": {}, "ingress": [{"from": [
			{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}]}`},
			passed: []dial{near}, dropped: []dial{in("10.1.0.7", 8090), far}},
		"a range of ports": {policies: []string{`{"podSelector": {}, "ingress": [{"ports": [{"port": 8091, "endPort": 8099}]}]}`},
			passed: []dial{in("10.2.0.7", 8091)}, dropped: []dial{near}},
		"another protocol": {policies: []string{`{"podSelector": {}, "ingress": [{"ports": [{"protocol": "UDP"}]}]}`}, dropped: []dial{near}},
		"two policies": {policies: []string{`{"podSelector": {}, "policyTypes": ["Ingress"]}`,
			`{"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.2.0.0/16"}}]}]}`}, passed: []dial{near}, dropped: []dial{far}},
		"egress to a network": {policies: []string{`{"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": "10.0.255.0/24"}}]}],
			"policyTypes": ["Egress"]}`}, passed: []dial{out}},
		"other labels":      {policies: []string{`{"podSelector": {"matchLabels": {"app": "other"}}}`}, passed: []dial{near}},
		"another namespace": {namespace: "other", policies: []string{`{"podSelector": {}}`}, passed: []dial{near}},
	} {
		t.Run(name, func(t *testing.T) {
			var policies []harness.NetworkPolicy
			for _, text := range c.policies {
				p := harness.NetworkPolicy{Namespace: cmp.Or(c.namespace, pod.Namespace)}
				require.NoError(t, json.Unmarshal([]byte(text), &p.Spec))
				policies = append(policies, p)
			}
			require.NoError(t, b.SetNetworkPolicies(pod.Cluster, policies))
			for _, d := range c.passed {
				passes(b.ctx, t, d, "/")
			}
			for _, d := range c.dropped {
				isDropped(b.ctx, t, d)
			}
		})
	}
}

// Reading a policy fails if the stand-in does not enforce all of it.
func TestNetworkPolicyThatCannotBeEnforced(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"pods as peers": `{"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}`,
		"expressions":   `{"podSelector": {"matchExpressions": []}}`,
		"a named port":  `{"podSelector": {}, "ingress": [{"ports": [{"port": "http"}]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var spec harness.NetworkPolicySpec
			require.Error(t, json.Unmarshal([]byte(text), &spec))
		})
	}
}
