package eks_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/aws/eks"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Cluster("")
	p.Up(awstest.Cluster, "old", p.ClusterInputs("", engine.Props{"name": "old",
		"accessConfig": engine.Props{"authenticationMode": "CONFIG_MAP"}}))
	p.Role("admin", awstest.NodeService)
	const id = "access-entry-references"
	p.Refuses(id, badRequest, "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP]", awstest.AccessEntry,
		entry(p, "admin", engine.Props{"clusterName": "old"}))
	p.Refuses(id, inUse, "already in use on this cluster.", awstest.AccessEntry, entry(p, "node-role", nil))
	p.Refuses(id, invalid, "cannot start with system:", awstest.AccessEntry,
		entry(p, "admin", engine.Props{"kubernetesGroups": []string{"system:masters"}}))
	p.Up(awstest.AccessEntry, "entry", entry(p, "admin", nil))
	p.Refuses("access-policy-references", invalid, "policyArn is invalid", awstest.AccessPolicyAssociation,
		policy(p, "admin", engine.Props{"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}))
	p.Up(awstest.AccessPolicyAssociation, "access", policy(p, "admin", nil))
	entries := p.Account.EKS.AccessEntries("eks-cluster")
	i := slices.IndexFunc(entries, func(e *eks.AccessEntry) bool { return e.PrincipalARN == p.Get("admin", "arn") })
	if len(entries) != 3 || i < 0 || entries[i].Policies[0].PolicyARN != admin {
		t.Errorf("entries %+v", entries)
	}
}

// The API endpoint is served, trusted by the cluster's own authority, and
// answers for clusters that exist.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	if err := p.Account.EKS.Serve(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.ControlPlane("", nil)
	pool := x509.NewCertPool()
	ca, err := base64.StdEncoding.DecodeString(cloud.Text(cloud.Object(p.Created["cluster"].Outputs["certificateAuthority"])["data"]))
	if err != nil || !pool.AppendCertsFromPEM(ca) {
		t.Fatalf("certificate authority: %v", err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	endpoint := p.Get("cluster", "endpoint")
	status := func() int {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, endpoint+"/healthz", nil)
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
	if got := status(); got != http.StatusOK {
		t.Errorf("/healthz answers %d", got)
	}
	if p.Account.EKS.ClusterByEndpoint(endpoint) == nil {
		t.Error("the cluster is not found by its endpoint")
	}
	p.Down("cluster")
	if got := status(); got != http.StatusNotFound {
		t.Errorf("after the cluster is deleted /healthz answers %d", got)
	}
}

func TestEndpointAccess(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.VPC("")
	p.Roles("")
	p.Refuses("endpoint-access", invalid, "The following CIDRs are invalid in publicAccessCidrs: [10.1.0.0/16]", awstest.Cluster,
		endpoints(p, engine.Props{"publicAccessCidrs": []string{"198.51.100.0/24", "10.1.0.0/16"}}))
	p.Refuses("endpoint-access", invalid, "[2001:db8::/32]", awstest.Cluster,
		endpoints(p, engine.Props{"publicAccessCidrs": []string{"2001:db8::/32"}}))
	p.Up(awstest.Cluster, "cluster", endpoints(p, engine.Props{"publicAccessCidrs": []string{"198.51.100.0/24"}}))
	for _, from := range []eks.Deployer{{}, {PublicAddress: netip.MustParseAddr("198.51.100.7")}} {
		p.Account.EKS.DeployFrom(from)
		if err := reach(p); err != nil {
			t.Errorf("from %v: %v", from, err)
		}
	}
	p.Change("cluster", engine.Props{"vpcConfig": engine.Props{"subnetIds": p.PrivateSubnets(""), "publicAccessCidrs": []string{"0.0.0.0/0"}}})
	p.Account.EKS.DeployFrom(eks.Deployer{PublicAddress: netip.MustParseAddr("203.0.113.7")})
	if err := reach(p); err != nil {
		t.Errorf("with everybody admitted: %v", err)
	}
}

// Each part of the way to a private endpoint is needed.
func TestPrivateEndpoint(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	ec2.AddTransitGateway(p.Account.Account, "tgw-1", netip.MustParsePrefix("10.200.0.0/16"))
	p.VPC("")
	p.Roles("")
	p.Up(awstest.Cluster, "cluster", endpoints(p, private))
	from := func(address string) { p.Account.EKS.DeployFrom(eks.Deployer{Address: netip.MustParseAddr(address)}) }
	refused := func(words string) {
		t.Helper()
		p.Refused(reach(p), "private-endpoint-is-inside", "", "dial tcp 10.0.1", "i/o timeout", words)
	}
	from("10.200.0.10")
	refused("no route leads from subnet")
	p.Up(awstest.TransitAttachment, "attachment",
		engine.Props{"transitGatewayId": "tgw-1", "vpcId": p.ID("vpc"), "subnetIds": p.PrivateSubnets("")})
	p.Up(awstest.Route, "back",
		engine.Props{"routeTableId": p.ID("private"), "destinationCidrBlock": "10.200.0.0/16", "transitGatewayId": "tgw-1"})
	refused("no security group of the interface admits 10.200.0.10 to port 443")
	https := func(cidr string) engine.Props {
		return engine.Props{"securityGroupId": p.Account.EKS.ClusterByName("eks-cluster").SecurityGroupID, "ipProtocol": "tcp",
			"fromPort": 443, "toPort": 443, "cidrIpv4": cidr}
	}
	p.Up(awstest.IngressRule, "too-narrow", https("10.200.1.0/24"))
	refused("no security group")
	p.Up(awstest.IngressRule, "rule", https("10.200.0.0/16"))
	if err := reach(p); err != nil {
		t.Fatalf("with all of it: %v", err)
	}
	for _, part := range []string{"attachment", "back", "rule", "private-table-a"} {
		if !slices.Contains(p.Depends("client", part, world.Create), "private-endpoint-is-inside") {
			t.Errorf("%s is no dependency", part)
		}
	}
	from("10.201.0.10")
	refused("no route leads")
	from("10.200.0.10")
	g := ec2.TransitGateways.Get(p.Account.Account, "tgw-1")
	known := g.Routes
	g.Routes = known[1:]
	refused("tgw-1 does not know the network of 10.200.0.10")
	g.Routes = []ec2.TransitRoute{known[0], {Network: netip.MustParsePrefix("10.0.0.0/16"), AttachmentID: "tgw-attach-other"}}
	refused("tgw-1 leads elsewhere for 10.0.1")
	g.Routes = known
	p.Down("attachment") // which leaves the route behind
	refused("is not attached to tgw-1")
}

func TestPodIdentity(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Cluster("")
	p.Role("app", awstest.PodIdentityService)
	p.Up(awstest.Role, "no-tags", engine.Props{"assumeRolePolicy": strings.Replace(awstest.Trust(awstest.PodIdentityService),
		`["sts:AssumeRole","sts:TagSession"]`, `"sts:AssumeRole"`, 1)})
	p.Up(awstest.PodIdentityAssociation, "apps", association(p, "app"))
	elsewhere := func(over engine.Props) engine.Props {
		return cloud.Merge(association(p, "app"), cloud.Merge(engine.Props{"namespace": "x"}, over))
	}
	p.Refuses("association-references", invalid, "does not exist", awstest.PodIdentityAssociation,
		elsewhere(engine.Props{"roleArn": "arn:aws:iam::123456789012:role/nobody"}))
	p.Refuses("role-trusts-pod-identity", invalid, "Trust policy of the role provided is invalid.", awstest.PodIdentityAssociation,
		elsewhere(engine.Props{"roleArn": p.Get("no-tags", "arn")}))

	session, found, err := p.Account.EKS.AssumeRoleForPodIdentity("eks-cluster", "apps", "default", "demo-cluster1-v1-abc", "uid-1")
	if err != nil {
		t.Fatal(err)
	}
	if !awstest.Contains(session.ARN, "arn:aws:sts::123456789012:assumed-role/app-", "/eks-eks-cluste-demo-clust-") ||
		found.ID != p.ID("apps") {
		t.Errorf("session %s of %s", session.ARN, found.ID)
	}
	if session.Tags["eks-cluster-name"] != "eks-cluster" || session.Tags["kubernetes-namespace"] != "apps" ||
		session.Tags["eks-cluster-arn"] != p.Get("cluster", "arn") {
		t.Errorf("session tags %v", session.Tags)
	}
	_, _, err = p.Account.EKS.AssumeRoleForPodIdentity("eks-cluster", "elsewhere", "default", "x", "uid-2")
	p.Refused(err, "association-references", notFound, "No association found")
	p.Change("app", engine.Props{"assumeRolePolicy": awstest.Trust(awstest.NodeService)})
	p.Refused(asking(p), "role-trusts-pod-identity", "AccessDeniedException", "EKS does not have permissions to assume the associated role")
}

// An association that names another role does not change what a program holds.
func TestSessionsOfAnotherRole(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Cluster("")
	p.Role("app", awstest.PodIdentityService)
	p.Role("next", awstest.PodIdentityService)
	p.Up(awstest.PodIdentityAssociation, "apps", association(p, "app"))
	session, _, err := p.Account.EKS.AssumeRoleForPodIdentity("eks-cluster", "apps", "default", "demo", "uid")
	if err != nil {
		t.Fatal(err)
	}
	other := session
	other.RoleARN, other.RoleID = p.Get("next", "arn"), p.Get("next", "uniqueId")
	if held, err := p.Account.EKS.WithRole(other, session.RoleID); err != nil || held.RoleARN != session.RoleARN {
		t.Errorf("the session of the role that exists: %+v %v", held, err)
	}
}

func TestPodRoleConditions(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Cluster("")
	assume := func(tags bool) func(*testing.T, string, string) error {
		return func(t *testing.T, name, condition string) error {
			t.Helper()
			role, apps := fmt.Sprintf("%s-%v", name, tags), fmt.Sprintf("%s-%v-pods", name, tags)
			p.Up(awstest.Role, role, engine.Props{"assumeRolePolicy": awstest.TrustIf(awstest.PodIdentityService, condition)})
			// The association is created whatever the condition says.
			p.Up(awstest.PodIdentityAssociation, apps, cloud.Merge(association(p, role), engine.Props{"disableSessionTags": !tags}))
			defer p.Down(apps, role)
			return asking(p)
		}
	}
	source := []string{"account", "arn", "arns", "both"}
	tagged := append(slices.Clone(source), "namespace", "service-account", "cluster", "transitive")
	awstest.TryConditions(t, p.Get("cluster", "arn"), tagged, "role-conditions", assume(true))
	awstest.TryConditions(t, p.Get("cluster", "arn"), source, "role-conditions", assume(false))
}
