package kube

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var (
	lawKubeconfig = law.New(law.Access, "kubeconfig-must-be-whole",
		"A provider whose kubeconfig cannot be read, or lacks a cluster, a user or the current context, refuses every resource as unreachable.",
		"https://github.com/pulumi/pulumi-kubernetes/blob/v4.33.0/provider/pkg/provider/provider.go")
	lawReachable = law.New(law.Access, "api-lives-with-its-cluster",
		"The Kubernetes API is there exactly as long as its EKS cluster: before and after, every operation on its objects fails as unreachable.",
		"https://github.com/pulumi/pulumi-eks/issues/598")
	lawClusterCA = law.New(law.Access, "api-certificate-is-of-its-ca",
		"A client that trusts another certificate authority than the cluster's own does not talk to its API.",
		"https://docs.aws.amazon.com/eks/latest/userguide/create-kubeconfig.html")
	lawAccessEntry = law.New(law.Access, "access-needs-an-entry",
		"With authentication mode API only principals with an access entry get in, and only for as long as the entry is there; with the other modes the cluster's creator gets in too.",
		"https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html")
	lawAccessPolicy = law.New(law.Access, "access-needs-a-policy",
		"An access entry without an access policy or a Kubernetes group lets its principal in but allows nothing.",
		"https://docs.aws.amazon.com/eks/latest/userguide/access-policies.html")
)

const unreachable = "configured Kubernetes cluster is unreachable: "

// connect finds the cluster that a provider instance is configured for and
// checks that its credentials get in.
func (c *Clusters) connect(op *world.Op, inst *engine.Instance) (*Cluster, error) {
	config, err := readKubeconfig(inst.Config["kubeconfig"])
	if err != nil {
		return nil, err
	}
	eks := c.account.ClusterByEndpoint(config.server)
	if eks == nil {
		host := config.server
		if u, err := url.Parse(config.server); err == nil && u.Host != "" {
			host = u.Host
		}
		return nil, lawReachable.Refuse("", unreachable+"unable to load schema information from the API server: Get %q: dial tcp: lookup %s: no such host",
			config.server+"/openapi/v2?timeout=32s", host)
	}
	if err := c.account.Reach(op, eks); err != nil {
		return nil, fmt.Errorf(unreachable+"unable to load schema information from the API server: Get %q: %w", config.server+"/openapi/v2?timeout=32s", err)
	}
	if config.ca != "" && strings.TrimSpace(config.ca) != strings.TrimSpace(eks.CAPEM) && strings.TrimSpace(config.ca) != base64.StdEncoding.EncodeToString([]byte(eks.CAPEM)) {
		return nil, lawClusterCA.Refuse("", unreachable+"unable to load schema information from the API server: Get %q: tls: failed to verify certificate: x509: certificate signed by unknown authority",
			config.server+"/openapi/v2?timeout=32s")
	}
	if err := c.authenticate(op, eks, config); err != nil {
		return nil, err
	}
	op.DependsOn(eks.URN, lawReachable)
	return c.cluster(eks), nil
}

// authenticate lets a client in as `aws eks get-token` and EKS would.
func (c *Clusters) authenticate(op *world.Op, eks *aws.EKSCluster, config kubeconfig) error {
	const unauthorized = unreachable + "unable to load schema information from the API server: the server has asked for the client to provide credentials"
	if config.tokenFor != eks.Name { // the token is signed for one cluster name
		return lawAccessEntry.Refuse("Unauthorized", unauthorized)
	}
	caller := c.account.Caller()
	names := []string{caller.ARN, caller.RoleARN}
	if config.role != "" {
		names = []string{config.role}
	}
	for _, entry := range c.account.AccessEntries(eks.Name) {
		if entry.PrincipalARN == "" || !slices.Contains(names, entry.PrincipalARN) {
			continue
		}
		for _, p := range entry.Policies {
			if strings.HasSuffix(p.PolicyARN, "/AmazonEKSClusterAdminPolicy") && p.Scope != "namespace" {
				op.DependsOn(entry.URN, lawAccessEntry)
				op.DependsOn(p.URN, lawAccessPolicy)
				return nil
			}
		}
		if slices.Contains(entry.Groups, "system:masters") {
			op.DependsOn(entry.URN, lawAccessEntry)
			return nil
		}
		return lawAccessPolicy.Refuse("Forbidden", "namespaces is forbidden: User %q cannot list resource \"namespaces\" in API group \"\" at the cluster scope", entry.PrincipalARN)
	}
	// With aws-auth EKS lets the creator in without anything that shows it.
	if eks.AuthMode != "API" && eks.CreatorIsAdmin && slices.Contains(names, eks.CreatorARN) {
		return nil
	}
	return lawAccessEntry.Refuse("Unauthorized", unauthorized)
}

// kubeconfig is what the twin needs of one: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
type kubeconfig struct {
	server, ca     string
	tokenFor, role string // what the user's exec plugin asks `aws eks get-token` for
}

func readKubeconfig(v any) (kubeconfig, error) {
	malformed := func(format string, args ...any) error {
		return lawKubeconfig.Refuse("", unreachable+"failed to parse kubeconfig data in `kubernetes:config:kubeconfig`- "+format, args...)
	}
	invalid := func(problem string) error {
		return lawKubeconfig.Refuse("", unreachable+"unable to load Kubernetes client configuration from kubeconfig file. Make sure you have: \n\n"+
			" \t • set up the provider as per https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/ \n\n invalid configuration: %s", problem)
	}
	var content obj.Map
	switch v := v.(type) {
	case obj.Map:
		content = v
	case string:
		if err := json.Unmarshal([]byte(v), &content); err != nil {
			if err := yaml.Unmarshal([]byte(v), &content); err != nil {
				return kubeconfig{}, malformed("couldn't get version/kind; json parse error: %v", err)
			}
		}
	default:
		return kubeconfig{}, invalid("no configuration has been provided, try setting KUBERNETES_MASTER environment variable")
	}
	context := obj.At(obj.Named(obj.Maps(content, "contexts"), obj.Str(content, "current-context")), "context")
	if context == nil {
		return kubeconfig{}, invalid(fmt.Sprintf("context was not found for specified context: %s", obj.Str(content, "current-context")))
	}
	cluster := obj.At(obj.Named(obj.Maps(content, "clusters"), obj.Str(context, "cluster")), "cluster")
	if cluster == nil {
		return kubeconfig{}, invalid(fmt.Sprintf("cluster %q does not exist", obj.Str(context, "cluster")))
	}
	user := obj.At(obj.Named(obj.Maps(content, "users"), obj.Str(context, "user")), "user")
	if user == nil {
		return kubeconfig{}, invalid(fmt.Sprintf("user %q does not exist", obj.Str(context, "user")))
	}
	k := kubeconfig{server: obj.Str(cluster, "server"), ca: obj.Str(cluster, "certificate-authority-data")}
	args := obj.Strings(user, "exec", "args")
	for i := 0; i+1 < len(args); i++ {
		switch args[i] {
		case "--cluster-name", "--cluster-id", "-i":
			k.tokenFor = args[i+1]
		case "--role-arn", "--role", "-r":
			k.role = args[i+1]
		}
	}
	return k, nil
}
