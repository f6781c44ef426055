package kyverno

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	podsecurity "k8s.io/pod-security-admission/policy"
	"k8s.io/utils/ptr"
)

// What a namespace that enforces one of the Pod Security Standards says to an
// injected pod whose own container meets the strictest of them: the redirect
// needs NET_ADMIN and root, the proxy nothing
// (https://kubernetes.io/docs/concepts/security/pod-security-standards/).
func TestPodSecurityStandards(t *testing.T) {
	t.Parallel()
	pod := &corev1.Pod{}
	decode(t, newCluster(t, policy(t, usual)).admit(annotated(func(p *corev1.Pod) {
		p.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{
			AllowPrivilegeEscalation: ptr.To(false), RunAsNonRoot: ptr.To(true),
			Capabilities:   &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		}
	})), pod)
	checks, err := podsecurity.NewEvaluator(podsecurity.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	const added = `capabilities (container "iptables-init" must not include "NET_ADMIN" in securityContext.capabilities.add)`
	for level, want := range map[api.Level]string{
		api.LevelPrivileged: "",
		api.LevelBaseline:   `non-default ` + added,
		api.LevelRestricted: `unrestricted ` + added + `, ` +
			`runAsNonRoot != true (container "iptables-init" must not set securityContext.runAsNonRoot=false), ` +
			`runAsUser=0 (container "iptables-init" must not set runAsUser=0)`,
	} {
		t.Run(string(level), func(t *testing.T) {
			results := checks.EvaluatePod(api.LevelVersion{Level: level, Version: api.LatestVersion()}, &pod.ObjectMeta, &pod.Spec)
			verdict := podsecurity.AggregateCheckResults(results)
			if got := verdict.ForbiddenDetail(); got != want {
				t.Errorf("refused for %q, want %q", got, want)
			}
		})
	}
}
