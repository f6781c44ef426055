package kube_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/externaldns"
	"eks-lattice/internal/twin/kube/gatewaycontroller"
	"eks-lattice/internal/twin/kube/kyverno"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// What is of use only some time after an operation is recorded with that time:
// the clock of the world cannot tell what lies between two resources that the
// engine works on side by side.
func TestWhatTakesItsTime(t *testing.T) {
	t.Parallel()
	l := appLab(t)
	l.down("eks-one.auth", "eks-one.route")
	for _, c := range []struct {
		name, on string
		during   world.Action
		law      law.Law
		after    float64
	}{
		{"eks-one.deployment", "eks-one.identity-apps-default", world.Create, podidentity.LawAtCreation, 5},
		{"eks-one.route", "eks-one.lattice", world.Delete, gatewaycontroller.LawGroupsCollected, 60},
		{"eks-one.route", "eks-one.external-dns", world.Delete, externaldns.LawRecordStays, 61}, // by its interval: nothing triggers its loop here,
	} {
		if got := l.after(c.name, c.on, c.during, c.law); got != c.after {
			t.Errorf("%s of %s needs %s %g s before, want %g", c.during, c.name, c.on, got, c.after)
		}
		shows(c.law)
	}
}

// A policy whose webhook nobody waited for works for pods that come later.
func TestPolicyNobodyWaitedFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		wait  string
		after float64
	}{
		{"jsonpath={.status.conditionStatus.ready}=true", 20},
		{`jsonpath={.status.conditionStatus.conditions[?(@.type=="WebhookConfigured")].status}=True`, none},
	} {
		l := kyvernoLab(t, nil)
		l.apply("eks-one", "apps", namespace("apps", appLabels...))
		l.config("eks-one", "")
		l.policyWaiting(c.wait)
		// Others have moved the clock of the world in the meantime.
		l.world.Look(func() { l.world.Pass(time.Minute) })
		l.apply("eks-one", "app", deployment("demo", "apps"))
		if got := l.after("app", "policy", world.Create, kyverno.LawPolicyReady); got != c.after {
			t.Errorf("waiting for %s: the pods need the policy %g s before, want %g", c.wait, got, c.after)
		}
	}
}

const none = -1

// after is how many seconds before an operation another resource had to be there.
func (l *lab) after(name, on string, during world.Action, why law.Law) float64 {
	l.t.Helper()
	longest := float64(none)
	for _, n := range l.world.Dependencies() {
		if strings.HasSuffix(n.Dependent, "::"+name) && strings.HasSuffix(n.On, "::"+on) && n.During == during && n.Law == why {
			longest = max(longest, n.After)
		}
	}
	return longest
}

func TestDurations(t *testing.T) {
	t.Parallel()
	l := clusterLab(t, "one")
	l.apply("one", "namespace", "apiVersion: v1\nkind: Namespace\nmetadata: {name: slow}\n")
	l.down("namespace")
	if !slices.ContainsFunc(l.world.Journal(), func(op world.Op) bool {
		return op.Action == world.Delete && op.Seconds == 10 && slices.Contains(op.Durations, controller.LawDurations)
	}) {
		t.Error("deleting a namespace takes no time")
	}
	shows(controller.LawDurations)
}
