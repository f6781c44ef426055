//go:build linux

package dataplane

import (
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The walk-through's four calls: each cluster's demo application calls the
// other's service, which allows it, and its own, which does not.
func TestFourCalls(t *testing.T) {
	t.Parallel()
	b := up(t)
	_, pods, err := net.ParseCIDR("10.0.0.0/16")
	require.NoError(t, err)
	for _, pod := range b.pods {
		require.True(t, pods.Contains(net.ParseIP(pod.Address)), "both VPCs have the addresses 10.0.0.0/16, the pod has %s", pod.Address)
	}
	for from, pod := range b.pods {
		for _, s := range b.demos {
			t.Run(from+" to "+s.Host, func(t *testing.T) {
				path := fmt.Sprintf("/?four=%s-%s", from, s.Name)
				body, status := b.curl(t, pod, "http://"+s.Host+path)
				seen := b.seen(t, path)
				require.NoError(t, seen.Signature)
				assert.Equal(t, 443, seen.Port)
				assert.Equal(t, s.Host, seen.SNI)
				assert.Equal(t, pod.VPC, seen.VPC)
				if target := b.target(s); target != pod {
					assert.Equal(t, "200", status)
					assert.Equal(t, fmt.Sprintf("Requsting to Pod(%s): Hello from %s\n", target.Name, target.Spec.Containers[0].Name), body)
					return
				}
				assert.Equal(t, "403", status)
				assert.Equal(t, fmt.Sprintf("AccessDeniedException: User: %s is not authorized to perform: vpc-lattice-svcs:Invoke on resource: %s/ "+
					"because no service-based policy allows the vpc-lattice-svcs:Invoke action", pod.SessionARN, s.ARN), body)
			})
		}
	}
}

// The application's other answers come through as well. Of the headers that the
// proxy adds to sign a request, only the date reaches the application.
func TestOtherPathsOfTheDemo(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	body, status := b.curl(t, caller, "http://"+s.Host+"/hello")
	assert.Equal(t, "200", status)
	assert.Equal(t, "hello\n", body)
	body, status = b.curl(t, caller, "-H", "X-Test-A: b", "http://"+s.Host+"/headers")
	assert.Equal(t, "200", status)
	assert.Contains(t, body, "X-Test-A: b\n")
	assert.NoError(t, b.seen(t, "/headers").Signature)
	for _, secret := range []string{"Authorization", "X-Amz-Security-Token", "AWS4-HMAC-SHA256"} {
		assert.NotContains(t, body, secret)
	}
}
