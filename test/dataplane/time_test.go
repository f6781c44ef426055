//go:build linux

package dataplane

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"eks-lattice/internal/sidecar"
	"eks-lattice/test/dataplane/harness"
)

// Envoy fetches new credentials five seconds before the old ones expire. Here it
// does so every second, while requests keep coming.
func TestCredentialsRotate(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	agent := b.Agents[caller.VPC]
	agent.SetLifetime(6 * time.Second)
	pod := b.like(t, caller, "rotating", func(*harness.Pod) {})
	requests := 0
	for agent.Served(pod.SessionARN) < 4 {
		require.NoError(t, b.ctx.Err(), "the credentials were never renewed")
		r, err := pod.Exec(b.ctx, nil, nil, "curl", "-sS", "-Z", "--parallel-max", "4",
			"-o", "/dev/null", "-w", "%{http_code}\n", "http://"+s.Host+"/echo/rotate[1-40]")
		require.NoError(t, err)
		requests += 40
		require.Equal(t, strings.Repeat("200\n", 40), r.Stdout, r.Stderr)
	}
	seen := b.Lattice.Seen("/echo/rotate")
	require.Len(t, seen, requests)
	var keys []string
	for _, s := range seen {
		require.NoError(t, s.Signature)
		if !slices.Contains(keys, s.AccessKeyID) {
			keys = append(keys, s.AccessKeyID)
		}
	}
	assert.GreaterOrEqual(t, len(keys), 3, "credentials used by %d requests", requests)
}

// A new CA reaches running pods through their ConfigMap, without a restart.
func TestCABundleChanges(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	pid := caller.Sidecar(sidecar.ProxyContainerName).PID()
	status := func(want string) func() error {
		return func() error {
			b.Lattice.CloseIdle() // a change of the CA leaves open connections open
			if _, got := b.curl(t, caller, "http://"+s.Host+"/echo/"); got != want {
				return fmt.Errorf("status %s instead of %s", got, want)
			}
			return nil
		}
	}
	require.NoError(t, status("200")())

	next := newCA(t, "next")
	b.Lattice.SetCertificate(keyPair(t, next, wildcard(s)))
	require.NoError(t, harness.Eventually(b.ctx, status("503")))

	old := caller.ConfigMaps[sidecar.ConfigMapName][sidecar.CAKey]
	bundle := func(pem string) {
		config := map[string]string{}
		for k, v := range caller.ConfigMaps[sidecar.ConfigMapName] {
			config[k] = v
		}
		config[sidecar.CAKey] = pem
		require.NoError(t, caller.UpdateConfigMap(sidecar.ConfigMapName, config))
	}
	bundle(old + next.pem)
	require.NoError(t, harness.Eventually(b.ctx, status("200")), "both are trusted")
	bundle(old)
	require.NoError(t, harness.Eventually(b.ctx, status("503")), "the new one is no longer trusted")
	bundle(next.pem)
	require.NoError(t, harness.Eventually(b.ctx, status("200")), "the new one alone")
	assert.Equal(t, pid, caller.Sidecar(sidecar.ProxyContainerName).PID(), "without a restart")
}

// Without the proxy requests fail. None reaches VPC Lattice unsigned.
func TestProxyIsKilledAndComesBack(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	first := caller.Sidecar(sidecar.ProxyContainerName)
	require.NoError(t, first.Signal(syscall.SIGKILL))
	require.NoError(t, harness.Eventually(b.ctx, func() error {
		if _, status := b.curl(t, caller, "http://"+s.Host+"/echo/killed"); status != "200" {
			return errors.New(status)
		}
		return nil
	}))
	assert.NotEqual(t, first.PID(), caller.Sidecar(sidecar.ProxyContainerName).PID())
	for _, seen := range b.Lattice.Seen("/echo/killed") {
		assert.NoError(t, seen.Signature)
		assert.Equal(t, 443, seen.Port)
	}
}

// The application's first request succeeds, however slow the agent is: the proxy
// holds the request until it has credentials.
func TestFirstRequestAtOnce(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	release := b.Agents[caller.VPC].Hold()
	defer release()
	pod := b.like(t, caller, "starting", func(*harness.Pod) {})
	status := make(chan string, 1)
	go func() {
		r, err := pod.Exec(b.ctx, nil, nil, "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "http://"+s.Host+"/echo/first")
		status <- fmt.Sprint(r.Stdout, err)
	}()
	require.NoError(t, harness.Eventually(b.ctx, func() error {
		if b.Agents[caller.VPC].Held() == 0 {
			return errors.New("the proxy has not asked for credentials yet")
		}
		return nil
	}))
	assert.Empty(t, status, "an answer without credentials")
	release()
	assert.Equal(t, "200<nil>", <-status)
	assert.NoError(t, b.seen(t, "/echo/first").Signature)
}

// The search for secrets finds them at the log level of the blueprint's sidecar.
func TestTraceLogWouldLeak(t *testing.T) {
	t.Parallel()
	b := up(t)
	b.leaky = true
	caller, s := b.pair()
	pod := b.like(t, caller, "tracing", func(p *harness.Pod) {
		p.Spec.InitContainers = slices.Clone(p.Spec.InitContainers)
		for i, c := range p.Spec.InitContainers {
			p.Spec.InitContainers[i].Args = slices.Clone(c.Args)
			for j, arg := range c.Args {
				if arg == "warning" {
					p.Spec.InitContainers[i].Args[j] = "trace"
				}
			}
		}
	})
	_, status := b.curl(t, pod, "http://"+s.Host+"/echo/trace")
	require.Equal(t, "200", status)
	leaks, err := b.Leaks()
	require.NoError(t, err)
	assert.NotEmpty(t, leaks)
}
