package api_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
)

const config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: apps}\ndata: {a: b}\n"

// newCluster returns a harness with a cluster without nodes and a namespace.
func newCluster(t *testing.T) *kubetest.Harness {
	t.Helper()
	h := kubetest.New(t)
	kubetest.Cluster(h, "one", "nodes")
	h.Apply("one", "apps", kubetest.Namespace("apps"))
	return h
}

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, []lawtest.Counterexample{
		{Law: api.LawKindExists, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			return h.Refused(h.TryApply("one", "early", kubetest.Gateway), api.LawKindExists,
				"failed because the Kubernetes API server reported that the apiVersion for this resource does not exist",
				`no matches for kind "Gateway" in version "gateway.networking.k8s.io/v1"`)
		}},
		{Law: api.LawNamespaceExists, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			return h.Refused(h.TryApply("one", "early", strings.Replace(config, "namespace: apps", "namespace: other", 1)), api.LawNamespaceExists,
				`was not successfully created by the Kubernetes API server: namespaces "other" not found`)
		}},
		{Law: api.LawValid, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			manifest := strings.Replace(kubetest.Deployment("demo", "apps"), "replicas: 2", "replicas: 0\n  replica: 1", 1)
			return h.Refused(h.TryApply("one", "app", manifest), api.LawValid, ".spec.replica: field not declared in schema")
		}},
		{Law: api.LawFieldOwner, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			h.Apply("one", "mine", config)
			return h.Refused(h.TryApply("one", "theirs", strings.Replace(config, "a: b", "a: c", 1)), api.LawFieldOwner,
				"Apply failed with 1 conflict: conflict with \"pulumi-kubernetes-", "using v1: .data.a")
		}},
	})
}
