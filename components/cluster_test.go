package components

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/recorder"
)

func TestSubnetRanges(t *testing.T) {
	t.Parallel()
	for cidr, want := range map[string][2]string{
		"10.0.0.0/16":   {"10.0.0.0/20 10.0.16.0/20 10.0.32.0/20", "10.0.48.0/24 10.0.49.0/24 10.0.50.0/24"},
		"172.31.0.0/20": {"172.31.0.0/24 172.31.1.0/24 172.31.2.0/24", "172.31.3.0/28 172.31.3.16/28 172.31.3.32/28"},
	} {
		private, public, err := subnetRanges(cidr, 3)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(private, " "); got != want[0] {
			t.Errorf("private subnets of %s: got %s, want %s", cidr, got, want[0])
		}
		if got := strings.Join(public, " "); got != want[1] {
			t.Errorf("public subnets of %s: got %s, want %s", cidr, got, want[1])
		}
	}
}

func TestNATGateways(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		perZone bool
		want    []string // the gateway of each private route
	}{
		"one for all": {false, []string{"eks-cluster1-nat-0-id", "eks-cluster1-nat-0-id", "eks-cluster1-nat-0-id"}},
		"per zone":    {true, []string{"eks-cluster1-nat-0-id", "eks-cluster1-nat-1-id", "eks-cluster1-nat-2-id"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := recordCluster(t, func(args *LatticeClusterArgs) { args.Network.NATGatewayPerZone = test.perZone })
			var got []string
			for _, zone := range []string{"0", "1", "2"} {
				got = append(got, find(t, r, "aws:ec2/route:Route eks-cluster1-private-"+zone).Inputs["natGatewayId"].StringValue())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestSubnets(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, nil)
	checkJSON(t, "public subnet", plain(t, find(t, r, "aws:ec2/subnet:Subnet eks-cluster1-public-1").Inputs), `{
		"vpcId": "eks-cluster1-vpc-id", "availabilityZone": "ap-northeast-2b", "cidrBlock": "10.0.49.0/24", "mapPublicIpOnLaunch": false,
		"tags": {"Name": "eks-cluster1-public-1", "kubernetes.io/role/elb": "1"}}`)
	checkJSON(t, "private subnet", plain(t, find(t, r, "aws:ec2/subnet:Subnet eks-cluster1-private-1").Inputs), `{
		"vpcId": "eks-cluster1-vpc-id", "availabilityZone": "ap-northeast-2b", "cidrBlock": "10.0.16.0/20", "mapPublicIpOnLaunch": false,
		"tags": {"Name": "eks-cluster1-private-1", "kubernetes.io/role/internal-elb": "1"}}`)
	for _, name := range []string{"eks-cluster1-public-1", "eks-cluster1-private-1"} {
		if got := find(t, r, "aws:ec2/subnet:Subnet "+name).IgnoreChanges; !slices.Equal(got, []string{"availabilityZone"}) {
			t.Errorf("%s ignores changes of %v: another list of zones must not move it", name, got)
		}
	}
}

// Traffic from S3 does not pass through the NAT gateways, which charge for it.
func TestS3Endpoint(t *testing.T) {
	t.Parallel()
	checkJSON(t, "endpoint", plain(t, find(t, recordCluster(t, nil), "aws:ec2/vpcEndpoint:VpcEndpoint eks-cluster1-s3").Inputs), `{
		"vpcId": "eks-cluster1-vpc-id", "serviceName": "com.amazonaws.ap-northeast-2.s3", "tags": {"Name": "eks-cluster1-s3"},
		"routeTableIds": ["eks-cluster1-private-0-id", "eks-cluster1-private-1-id", "eks-cluster1-private-2-id"]}`)
}

// Each subnet has its own route table with a route to the Internet.
func TestRoutes(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, nil)
	for subnet, gateway := range map[string]string{
		"public-1":  `"gatewayId": "eks-cluster1-internet-id"`,
		"private-1": `"natGatewayId": "eks-cluster1-nat-0-id"`,
	} {
		name := "eks-cluster1-" + subnet
		checkJSON(t, "route of "+name, plain(t, find(t, r, "aws:ec2/route:Route "+name).Inputs),
			`{"routeTableId": "`+name+`-id", "destinationCidrBlock": "0.0.0.0/0", `+gateway+`}`)
		checkJSON(t, "table of "+name, plain(t, find(t, r, "aws:ec2/routeTableAssociation:RouteTableAssociation "+name).Inputs),
			`{"subnetId": "`+name+`-id", "routeTableId": "`+name+`-id"}`)
	}
	checkJSON(t, "NAT gateway", plain(t, find(t, r, "aws:ec2/natGateway:NatGateway eks-cluster1-nat-0").Inputs),
		`{"allocationId": "eks-cluster1-nat-0-id", "subnetId": "eks-cluster1-public-0-id", "tags": {"Name": "eks-cluster1-nat-0"}}`)
}

// Private zones resolve only in a VPC with both DNS attributes.
func TestVPC(t *testing.T) {
	t.Parallel()
	checkJSON(t, "VPC", plain(t, find(t, recordCluster(t, nil), "aws:ec2/vpc:Vpc eks-cluster1-vpc").Inputs), `{
		"cidrBlock": "10.0.0.0/16", "enableDnsSupport": true, "enableDnsHostnames": true, "tags": {"Name": "eks-cluster1"}}`)
}

// Local zones and those without support for a control plane are excluded.
func TestZonesForSubnets(t *testing.T) {
	t.Parallel()
	calls := recordCluster(t, nil).Calls("aws:index/getAvailabilityZones:getAvailabilityZones")
	if len(calls) != 1 {
		t.Fatalf("zones were looked up %d times", len(calls))
	}
	checkJSON(t, "lookup", plain(t, calls[0]), `{
		"state": "available",
		"excludeZoneIds": ["use1-az3", "usw1-az2", "apne1-az3", "apne2-az2", "euc1-az2", "euw1-az4", "cac1-az3", "ilc1-az2"],
		"filters": [{"name": "opt-in-status", "values": ["opt-in-not-required"]}]}`)
}

func TestControlPlane(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, func(args *LatticeClusterArgs) {
		args.ClusterLogTypes, args.ClusterLogRetentionDays = []string{"audit"}, 30
	})
	checkJSON(t, "log group", plain(t, find(t, r, "aws:cloudwatch/logGroup:LogGroup eks-cluster1-control-plane").Inputs),
		`{"name": "/aws/eks/eks-cluster1/cluster", "retentionInDays": 30}`)
	checkJSON(t, "cluster", plain(t, find(t, r, "eks:index:Cluster eks-cluster1-eks").Inputs), `{
		"name": "eks-cluster1", "version": "1.35", "authenticationMode": "API",
		"vpcId": "eks-cluster1-vpc-id",
		"privateSubnetIds": ["eks-cluster1-private-0-id", "eks-cluster1-private-1-id", "eks-cluster1-private-2-id"],
		"publicSubnetIds": ["eks-cluster1-public-0-id", "eks-cluster1-public-1-id", "eks-cluster1-public-2-id"],
		"endpointPrivateAccess": true, "endpointPublicAccess": true, "publicAccessCidrs": ["0.0.0.0/0"],
		"enabledClusterLogTypes": ["audit"], "instanceRoles": [], "skipDefaultNodeGroup": true, "useDefaultVpcCni": true}`)
}

// The instance types decide on the image.
func TestArchitecture(t *testing.T) {
	t.Parallel()
	r, err := recorder.Run(t, recorder.Options{}, func(ctx *pulumi.Context) error {
		return newCluster(ctx, "eks-cluster1", func(args *LatticeClusterArgs) {
			args.Nodes.InstanceTypes, args.Nodes.CapacityType = []string{"m7g.large", "t4g.large"}, "SPOT"
			args.Nodes.Labels = map[string]string{"team": "shop"}
		})
	})
	// The application has the demo's image.
	const want = "has no arm64 version, but the nodes of eks-cluster1 are arm64"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the demo's image on arm64: %v, want %q", err, want)
	}
	nodes := plain(t, find(t, r, "aws:eks/nodeGroup:NodeGroup eks-cluster1-nodes").Inputs)
	checkJSON(t, "nodes", []any{nodes["amiType"], nodes["instanceTypes"], nodes["capacityType"], nodes["labels"]},
		`["AL2023_ARM_64_STANDARD", ["m7g.large", "t4g.large"], "SPOT", {"team": "shop"}]`)
}

