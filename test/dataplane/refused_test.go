//go:build linux

package dataplane

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"eks-lattice/internal/sidecar"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/test/dataplane/harness"
)

// like starts a changed copy of a pod.
func (b *testbed) like(t *testing.T, p *harness.RunningPod, name string, change func(*harness.Pod)) *harness.RunningPod {
	t.Helper()
	other := p.Pod
	other.Name, other.UID, other.IP = name, "00000000-0000-4000-8000-000000000000", ""
	change(&other)
	return b.start(t, other)
}

// plain changes a pod into one without a proxy and without labels that a policy
// selects.
func plain(p *harness.Pod) { p.Spec.InitContainers, p.Labels = nil, nil }

func TestWithoutTheAnnotation(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	pod := b.like(t, caller, "plain", plain)
	body, status := b.curl(t, pod, "http://"+s.Host+"/echo/plain")
	assert.Equal(t, "403", status)
	assert.Contains(t, body,
		"AccessDeniedException: User: anonymous is not authorized to perform: vpc-lattice-svcs:Invoke on resource: "+s.ARN)
	seen := b.seen(t, "/echo/plain")
	assert.Equal(t, 80, seen.Port)
	assert.ErrorContains(t, seen.Signature, "not signed")
}

func TestOtherNamespace(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	other := b.like(t, caller, "other", func(p *harness.Pod) { p.Namespace = "other" })
	body, status := b.curl(t, other, "http://"+s.Host+"/echo/namespace")
	assert.Equal(t, "403", status)
	assert.Contains(t, body, "User: "+other.SessionARN+" is not authorized")
	assert.Contains(t, body, "because no service-based policy allows the vpc-lattice-svcs:Invoke action")
	assert.NoError(t, b.seen(t, "/echo/namespace").Signature, "signed, and refused for who it is")
}

// A cluster of the allowed name in another Region or account has another ARN.
func TestOtherClusterOfTheSameName(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	imposter := b.like(t, caller, "imposter", func(p *harness.Pod) {
		p.ClusterARN = strings.Replace(p.ClusterARN, b.World.Region, "us-east-1", 1)
	})
	body, status := b.curl(t, imposter, "http://"+s.Host+"/echo/imposter")
	assert.Equal(t, "403", status)
	assert.Contains(t, body, "because no service-based policy allows")
	seen := b.seen(t, "/echo/imposter")
	require.NoError(t, seen.Signature)
	assert.Equal(t, lattice.ByService, seen.Decision.DecidedBy)
}

// Without an association the agent has no credentials for the pod. The proxy must
// not use the node's instead, which the identity and network policies admit.
func TestMissingCredentials(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	for name, change := range map[string]func(*harness.Pod){
		"no association": func(p *harness.Pod) { p.Role = nil },
		"no Pod Identity webhook": func(p *harness.Pod) {
			p.Spec.InitContainers = append([]harness.Container(nil), p.Spec.InitContainers...)
			for i := range p.Spec.InitContainers {
				p.Spec.InitContainers[i].Env = nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			pod := b.like(t, caller, strings.ReplaceAll(name, " ", "-"), change)
			path := "/echo/" + pod.Name
			body, status := b.curl(t, pod, "http://"+s.Host+path)
			assert.Equal(t, "403", status)
			assert.Contains(t, body, "User: anonymous is not authorized")
			assert.ErrorContains(t, b.seen(t, path).Signature, "not signed")
		})
	}
}

// The agent fails and the credentials expire: VPC Lattice refuses the requests, and
// the proxy still does not ask for the node's credentials.
func TestExpiredCredentials(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	agent := b.Agents[caller.VPC]
	agent.SetLifetime(7 * time.Second)
	pod := b.like(t, caller, "expiring", func(*harness.Pod) {})
	_, status := b.curl(t, pod, "http://"+s.Host+"/echo/fresh")
	require.Equal(t, "200", status)
	agent.SetRefuse(true)
	require.NoError(t, harness.Eventually(b.ctx, func() error {
		if _, status := b.curl(t, pod, "http://"+s.Host+"/echo/expired"); status != "403" {
			return fmt.Errorf("status %s", status)
		}
		return nil
	}))
	agent.SetRefuse(false)
	require.NoError(t, harness.Eventually(b.ctx, func() error {
		if _, status := b.curl(t, pod, "http://"+s.Host+"/echo/again"); status != "200" {
			return fmt.Errorf("status %s", status)
		}
		return nil
	}), "the proxy asks the agent again")
}

