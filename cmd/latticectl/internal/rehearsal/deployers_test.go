package rehearsal

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"

	"eks-lattice/internal/names"
	"eks-lattice/internal/twin/aws/acm"
	"eks-lattice/internal/twin/aws/acmpca"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/aws/eks"
	"eks-lattice/internal/twin/aws/kms"
	"eks-lattice/internal/twin/aws/logs"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
)

// notDeployed are the actions in the deployers' policies that no stack here needs,
// and why they are there all the same.
var notDeployed = map[string]string{
	"iam:UpdateRoleDescription":  "a description that another party or the next version of this project changes; the twin has none",
	"ec2:DeleteNetworkInterface": "interfaces that the CNI has left behind, which the provider deletes; the twin's leaves none",
}

const firstEnvironment = `config:
  aws:region: ap-northeast-2
  eks-lattice:role: environment
  eks-lattice:accessLogs: true
  eks-lattice:tags: {team: mesh, purpose: test}
`

const nextEnvironment = `config:
  aws:region: ap-northeast-2
  eks-lattice:role: environment
  eks-lattice:permissionsBoundaryArn: arn:aws:iam::123456789012:policy/eks-lattice-boundary
  eks-lattice:accessLogs: true
  eks-lattice:accessLogRetentionDays: 90
  eks-lattice:tags: {team: other}
  eks-lattice:clientRoleName: vpc-lattice-client
  eks-lattice:formerClientRoleName: vpc-lattice-sigv4-client
  eks-lattice:caMode: self-managed
`

// AWS replaces a service network that no cluster uses.
const lastEnvironment = `config:
  aws:region: ap-northeast-2
  eks-lattice:role: environment
  eks-lattice:permissionsBoundaryArn: arn:aws:iam::123456789012:policy/eks-lattice-boundary
  eks-lattice:accessLogs: true
  eks-lattice:clientRoleName: vpc-lattice-client
  eks-lattice:serviceNetworkName: other-gateway
  eks-lattice:caMode: self-managed
  eks-lattice:caValidityYears: 20
`

const firstCluster = `config:
  aws:region: ap-northeast-2
  eks-lattice:role: cluster
  eks-lattice:kubernetesVersion: "1.34"
  eks-lattice:availabilityZones: 2
  eks-lattice:flowLogs: true
  eks-lattice:transitGatewayId: tgw-0123456789abcdef0
  eks-lattice:privateAccessCidrs: [10.200.0.0/16]
  eks-lattice:clusterLogTypes: [audit]
  eks-lattice:adminPrincipalArns: ["arn:aws:iam::123456789012:role/vpc-lattice-sigv4-client"]
  eks-lattice:tags: {team: mesh, purpose: test}
  eks-lattice:namespaces: [{name: apps}]
`

const nextCluster = `config:
  aws:region: ap-northeast-2
  eks-lattice:role: cluster
  eks-lattice:permissionsBoundaryArn: arn:aws:iam::123456789012:policy/eks-lattice-boundary
  eks-lattice:availabilityZones: 3
  eks-lattice:natGatewayPerZone: true
  eks-lattice:flowLogs: true
  eks-lattice:transitGatewayId: tgw-0123456789abcdef0
  eks-lattice:privateAccessCidrs: [10.200.0.0/16]
  eks-lattice:clusterLogTypes: [audit, api]
  eks-lattice:clusterLogRetentionDays: 90
  eks-lattice:nodeVolumeGiB: 60
  eks-lattice:nodeLabels: {pool: general}
  eks-lattice:customerManagedKey: true
  eks-lattice:tags: {team: other}
  eks-lattice:namespaces: [{name: apps}]
`

const transitGateway = "transitGateways:\n  tgw-0123456789abcdef0: [10.200.0.0/16]\n"

