package aws

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"slices"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.cluster("")
	p.up(tCluster, "old", p.clusterInputs("", engine.Props{"name": "old", "accessConfig": engine.Props{"authenticationMode": "CONFIG_MAP"}}))
	p.up(tRole, "admin", engine.Props{"assumeRolePolicy": trust("ec2.amazonaws.com")})
	admin := p.get("admin", "arn")
	policy := engine.Props{"clusterName": "eks-cluster", "principalArn": admin, "policyArn": clusterAdminPolicy, "accessScope": engine.Props{"type": "cluster"}}
	p.refuseAll(t, []refusal{
		{"early", lawAccessPolicyRefs, "ResourceNotFoundException", "principalArn could not be found", tAccess, policy},
		{"mode", lawEntryRefs, "InvalidRequestException", "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP]", tEntry, engine.Props{"clusterName": "old", "principalArn": admin}},
		{"nobody", lawEntryRefs, "InvalidParameterException", "The specified principalArn is invalid", tEntry, engine.Props{"clusterName": "eks-cluster", "principalArn": "arn:aws:iam::123456789012:role/nobody"}},
		{"nodes", lawEntryRefs, "ResourceInUseException", "already in use on this cluster.", tEntry, engine.Props{"clusterName": "eks-cluster", "principalArn": p.get("node-role", "arn")}},
		{"system", lawEntryRefs, "InvalidParameterException", "cannot start with system:", tEntry, engine.Props{"clusterName": "eks-cluster", "principalArn": admin, "kubernetesGroups": []string{"system:masters"}}},
	})
	p.up(tEntry, "entry", engine.Props{"clusterName": "eks-cluster", "principalArn": admin})
	p.refused(lawAccessPolicyRefs, "InvalidParameterException", []string{"policyArn is invalid"}, tAccess, "unknown",
		merge(policy, engine.Props{"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}))
	p.up(tAccess, "access", policy)
	entries := p.a.AccessEntries("eks-cluster")
	i := slices.IndexFunc(entries, func(e *AccessEntry) bool { return e.PrincipalARN == admin })
	if len(entries) != 3 || i < 0 || entries[i].Policies[0].PolicyARN != clusterAdminPolicy {
		t.Errorf("entries %+v", entries)
	}
}

// The API endpoint is served, trusted by the cluster's own authority, and
// answers for clusters that exist.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	if err := p.a.ServeEndpoints(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.vpc("")
	p.roles("")
	p.controlPlane("")
	pool := x509.NewCertPool()
	ca, err := base64.StdEncoding.DecodeString(text(obj(p.made["cluster"].out["certificateAuthority"])["data"]))
	if err != nil || !pool.AppendCertsFromPEM(ca) {
		t.Fatalf("certificate authority: %v", err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	status := func(path string) int {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, p.get("cluster", "endpoint")+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if got := status("/healthz"); got != http.StatusOK {
		t.Errorf("/healthz answers %d", got)
	}
	if p.a.ClusterByEndpoint(p.get("cluster", "endpoint")) == nil {
		t.Error("the cluster is not found by its endpoint")
	}
	url := p.made["cluster"]
	p.down("cluster")
	p.made["cluster"] = url
	if got := status("/healthz"); got != http.StatusNotFound {
		t.Errorf("after the cluster is gone /healthz answers %d", got)
	}
}

// The component makes the entry of the nodes' role: before the nodes, or EKS has
// made it already. Without it the nodes stand still.
func TestNodesAccessEntry(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.roles("")
	p.controlPlane("")
	p.up(tEntry, "entry", engine.Props{"clusterName": "eks-cluster", "principalArn": p.get("node-role", "arn"), "type": "EC2_LINUX"})
	p.up(tNodes, "nodes", p.nodeInputs("", nil))
	if !p.depends("nodes", "entry", world.Create, lawNodeEntry) {
		t.Error("nodes joined by an entry that no need names")
	}
	ng := p.a.NodeGroups("eks-cluster")[0]
	urns, err := p.a.NodesWork(ng)
	if err != nil || !slices.Contains(urns, string(p.made["entry"].urn)) || !slices.Contains(urns, string(p.made["nat"].urn)) {
		t.Errorf("working nodes: %v %v", urns, err)
	}
	p.down("entry")
	_, err = p.a.NodesWork(ng)
	p.broke(err, lawNodeEntry, "Unauthorized", "no access entry for "+p.get("node-role", "arn"))
}