// VPC Lattice itself refuses a session that was ended early.
func TestRevokedCredentials(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	_, status := b.curl(t, caller, "http://"+s.Host+"/echo/before")
	require.Equal(t, "200", status)
	b.Expire(caller.SessionARN)
	body, status := b.curl(t, caller, "http://"+s.Host+"/echo/after")
	assert.Equal(t, "403", status)
	assert.Equal(t, "AccessDeniedException: the security token included in the request is expired", body)
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	// A TLS session that was verified for one name must not be resumed for another.
	_, status := b.curl(t, caller, "http://"+s.Host+"/echo/valid")
	require.Equal(t, "200", status)
	t.Run("a host that is not in the certificate", func(t *testing.T) {
		body, status := b.curl(t, caller, "http://"+s.AssignedName+"/echo/assigned")
		assert.Equal(t, "503", status)
		assert.Contains(t, body, "envoy-sigv4: no connection to VPC Lattice for "+s.AssignedName)
		assert.Contains(t, body, "verify_SAN_list")
		assert.Empty(t, b.Lattice.Seen("/echo/assigned"), "nothing was sent")
	})
	t.Run("a Host header that is not in the certificate", func(t *testing.T) {
		_, status := b.curl(t, caller, "-H", "Host: elsewhere.example.net", "http://"+s.Host+"/echo/elsewhere")
		assert.Equal(t, "503", status)
		assert.Empty(t, b.Lattice.Seen("/echo/elsewhere"))
	})
	t.Run("a name two levels below the wildcard", func(t *testing.T) {
		_, status := b.curl(t, caller, "-H", "Host: a."+s.Host, "http://"+s.Host+"/echo/deep")
		assert.Equal(t, "503", status)
		assert.Empty(t, b.Lattice.Seen("/echo/deep"))
	})
	t.Run("an address instead of a name", func(t *testing.T) {
		_, status := b.curl(t, caller, "http://"+s.Address+"/echo/address")
		assert.Equal(t, "503", status)
		assert.Empty(t, b.Lattice.Seen("/echo/address"))
	})
	t.Run("another CA", func(t *testing.T) {
		b.Lattice.SetCertificate(keyPair(t, newCA(t, "ca"), wildcard(s)))
		b.hangUp(t)
		body, status := b.curl(t, caller, "http://"+s.Host+"/echo/ca")
		assert.Equal(t, "503", status)
		assert.Contains(t, body, "CERTIFICATE_VERIFY_FAILED")
		assert.Empty(t, b.Lattice.Seen("/echo/ca"))
		assert.Contains(t, caller.Log(sidecar.ProxyContainerName), "CERTIFICATE_VERIFY_FAILED", "an operator can read why")
	})
}

// The proxy signs all requests that it receives, so it accepts only redirected
// connections, even in a pod that no network policy selects.
func TestProxyPortCannotBeDialled(t *testing.T) {
	t.Parallel()
	b := up(t)
	injected, s := b.pair()
	caller := b.like(t, injected, "unguarded", func(p *harness.Pod) { p.Labels = nil })
	for name, args := range map[string][]string{
		"the pod itself, on loopback": {"-H", "Host: " + s.Host, fmt.Sprintf("http://127.0.0.1:%d/echo/loopback", sidecar.ListenPort)},
		"the pod itself, as a proxy":  {"-x", fmt.Sprintf("http://127.0.0.1:%d", sidecar.ListenPort), "http://" + s.Host + "/echo/proxy"},
	} {
		t.Run(name, func(t *testing.T) {
			body, status := b.curl(t, caller, args...)
			assert.Contains(t, status, "curl exit code", "the connection is closed without an answer")
			assert.Regexp(t, "Empty reply from server|Connection reset by peer", body)
		})
	}
	neighbour := b.like(t, caller, "neighbour", plain)
	for name, port := range map[string]int{"the proxy's port": sidecar.ListenPort, "the admin port": sidecar.AdminPort} {
		t.Run("another pod, "+name, func(t *testing.T) {
			body, status := b.curl(t, neighbour, "-H", "Host: "+s.Host, fmt.Sprintf("http://%s:%d/echo/neighbour", caller.Address, port))
			assert.Contains(t, status, "curl exit code")
			assert.Contains(t, body, "Couldn't connect")
		})
	}
	t.Run("another pod, the readiness port", func(t *testing.T) {
		_, status := b.curl(t, neighbour, fmt.Sprintf("http://%s:%d%s", caller.Address, sidecar.ReadyPort, sidecar.ReadyPath))
		assert.Equal(t, "200", status)
		for _, path := range []string{"/", "/config_dump", "/stats", "/echo/ready", "/quitquitquit"} {
			_, status := b.curl(t, neighbour, "-X", "POST", "-H", "Host: "+s.Host,
				fmt.Sprintf("http://%s:%d%s", caller.Address, sidecar.ReadyPort, path))
			assert.Equal(t, "404", status, path)
		}
	})
	assert.Empty(t, b.Lattice.Seen("/echo/"), "none of this reached VPC Lattice")
}
