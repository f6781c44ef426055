package kyverno

import (
	"testing"

	"eks-lattice/internal/sidecar"

	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	"github.com/kyverno/kyverno/pkg/controllers/webhook"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// newer is what the program renders with another image of the proxy.
var newer = sidecar.Args{Region: usual.Region, Images: sidecar.Images{Envoy: "mirror.example.com/envoy:2"}}

// naming makes the pod one that names its policy.
func naming(policy string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Annotations[sidecar.PolicyAnnotation] = policy }
}

// While another proxy is rolled out, both policies are there. Each pod gets the
// proxy of the policy that it names, and one that names none gets one of them.
func TestTwoPolicies(t *testing.T) {
	t.Parallel()
	former, latter := policy(t, usual), policy(t, newer)
	both := newCluster(t, former, latter)
	for _, tc := range []struct {
		name string
		pod  *corev1.Pod
		want sidecar.Args
	}{
		{"names the former policy", annotated(naming(former.Name)), usual},
		{"names the latter policy", annotated(naming(latter.Name)), newer},
		{"of a ReplicaSet, names the latter policy", annotated(withEverything, ofReplicaSet, naming(latter.Name)), newer},
	} {
		t.Run(tc.name, func(t *testing.T) {
			both.t = t
			wantInjected(t, tc.want, tc.pod, both.admit(tc.pod))
		})
	}
	t.Run("names none", func(t *testing.T) {
		both.t = t
		first := usual // webhooks are called in the order of their names
		if latter.Name < former.Name {
			first = newer
		}
		wantInjected(t, first, annotated(), both.admit(annotated()))
	})
}

// A pod does not get another proxy than its policy's: it stays without, and does
// not become ready. So whoever creates pods waits for their policy first.
func TestPolicyThatIsNotThere(t *testing.T) {
	t.Parallel()
	c := newCluster(t, policy(t, usual))
	pod := annotated(naming(policy(t, newer).Name))
	if c.calls(create(pod)) {
		t.Error("the API server calls Kyverno")
	}
	if response := c.asks(create(pod)); !response.Allowed || len(response.Patch) > 0 {
		t.Errorf("Kyverno answers allowed %t, patch %s", response.Allowed, response.Patch)
	}
}

// A policy that changes under its name looks ready at once, by what was said of
// its predecessor: nothing reports whether Kyverno works by the new text.
func TestChangedPolicyLooksReady(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	p := policy(t, usual)
	p.Generation = 1
	k := watchStatus(ctx, t, p)
	k.next(t)
	k.registrations.Record(webhook.BuildRecorderKey(webhook.MutatingPolicyType, p.Name, ""))
	k.next(t)

	policies := k.client.PoliciesV1beta1().MutatingPolicies()
	changed, err := policies.Get(ctx, p.Name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	changed.Spec, changed.Generation = policy(t, newer).Spec, 2
	if _, err := policies.Update(ctx, changed, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	k.next(t) // the change itself, which the fake client takes for a status

	// Another policy's turn comes when that of the changed one is over.
	other := policy(t, usual)
	other.Name = "other"
	if _, err := policies.Create(ctx, other, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	k.next(t)
	changed, err = policies.Get(ctx, p.Name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	conditions := changed.Status.ConditionStatus.Conditions
	condition := meta.FindStatusCondition(conditions, string(policiesv1beta1.PolicyConditionTypeWebhookConfigured))
	if changed.Generation != 2 || condition == nil || condition.Status != metav1.ConditionTrue || condition.ObservedGeneration != 0 {
		t.Errorf("generation %d has condition %+v", changed.Generation, condition)
	}
}