func TestNodesAndAddons(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, nil)
	checkJSON(t, "node group", plain(t, find(t, r, "aws:eks/nodeGroup:NodeGroup eks-cluster1-nodes").Inputs), `{
		"clusterName": "eks-test", "nodeRoleArn": "arn:aws:test:::eks-cluster1-node", "version": "1.35", "releaseVersion": "1.35.2-20260801",
		"subnetIds": ["eks-cluster1-private-0-id", "eks-cluster1-private-1-id", "eks-cluster1-private-2-id"],
		"amiType": "AL2023_x86_64_STANDARD", "instanceTypes": ["m5.large"], "capacityType": "ON_DEMAND", "labels": {},
		"launchTemplate": {"id": "eks-cluster1-nodes-id", "version": "3"},
		"scalingConfig": {"minSize": 2, "maxSize": 5, "desiredSize": 2}, "tags": {"Name": "eks-cluster1"}}`)
	checkJSON(t, "vpc-cni", plain(t, find(t, r, "aws:eks/addon:Addon eks-cluster1-vpc-cni").Inputs), `{
		"clusterName": "eks-test", "addonName": "vpc-cni", "configurationValues": "{\"enableNetworkPolicy\":\"true\"}",
		"addonVersion": "v1.2.3-eksbuild.4", "resolveConflictsOnCreate": "OVERWRITE", "resolveConflictsOnUpdate": "OVERWRITE"}`)
	for _, addon := range []string{"kube-proxy", "eks-pod-identity-agent", "coredns"} {
		checkJSON(t, addon, plain(t, find(t, r, "aws:eks/addon:Addon eks-cluster1-"+addon).Inputs), `{
			"clusterName": "eks-test", "addonName": "`+addon+`",
			"addonVersion": "v1.2.3-eksbuild.4", "resolveConflictsOnCreate": "OVERWRITE", "resolveConflictsOnUpdate": "OVERWRITE"}`)
	}
}