// The deployers of both roles go through everything that a stack can create,
// change, take back and delete. They need each action, resource and value in
// their policies.
func TestDeployersPermissions(t *testing.T) {
	t.Parallel()
	overlay := t.TempDir()
	writeFile(t, overlay, "Pulumi.environment.yaml", firstEnvironment)
	writeFile(t, overlay, "Pulumi.cluster1.yaml", firstCluster)
	writeFile(t, overlay, "rehearsal.yaml", transitGateway)
	r := deployment(t, overlay)
	environment, cluster := r.stacks[0], r.stacks[1]
	r.up(t, environment, cluster)
	r.drift(driftOfEnvironment)
	r.drift(driftOfCluster)
	r.mend(t, environment, cluster)
	for i := range r.project.stacks { // from now on no role is without
		r.project.stacks[i].boundary = "arn:aws:iam::123456789012:policy/eks-lattice-boundary"
	}
	r.project.deploy(r.twin)
	r.configure(t, environment, nextEnvironment)
	r.configure(t, cluster, nextCluster)
	r.up(t, environment, cluster)
	r.drift(func(a *cloud.Account) {
		key := kms.Keys.All(a)[0]
		key.Enabled, key.Rotated, key.Description = false, false, "mine"
		delete(key.Tags, "team")
		key.Tags["somebody"] = "else"
	})
	r.mend(t, cluster)
	for _, role := range roles.Roles.All(r.twin.AWS.Account) {
		if role.Boundary == "" {
			t.Errorf("role %s has no boundary", role.Name)
		}
	}
	r.down(t, cluster)
	r.configure(t, environment, lastEnvironment)
	r.up(t, environment)
	r.down(t, environment)
	var asked []iam.Query
	r.twin.World.Look(func() { asked = r.twin.AWS.Requests() })
	for _, role := range []string{names.RoleEnvironment, names.RoleCluster} {
		own := slices.DeleteFunc(slices.Clone(asked), func(q iam.Query) bool {
			return !strings.HasSuffix(q.Principal.RoleARN, "role/deployer-"+role)
		})
		checkAgainstReference(t, own)
		checkNecessary(t, r.project.policies[deployerPrefix+role], own)
	}
}

// configure replaces a stack's configuration.
func (r *run) configure(t *testing.T, s *stack, text string) {
	t.Helper()
	writeFile(t, filepath.Join(r.work.dir, "project"), "Pulumi."+s.file.name+".yaml", text)
}

func (r *run) down(t *testing.T, s *stack) {
	t.Helper()
	if _, err := s.destroy(t.Context(), r.track()); err != nil {
		t.Fatal(err)
	}
}

// drift is what another party does in the account.
func (r *run) drift(change func(a *cloud.Account)) {
	r.twin.World.Look(func() { change(r.twin.AWS.Account) })
}

// mend deploys with a refresh, which finds what another party has changed.
func (r *run) mend(t *testing.T, stacks ...*stack) {
	t.Helper()
	for _, s := range stacks {
		changed, err := s.up(t.Context(), r.track(), optup.Refresh())
		if err != nil {
			t.Fatal(err)
		}
		if changed == 0 {
			t.Errorf("%s: nothing had changed", s.file.name)
		}
	}
}

const denies = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`

func driftOfEnvironment(a *cloud.Account) {
	network := vpclattice.Networks.All(a)[0]
	network.AuthType, network.Policy = lattice.AuthNone, ""
	authority, certificate := acmpca.Authorities.All(a)[0], acm.Certificates.All(a)[0]
	authority.Status = acmpca.Disabled
	for _, tags := range []map[string]string{authority.Tags, certificate.Tags} {
		delete(tags, "purpose")
		tags["somebody"] = "else"
	}
	for _, v := range ec2.VPCs.All(a) {
		v.DNSHostnames = false
	}
	for _, role := range roles.Roles.All(a) { // of both stacks
		role.Trust = denies
		for name, doc := range role.Inline {
			doc.Text = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`
			role.Inline[name] = doc
		}
	}
}

func driftOfCluster(a *cloud.Account) {
	for _, s := range ec2.Subnets.All(a) {
		s.MapPublicIP = true
	}
	associated := ec2.Subnets.Where(a, func(s *ec2.Subnet) bool { return s.TableID != "" })
	associated[0].TableID = ec2.VPCs.Get(a, associated[0].VPCID).MainTableID
	nodes := eks.NodeGroups.All(a)[0]
	nodes.Desired, nodes.Release = nodes.Desired+1, "1.34.0-20260101"
	for _, table := range ec2.RouteTables.All(a) {
		for i, route := range table.Routes {
			if route.NATID != "" {
				table.Routes[i].NATID, table.Routes[i].GatewayID = "", ec2.InternetGateways.All(a)[0].ID
			}
		}
	}
	for _, g := range ec2.Groups.All(a) {
		for i := range g.Rules {
			if g.Rules[i].Peer == "10.200.0.0/16" {
				g.Rules[i].To = 444
			}
		}
	}
	endpoint := ec2.Endpoints.All(a)[0]
	endpoint.TableIDs = endpoint.TableIDs[:1]
	attachment := ec2.TransitAttachments.All(a)[0]
	attachment.SubnetIDs = attachment.SubnetIDs[:1]
	for _, p := range eks.Associations.All(a) {
		p.RoleARN = roles.Roles.All(a)[0].ARN
	}
	for _, g := range logs.Groups.All(a) {
		g.Retention = 1
	}
}
