package provider_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/provider"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// Kubeconfigs that do not get in.
func TestAccess(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	good := h.Kubeconfig("one")
	for _, c := range []struct {
		name, config string
		law          law.Law
		word         string
	}{
		{"not a kubeconfig", "{not: [", provider.LawKubeconfig,
			"configured Kubernetes cluster is unreachable: failed to parse kubeconfig data in `kubernetes:config:kubeconfig`- couldn't get " +
				"version/kind"},
		{"no context", strings.Replace(good, `"current-context":"aws"`, `"current-context":"other"`, 1), provider.LawKubeconfig,
			"context was not found for specified context: other"},
		{"no user", strings.Replace(good, `"user":"aws"`, `"user":"other"`, 1), provider.LawKubeconfig, `user "other" does not exist`},
		{"unknown endpoint", strings.Replace(good, "https://", "https://gone", 1), provider.LawReachable, "no such host"},
		{"token of another cluster", strings.Replace(good, `"--cluster-name","one"`, `"--cluster-name","two"`, 1), provider.LawAccessEntry,
			"Unauthorized"},
	} {
		h.Refused(h.TryObject(c.config, c.name, apps), c.law, c.word)
	}
	h.AWS("aws:eks/accessPolicyAssociation:AccessPolicyAssociation", "access",
		engine.Props{"clusterName": "one", "principalArn": h.Output("visitor", "arn"),
			"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", "accessScope": engine.Props{"type": "cluster"}})
	if err := h.TryObject(as(h, "visitor"), "by-visitor", apps); err != nil {
		t.Fatal(err)
	}
	if !h.Depends("by-visitor", "entry", world.Create) || !h.Depends("by-visitor", "access", world.Create) {
		t.Error("the visitor's operation does not depend on its access entry")
	}
	h.Down("access", "entry")
	h.Refused(h.Delete("by-visitor"), provider.LawAccessEntry, "Unauthorized")
}

// Who cannot reach the API's endpoint does not get as far as its credentials.
func TestUnreachableEndpoint(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	h.Apply("one", "apps", kubetest.Namespace("apps"))
	eks := h.Account.EKS.ClusterByName("one")
	eks.PublicAccess = false
	for _, err := range []error{h.Delete("apps"), h.TryApply("one", "other", kubetest.Namespace("other"))} {
		if err == nil || !strings.Contains(err.Error(),
			"configured Kubernetes cluster is unreachable: unable to load schema information from the API server: Get") ||
			!strings.Contains(err.Error(), ":443: i/o timeout (the API has no public endpoint") {
			t.Errorf("got %v", err)
		}
	}
	eks.PublicAccess = true
	h.Down("apps")
}

// With aws-auth the creator needs no entry.
func TestCreatorsAccess(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	for name, c := range map[string]struct {
		mode    string
		admin   bool
		letting bool
	}{
		"by-config-map": {"CONFIG_MAP", true, true},
		"by-both":       {"API_AND_CONFIG_MAP", true, true},
		"not-by-both":   {"API_AND_CONFIG_MAP", false, false},
		"not-by-api":    {"API", false, false},
	} {
		in := h.Inputs("one.cluster")
		in["name"], in["accessConfig"] = name, engine.Props{"authenticationMode": c.mode, "bootstrapClusterCreatorAdminPermissions": c.admin}
		h.AWS("aws:eks/cluster:Cluster", name, in)
		err := h.TryApply(name, name+"-ns", kubetest.Namespace("apps"))
		if c.letting && err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !c.letting {
			h.Refused(err, provider.LawAccessEntry, "Unauthorized")
		}
	}
}