func TestNodesAreTaggedAndKeepTheirCredentials(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, func(args *LatticeClusterArgs) {
		args.Tags, args.Nodes.VolumeGiB = map[string]string{"team": "mesh"}, 50
	})
	checkJSON(t, "launch template", plain(t, find(t, r, "aws:ec2/launchTemplate:LaunchTemplate eks-cluster1-nodes").Inputs), `{
		"updateDefaultVersion": true,
		"metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
		"blockDeviceMappings": [{"deviceName": "/dev/xvda",
			"ebs": {"volumeType": "gp3", "volumeSize": 50, "encrypted": "true", "deleteOnTermination": "true"}}],
		"tagSpecifications": [
			{"resourceType": "instance", "tags": {"Name": "eks-cluster1-node", "team": "mesh"}},
			{"resourceType": "volume", "tags": {"Name": "eks-cluster1-node", "team": "mesh"}},
			{"resourceType": "network-interface", "tags": {"Name": "eks-cluster1-node", "team": "mesh"}}]}`)
}

// The group of managed nodes has a rule for each prefix list.
func TestLatticeIsAdmitted(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, nil)
	for suffix, list := range map[string]string{
		"lattice-ipv4": "pl-com.amazonaws.ap-northeast-2.vpc-lattice",
		"lattice-ipv6": "pl-com.amazonaws.ap-northeast-2.ipv6.vpc-lattice",
	} {
		checkJSON(t, suffix, plain(t, find(t, r, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule eks-cluster1-"+suffix).Inputs), `{
			"securityGroupId": "sg-cluster", "ipProtocol": "-1", "prefixListId": "`+list+`",
			"description": "VPC Lattice to pods and health checks", "tags": {"Name": "eks-cluster1-`+suffix+`"}}`)
	}
}

func TestAssociations(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, nil)
	association := find(t, r, "aws:vpclattice/serviceNetworkVpcAssociation:ServiceNetworkVpcAssociation eks-cluster1-service-network")
	checkJSON(t, "service network", plain(t, association.Inputs),
		`{"serviceNetworkIdentifier": "sn-1", "vpcIdentifier": "eks-cluster1-vpc-id", "tags": {"Name": "eks-cluster1"}}`)
	if !association.DeleteBeforeReplace {
		t.Error("the new association would be created before the old one is deleted, and a VPC has at most one")
	}
	checkJSON(t, "zone", plain(t, find(t, r, "aws:route53/zoneAssociation:ZoneAssociation eks-cluster1-zone").Inputs),
		`{"zoneId": "Z1", "vpcId": "eks-cluster1-vpc-id", "vpcRegion": "ap-northeast-2"}`)
}

func TestAdmins(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:iam::123456789012:role/team/Admin"
	r := recordCluster(t, func(args *LatticeClusterArgs) { args.AdminPrincipalARNs = []string{arn} })
	const name = "eks-cluster1-admin-123456789012/role/team/Admin"
	checkJSON(t, "entry", plain(t, find(t, r, "aws:eks/accessEntry:AccessEntry "+name).Inputs),
		`{"clusterName": "eks-test", "principalArn": "`+arn+`"}`)
	checkJSON(t, "policy", plain(t, find(t, r, "aws:eks/accessPolicyAssociation:AccessPolicyAssociation "+name).Inputs),
		`{"clusterName": "eks-test", "principalArn": "`+arn+`", "accessScope": {"type": "cluster"},
			"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"}`)
}

func TestCompleteKubeconfig(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, nil)
	provider := plain(t, find(t, r, "pulumi:providers:kubernetes eks-cluster1-kubernetes").Inputs)
	const want = `{"apiVersion":"v1","kind":"Config","current-context":"eks-cluster1",` +
		`"clusters":[{"cluster":{"certificate-authority-data":"Y2E=","server":"https://eks.test"},"name":"eks-cluster1"}],` +
		`"contexts":[{"context":{"cluster":"eks-cluster1","user":"eks-cluster1"},"name":"eks-cluster1"}],` +
		`"users":[{"name":"eks-cluster1","user":{"exec":{"apiVersion":"client.authentication.k8s.io/v1beta1",` +
		`"args":["eks","get-token","--cluster-name","eks-test","--output","json","--region","ap-northeast-2"],` +
		`"command":"aws","env":[{"name":"KUBERNETES_EXEC_INFO","value":"{}"}]}}}]}`
	if got := provider["kubeconfig"]; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := provider["clusterIdentifier"]; got != "arn:aws:eks:ap-northeast-2:123456789012:cluster/eks-test" {
		t.Errorf("cluster identifier: got %v", got)
	}
	if got := provider["enableConfigMapMutable"]; got != true {
		t.Errorf("a new CA would replace the ConfigMap that pods have mounted: %v", got)
	}
	for text, want := range map[string]string{
		"no":                 "reading kubeconfig of c: invalid character 'o' in literal null (expecting 'u')",
		`{"clusters": [{}]}`: "reading kubeconfig of c: it has 1 clusters, 0 contexts and 0 users instead of one each",
	} {
		if _, err := completeKubeconfig("r", "c", text); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

// The kinds that the controller v2.1.3 needs to start, and the one that it needs to
// write DNS records.
func TestCRDs(t *testing.T) {
	t.Parallel()
	manifests, err := crdManifests()
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, manifest := range manifests {
		kind := manifest["kind"].(string)
		if spec := manifest["spec"].(map[string]any); kind == "CustomResourceDefinition" {
			kind = spec["names"].(map[string]any)["kind"].(string)
		}
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	want := []string{
		"BackendTLSPolicy", "DNSEndpoint", "GRPCRoute", "Gateway", "GatewayClass", "HTTPRoute", "ListenerSet", "ReferenceGrant", "TLSRoute",
		"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
	}
	if !slices.Equal(kinds, want) {
		t.Errorf("got %v, want %v", kinds, want)
	}
}

// The real engine and component are in the rehearsals.
func TestUpgradePolicy(t *testing.T) {
	t.Parallel()
	for extended, want := range map[bool]string{false: "STANDARD", true: "EXTENDED"} {
		given := pulumi.ResourceOptions{IgnoreChanges: []string{"accessConfig"}}
		got := upgradePolicy(extended)(t.Context(), &pulumi.ResourceTransformArgs{
			Type: "aws:eks/cluster:Cluster", Props: pulumi.Map{"name": pulumi.String("c")}, Opts: given})
		policy := pulumi.Map{"name": pulumi.String("c"), "upgradePolicy": pulumi.Map{"supportType": pulumi.String(want)}}
		if got == nil || !reflect.DeepEqual(got.Props, policy) || !reflect.DeepEqual(got.Opts, given) {
			t.Errorf("extended support %t: got %+v", extended, got)
		}
		if got := upgradePolicy(extended)(t.Context(), &pulumi.ResourceTransformArgs{Type: "aws:iam/role:Role"}); got != nil {
			t.Errorf("another resource became %+v", got)
		}
	}
}
