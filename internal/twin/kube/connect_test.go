package kube_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/provider"
	"eks-lattice/internal/twin/law"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.cluster("one", "nodes")
	good := l.kubeconfig("one")
	l.aws("aws:iam/role:Role", "visitor", engine.Props{"name": "visitor", "assumeRolePolicy": trust("ec2.amazonaws.com")})
	l.aws("aws:iam/role:Role", "stranger", engine.Props{"name": "stranger", "assumeRolePolicy": trust("ec2.amazonaws.com")})
	l.aws("aws:eks/accessEntry:AccessEntry", "entry", engine.Props{"clusterName": "one", "principalArn": l.get("visitor", "arn")})
	as := func(role string) string {
		return strings.Replace(good, `"--cluster-name","one"`, `"--cluster-name","one","--role-arn","`+l.get(role, "arn")+`"`, 1)
	}
	for _, c := range []struct {
		name   string
		config any
		law    law.Law
		words  []string
	}{
		{"none", nil, provider.LawKubeconfig, []string{"configured Kubernetes cluster is unreachable: unable to load Kubernetes client configuration", "no configuration has been provided"}},
		{"not a kubeconfig", "{not: [", provider.LawKubeconfig, []string{"configured Kubernetes cluster is unreachable: failed to parse kubeconfig data in `kubernetes:config:kubeconfig`- couldn't get version/kind"}},
		{"no context", strings.Replace(good, `"current-context":"aws"`, `"current-context":"other"`, 1), provider.LawKubeconfig, []string{"context was not found for specified context: other"}},
		{"no user", strings.Replace(good, `"user":"aws"`, `"user":"other"`, 1), provider.LawKubeconfig, []string{`user "other" does not exist`}},
		{"unknown endpoint", strings.Replace(good, "https://", "https://gone", 1), provider.LawReachable, []string{"configured Kubernetes cluster is unreachable: unable to load schema information from the API server: Get", "no such host"}},
		{"another authority", strings.Replace(good, `"certificate-authority-data":"`, `"certificate-authority-data":"QUFB`, 1), provider.LawClusterCA, []string{"x509: certificate signed by unknown authority"}},
		{"token of another cluster", strings.Replace(good, `"--cluster-name","one"`, `"--cluster-name","two"`, 1), provider.LawAccessEntry, []string{"Unauthorized", "the server has asked for the client to provide credentials"}},
		{"role without an entry", as("stranger"), provider.LawAccessEntry, []string{"Unauthorized"}},
		{"entry without a policy", as("visitor"), provider.LawAccessPolicy, []string{"Forbidden", "cannot list resource"}},
	} {
		inst := &engine.Instance{Config: engine.Props{"kubeconfig": c.config}}
		_, err := l.try(provider.New(l.clusters), inst, "kubernetes:core/v1:Namespace", c.name, engine.Props{"apiVersion": "v1", "kind": "Namespace", "metadata": engine.Props{"name": "apps"}})
		if err == nil {
			t.Fatalf("%s: no error", c.name)
		}
		l.broke(err, c.law, c.words...)
	}
	l.aws("aws:eks/accessPolicyAssociation:AccessPolicyAssociation", "access", engine.Props{"clusterName": "one", "principalArn": l.get("visitor", "arn"),
		"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", "accessScope": engine.Props{"type": "cluster"}})
	visitor := &engine.Instance{Config: engine.Props{"kubeconfig": as("visitor")}}
	if _, err := l.try(provider.New(l.clusters), visitor, "kubernetes:core/v1:Namespace", "by-visitor", engine.Props{"apiVersion": "v1", "kind": "Namespace", "metadata": engine.Props{"name": "visited"}}); err != nil {
		t.Fatal(err)
	}
	if !l.depends("by-visitor", "entry", "create") || !l.depends("by-visitor", "access", "create") {
		t.Error("the need of the access entry is not recorded")
	}
	l.apply("one", "apps", namespace("apps"))
	l.down("access", "entry")
	l.broke(l.remove("by-visitor"), provider.LawAccessEntry, "Unauthorized")
	for _, name := range []string{"eks-pod-identity-agent", "kube-proxy", "vpc-cni", "cluster"} {
		l.down(part("one", name))
	}
	l.broke(l.remove("apps"), provider.LawReachable, "configured Kubernetes cluster is unreachable", "PULUMI_K8S_DELETE_UNREACHABLE")
}

// Who cannot reach the API's endpoint does not get as far as its credentials.
func TestUnreachableEndpoint(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.cluster("one", "nodes")
	l.apply("one", "apps", namespace("apps"))
	eks := l.account.ClusterByName("one")
	eks.PublicAccess = false
	for _, err := range []error{l.remove("apps"), func() error { _, err := l.tryApply("one", "other", namespace("other")); return err }()} {
		if err == nil || !strings.Contains(err.Error(), "configured Kubernetes cluster is unreachable: unable to load schema information from the API server: Get") ||
			!strings.Contains(err.Error(), ":443: i/o timeout (the API has no public endpoint") {
			t.Errorf("got %v", err)
		}
	}
	eks.PublicAccess = true
	l.down("apps")
}

// With aws-auth the creator needs no entry.
func TestCreatorsAccess(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.cluster("one", "nodes")
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
		in := obj.Clone(l.made["one.cluster"].in)
		in["name"], in["accessConfig"] = name, engine.Props{"authenticationMode": c.mode, "bootstrapClusterCreatorAdminPermissions": c.admin}
		l.aws("aws:eks/cluster:Cluster", name, in)
		_, err := l.tryApply(name, name+"-ns", namespace("apps"))
		if c.letting && err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !c.letting {
			l.broke(err, provider.LawAccessEntry, "Unauthorized")
		}
	}
}
