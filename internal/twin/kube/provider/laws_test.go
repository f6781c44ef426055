package provider_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/provider"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
)

const config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: apps}\ndata: {a: b}\n"

// newCluster returns a harness with a cluster without nodes, which two roles
// besides its creator know.
func newCluster(t *testing.T) *kubetest.Harness {
	t.Helper()
	h := kubetest.New(t)
	kubetest.Cluster(h, "one", "nodes")
	for _, role := range []string{"visitor", "stranger"} {
		h.AWS("aws:iam/role:Role", role, engine.Props{"name": role, "assumeRolePolicy": kubetest.Trust("ec2.amazonaws.com")})
	}
	h.AWS("aws:eks/accessEntry:AccessEntry", "entry", engine.Props{"clusterName": "one", "principalArn": h.Output("visitor", "arn")})
	return h
}

// as is the kubeconfig of a role.
func as(h *kubetest.Harness, role string) string {
	return strings.Replace(h.Kubeconfig("one"), `"--cluster-name","one"`, `"--cluster-name","one","--role-arn","`+h.Output(role, "arn")+`"`, 1)
}

var apps = engine.Props{"apiVersion": "v1", "kind": "Namespace", "metadata": engine.Props{"name": "apps"}}

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, []lawtest.Counterexample{
		{Law: provider.LawKubeconfig, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			return h.Refused(h.TryObject(nil, "apps", apps), provider.LawKubeconfig,
				"configured Kubernetes cluster is unreachable: unable to load Kubernetes client configuration", "no configuration has been provided")
		}},
		{Law: provider.LawReachable, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			h.Apply("one", "apps", kubetest.Namespace("apps"))
			for _, name := range []string{"entry", "one.eks-pod-identity-agent", "one.kube-proxy", "one.vpc-cni", "one.cluster"} {
				h.Down(name)
			}
			return h.Refused(h.Delete("apps"), provider.LawReachable, "configured Kubernetes cluster is unreachable",
				"PULUMI_K8S_DELETE_UNREACHABLE")
		}},
		{Law: provider.LawClusterCA, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			other := strings.Replace(h.Kubeconfig("one"), `"certificate-authority-data":"`, `"certificate-authority-data":"QUFB`, 1)
			return h.Refused(h.TryObject(other, "apps", apps), provider.LawClusterCA, "x509: certificate signed by unknown authority")
		}},
		{Law: provider.LawAccessEntry, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			return h.Refused(h.TryObject(as(h, "stranger"), "apps", apps), provider.LawAccessEntry,
				"Unauthorized", "the server has asked for the client to provide credentials")
		}},
		{Law: provider.LawAccessPolicy, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			return h.Refused(h.TryObject(as(h, "visitor"), "apps", apps), provider.LawAccessPolicy, "Forbidden", "cannot list resource")
		}},
		{Law: provider.LawWaitFor, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			h.Apply("one", "apps", kubetest.Namespace("apps"))
			waiting := strings.Replace(config, "namespace: apps", "namespace: apps, annotations: {pulumi.com/waitFor: condition=Ready}", 1)
			return h.Refused(h.TryApply("one", "config", waiting), provider.LawWaitFor, "Waiting for condition=Ready")
		}},
	})
}
