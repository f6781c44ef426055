package provider

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"eks-lattice/internal/twin/aws/eks"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/cluster"
	"eks-lattice/internal/twin/world"
)

const unreachable = "configured Kubernetes cluster is unreachable: "

// client is a session of the provider with one cluster.
type client struct{ *cluster.Cluster }

// connect finds the cluster that a provider instance is configured for and
// checks that its credentials get in.
func (p *Provider) connect(op *world.Op, inst *engine.Instance) (*client, error) {
	config, err := readKubeconfig(inst.Config["kubeconfig"])
	if err != nil {
		return nil, err
	}
	account := p.clusters.Account
	eks := account.EKS.ClusterByEndpoint(config.server)
	if eks == nil {
		host := config.server
		if u, err := url.Parse(config.server); err == nil && u.Host != "" {
			host = u.Host
		}
		return nil, LawReachable.Refuse("", unreachable+"unable to load schema information from the API server: Get %q: dial tcp: lookup %s: "+
			"no such host",
			config.server+"/openapi/v2?timeout=32s", host)
	}
	if err := account.EKS.Reach(op, eks); err != nil {
		return nil, fmt.Errorf(unreachable+"unable to load schema information from the API server: Get %q: %w",
			config.server+"/openapi/v2?timeout=32s", err)
	}
	if config.ca != "" && strings.TrimSpace(config.ca) != strings.TrimSpace(eks.CAPEM) &&
		strings.TrimSpace(config.ca) != base64.StdEncoding.EncodeToString([]byte(eks.CAPEM)) {
		return nil, LawClusterCA.Refuse("", unreachable+"unable to load schema information from the API server: Get %q: tls: failed to verify "+
			"certificate: x509: certificate signed by unknown authority",
			config.server+"/openapi/v2?timeout=32s")
	}
	if err := p.authenticate(op, inst, eks, config); err != nil {
		return nil, err
	}
	op.DependsOn(eks.URN, LawReachable)
	return &client{p.clusters.Of(eks)}, nil
}

// authenticate lets a client in as `aws eks get-token` and EKS would.
func (p *Provider) authenticate(op *world.Op, inst *engine.Instance, eks *eks.Cluster, config kubeconfig) error {
	const unauthorized = unreachable + "unable to load schema information from the API server: the server has asked for the client to " +
		"provide credentials"
	if config.tokenFor != eks.Name { // the token is signed for one cluster name
		return LawAccessEntry.Refuse("Unauthorized", unauthorized)
	}
	account := p.clusters.Account
	caller := account.Caller(inst.URN)
	names := []string{caller.ARN, caller.RoleARN}
	if config.role != "" {
		names = []string{config.role}
	}
	for _, entry := range account.EKS.AccessEntries(eks.Name) {
		if entry.PrincipalARN == "" || !slices.Contains(names, entry.PrincipalARN) {
			continue
		}
		for _, a := range entry.Policies {
			if strings.HasSuffix(a.PolicyARN, "/AmazonEKSClusterAdminPolicy") && a.Scope != "namespace" {
				op.DependsOn(entry.URN, LawAccessEntry)
				op.DependsOn(a.URN, LawAccessPolicy)
				return nil
			}
		}
		if slices.Contains(entry.Groups, "system:masters") {
			op.DependsOn(entry.URN, LawAccessEntry)
			return nil
		}
		return LawAccessPolicy.Refuse("Forbidden", "namespaces is forbidden: User %q cannot list resource \"namespaces\" in API group \"\" at "+
			"the cluster scope", entry.PrincipalARN)
	}
	// With aws-auth EKS lets the creator in without anything that shows it.
	if eks.AuthMode != "API" && eks.CreatorIsAdmin && slices.Contains(names, eks.CreatorARN) {
		return nil
	}
	return LawAccessEntry.Refuse("Unauthorized", unauthorized)
}
