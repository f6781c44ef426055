package eks_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/eks"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
	"eks-lattice/internal/twin/world"
)

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, clusterLaws, deletionLaws, supportLaws, keyLaws, endpointLaws, accessLaws, addonLaws, nodeLaws, podIdentityLaws)
}

const (
	invalid    = "InvalidParameterException"
	badRequest = "InvalidRequestException"
	inUse      = "ResourceInUseException"
	notFound   = "ResourceNotFoundException"
	admin      = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
	logGroup   = "/aws/eks/eks-cluster/cluster"
)

// beside is a program with VPC and roles that creates a cluster.
func beside(over engine.Props) func(p *awstest.Program) error {
	return func(p *awstest.Program) error {
		p.VPC("")
		p.Roles("")
		return p.Try(awstest.Cluster, "cluster", p.ClusterInputs("", over))
	}
}

// after is a program with a control plane.
func after(program func(p *awstest.Program) error) func(p *awstest.Program) error {
	return func(p *awstest.Program) error {
		p.ControlPlane("", nil)
		return program(p)
	}
}

// updating updates one resource of a control plane of some version.
func updating(name, version string, change engine.Props) func(p *awstest.Program) error {
	return func(p *awstest.Program) error {
		p.ControlPlane("", engine.Props{"version": version})
		p.Up(awstest.NodeGroup, "nodes", p.NodeInputs("", nil))
		p.Addon("", "kube-proxy")
		return p.Update(name, change)
	}
}

func poor(p *awstest.Program) { p.Role("poor", awstest.ClusterService) }

var auditLogs = engine.Props{"enabledClusterLogTypes": []string{"audit"}}

var clusterLaws = []lawtest.Counterexample{
	awstest.Refuses("cluster-name", inUse, "Cluster already exists with name: eks-cluster", after(func(p *awstest.Program) error {
		return p.Try(awstest.Cluster, "namesake", p.ClusterInputs("", nil))
	})),
	awstest.Refuses("cluster-two-zones", invalid, "Subnets specified must be in at least two different AZs", func(p *awstest.Program) error {
		p.VPC("")
		p.Roles("")
		return p.Try(awstest.Cluster, "cluster", p.ClusterInputs("",
			engine.Props{"vpcConfig": engine.Props{"subnetIds": []string{p.ID("private-a"), p.ID("public-a")}}}))
	}),
	// In us-east-1 the third zone of this account is one without room.
	awstest.Refuses("cluster-zone-supported", "UnsupportedAvailabilityZoneException", "because us-east-1c, the targeted availability zone",
		func(p *awstest.Program) error { return inVirginia(p, "abc") }),
	awstest.Refuses("cluster-role", badRequest, "The provided role doesn't have the Amazon EKS Managed Policies associated with it.",
		func(p *awstest.Program) error {
			p.VPC("")
			p.Roles("")
			poor(p)
			return p.Try(awstest.Cluster, "cluster", p.ClusterInputs("", engine.Props{"roleArn": p.Get("poor", "arn")}))
		}),
	awstest.Refuses("cluster-role-conditions", invalid, "could not be assumed", func(p *awstest.Program) error {
		p.VPC("")
		p.Roles("")
		p.Change("cluster-role", engine.Props{"assumeRolePolicy": awstest.TrustIf(awstest.ClusterService,
			`{"StringEquals":{"aws:SourceAccount":"210987654321"}}`)})
		return p.Try(awstest.Cluster, "cluster", p.ClusterInputs("", nil))
	}),
	awstest.Refuses("creator-of-a-config-map-cluster", invalid,
		"bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP",
		beside(engine.Props{"accessConfig": engine.Props{"authenticationMode": "CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": false}})),
	awstest.Refuses("control-plane-log-types", "",
		`expected enabled_cluster_log_types.1 to be one of ["api" "audit" "authenticator" "controllerManager" "scheduler"], got kubelet`,
		beside(engine.Props{"enabledClusterLogTypes": []string{"audit", "kubelet"}})),
}

// inVirginia creates a cluster in zones of us-east-1.
func inVirginia(p *awstest.Program, zones string) error {
	p.Instance = &engine.Instance{Config: engine.Props{"region": "us-east-1"}}
	p.Roles("")
	p.Up(awstest.VPC, "vpc", engine.Props{"cidrBlock": "10.0.0.0/16"})
	var ids []string
	for i, z := range zones {
		name := "us-east-1" + string(z)
		p.Up(awstest.Subnet, name, engine.Props{"vpcId": p.ID("vpc"), "cidrBlock": fmt.Sprintf("10.0.%d.0/24", i), "availabilityZone": name})
		ids = append(ids, p.ID(name))
	}
	return p.Try(awstest.Cluster, "cluster", engine.Props{"name": "eks-cluster", "roleArn": p.Get("cluster-role", "arn"), "version": "1.35",
		"vpcConfig": engine.Props{"subnetIds": ids}})
}

var deletionLaws = []lawtest.Counterexample{
	awstest.Refuses("cluster-has-node-groups", inUse, "Cluster has nodegroups attached (nodes-", func(p *awstest.Program) error {
		p.Cluster("")
		return p.Delete("cluster")
	}),
	awstest.Refuses("role-in-instance-profile", "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.",
		func(p *awstest.Program) error {
			p.Cluster("")
			p.Down("node-worker", "node-cni", "node-registry")
			return p.Delete("node-role")
		}),
	// A cluster without its role's policy cannot clean up after itself.
	awstest.Warns("cluster-role-outlives-cluster", "was deleted after its role or its policy", func(p *awstest.Program) {
		p.ControlPlane("", nil)
		p.Down("cluster-policy", "cluster")
	}),
	// The CNI's interfaces hold the cluster's security group.
	awstest.Warns("cluster-security-group-left", "of the deleted cluster eks-cluster stays", func(p *awstest.Program) {
		p.Cluster("")
		p.Down("coredns", "vpc-cni", "nodes", "cluster")
	}),
	awstest.DependsBy("cni-outlives-nodes", "nodes", "vpc-cni", world.Delete, func(p *awstest.Program) {
		p.Cluster("")
		p.Down("coredns", "nodes")
	}),
	awstest.DependsBy("node-role-outlives-nodes", "nodes", "node-worker", world.Delete, func(p *awstest.Program) {
		p.Cluster("")
		p.Down("coredns", "nodes")
	}),
	awstest.DependsBy("control-plane-log-group", "cluster", "logs", world.Delete, func(p *awstest.Program) {
		p.Up(awstest.LogGroup, "logs", engine.Props{"name": logGroup})
		p.ControlPlane("", auditLogs)
		p.Down("cluster")
	}),
}

var supportLaws = []lawtest.Counterexample{
	awstest.Refuses("cluster-version", invalid, "unsupported Kubernetes version 1.30", beside(engine.Props{"version": "1.30"})),
	awstest.Warns("cluster-extended-support", "at six times the price", func(p *awstest.Program) {
		p.ControlPlane("", engine.Props{"version": "1.33"})
	}),
	awstest.Warns("cluster-upgrade-policy", "has no upgrade policy", func(p *awstest.Program) {
		p.ControlPlane("", engine.Props{"upgradePolicy": nil})
	}),
	awstest.Refuses("cluster-standard-support", invalid, "not allowed for Kubernetes version 1.33",
		beside(engine.Props{"version": "1.33", "upgradePolicy": engine.Props{"supportType": "STANDARD"}})),
}

// keyPolicy lets a principal do something with a key.
func keyPolicy(principal string, actions ...string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":%q},"Action":["%s"],"Resource":"*"}]}`,
		principal, strings.Join(actions, `","`))
}

const (
	accountRoot = "arn:aws:iam::123456789012:root"
	deployer    = "arn:aws:iam::123456789012:user/deployer"
)

// encryption is a cluster's configuration with a key.
func encryption(p *awstest.Program, key string) engine.Props {
	return engine.Props{"encryptionConfig": engine.Props{"provider": engine.Props{"keyArn": p.Get(key, "arn")}, "resources": []string{"secrets"}}}
}

// encrypted creates a cluster with a key.
func encrypted(p *awstest.Program, version string, key engine.Props) {
	p.VPC("")
	p.Roles("")
	p.Up(awstest.Key, "key", key)
	p.Up(awstest.Cluster, "cluster", p.ClusterInputs("", cloud.Merge(encryption(p, "key"), engine.Props{"version": version})))
}

// mayList lets the cluster's role list the grants of its key.
func mayList(p *awstest.Program) {
	p.Up(awstest.RolePolicy, "grants", engine.Props{"role": p.ID("cluster-role"), "policy": awstest.Allowing("kms:ListGrants")})
}

var keyLaws = []lawtest.Counterexample{
	awstest.Refuses("cluster-key", invalid, "is disabled or pending deletion", func(p *awstest.Program) error {
		p.VPC("")
		p.Roles("")
		p.Up(awstest.Key, "off", engine.Props{"isEnabled": false})
		return p.Try(awstest.Cluster, "cluster", p.ClusterInputs("", encryption(p, "off")))
	}),
	awstest.Counterexample("cluster-key-stays", func(p *awstest.Program) law.Law {
		encrypted(p, "1.35", nil)
		_, diff := p.Diff("cluster", engine.Props{"encryptionConfig": nil})
		return diff.Law
	}),
	awstest.Warns("cluster-role-uses-key", "may not list the grants", func(p *awstest.Program) { encrypted(p, "1.35", nil) }),
	awstest.Warns("cluster-key-outlives-cluster", "is degraded", func(p *awstest.Program) {
		encrypted(p, "1.35", nil)
		mayList(p)
		p.Change("key", engine.Props{"isEnabled": false})
	}),
}

// endpoints are a cluster's inputs with endpoints.
func endpoints(p *awstest.Program, config engine.Props) engine.Props {
	return p.ClusterInputs("", engine.Props{"vpcConfig": cloud.Merge(engine.Props{"subnetIds": p.PrivateSubnets("")}, config)})
}

// reached creates a cluster with endpoints and connects to its API.
func reached(p *awstest.Program, config engine.Props, from eks.Deployer) error {
	p.VPC("")
	p.Roles("")
	p.Up(awstest.Cluster, "cluster", endpoints(p, config))
	p.Account.EKS.DeployFrom(from)
	return reach(p)
}

// reach connects to the cluster's API as an operation of the engine would.
func reach(p *awstest.Program) error {
	p.T.Helper()
	return p.Account.World.Do(world.Create, string(awstest.URN("kubernetes:core/v1:Namespace", "client")), func(op *world.Op) error {
		return p.Account.EKS.Reach(op, p.Account.EKS.ClusterByName("eks-cluster"))
	})
}

var private = engine.Props{"endpointPublicAccess": false, "endpointPrivateAccess": true}

var endpointLaws = []lawtest.Counterexample{
	awstest.Refuses("endpoint-access", invalid, "Private and public endpoint access cannot be false", func(p *awstest.Program) error {
		p.VPC("")
		p.Roles("")
		return p.Try(awstest.Cluster, "cluster", endpoints(p, engine.Props{"endpointPublicAccess": false, "endpointPrivateAccess": false}))
	}),
	awstest.Refuses("public-endpoint-admits", "", "i/o timeout (the public endpoint of eks-cluster does not admit 203.0.113.7)",
		func(p *awstest.Program) error {
			return reached(p, engine.Props{"publicAccessCidrs": []string{"198.51.100.0/24"}}, eks.Deployer{PublicAddress: netip.MustParseAddr("203.0.113.7")})
		}),
	awstest.Refuses("private-endpoint-is-inside", "", "the deployer is on the Internet", func(p *awstest.Program) error {
		return reached(p, private, eks.Deployer{})
	}),
}

// entry is the access entry of a role.
func entry(p *awstest.Program, role string, over engine.Props) engine.Props {
	return cloud.Merge(engine.Props{"clusterName": p.ID("cluster"), "principalArn": p.Get(role, "arn")}, over)
}

// policy is the association of the administrator's policy with a role.
func policy(p *awstest.Program, role string, over engine.Props) engine.Props {
	return entry(p, role, cloud.Merge(engine.Props{"policyArn": admin, "accessScope": engine.Props{"type": "cluster"}}, over))
}

var accessLaws = []lawtest.Counterexample{
	awstest.Refuses("access-entry-references", invalid, "The specified principalArn is invalid", after(func(p *awstest.Program) error {
		return p.Try(awstest.AccessEntry, "nobody", engine.Props{"clusterName": p.ID("cluster"), "principalArn": "arn:aws:iam::123456789012:role/nobody"})
	})),
	awstest.Refuses("access-policy-references", notFound, "principalArn could not be found", after(func(p *awstest.Program) error {
		return p.Try(awstest.AccessPolicyAssociation, "early", policy(p, "node-role", nil))
	})),
	// The component creates the entry of the nodes' role before the nodes.
	awstest.DependsBy("nodes-access-entry", "nodes", "entry", world.Create, func(p *awstest.Program) {
		p.ControlPlane("", nil)
		p.Up(awstest.AccessEntry, "entry", entry(p, "node-role", engine.Props{"type": "EC2_LINUX"}))
		p.Up(awstest.NodeGroup, "nodes", p.NodeInputs("", nil))
	}),
}

// addon is a program with a control plane that creates an addon.
func addon(name string, over engine.Props) func(p *awstest.Program) error {
	return after(func(p *awstest.Program) error { return p.Try(awstest.Addon, name, p.AddonInputs("", name, over)) })
}

// bare creates a control plane without the addons that EKS installs by itself.
func bare(p *awstest.Program) { p.ControlPlane("", engine.Props{"bootstrapSelfManagedAddons": false}) }

var addonLaws = []lawtest.Counterexample{
	awstest.Refuses("addon-references", invalid, "is not supported", addon("no-such-addon", nil)),
	awstest.Refuses("addon-conflicts", "ConfigurationConflict",
		"Conflicts found when trying to apply. Will not continue due to resolve conflicts mode.",
		addon("vpc-cni", engine.Props{"resolveConflictsOnCreate": "NONE"})),
	awstest.Refuses("addon-version", invalid, "Addon version specified is not supported", addon("kube-proxy", engine.Props{"addonVersion": "1.2"})),
	awstest.Refuses("addon-configuration", invalid, "[$.enableNetworkPolicy: boolean found, string expected]",
		addon("vpc-cni", engine.Props{"configurationValues": `{"enableNetworkPolicy":true}`})),
	awstest.Refuses("coredns-needs-nodes", "", "(last state: 'DEGRADED', timeout: 20m0s)", addon("coredns", nil)),
	awstest.Refuses("coredns-needs-network", "", "kube-proxy does not run", func(p *awstest.Program) error {
		bare(p)
		p.Addon("", "vpc-cni")
		p.Up(awstest.NodeGroup, "nodes", p.NodeInputs("", nil))
		return p.Try(awstest.Addon, "coredns", p.AddonInputs("", "coredns", nil))
	}),
}

// nodes is a program with a control plane that creates a node group.
func nodes(over engine.Props) func(p *awstest.Program) error {
	return after(func(p *awstest.Program) error { return p.Try(awstest.NodeGroup, "nodes", p.NodeInputs("", over)) })
}

// sizes are a node group's scaling configuration.
func sizes(minimum, desired, maximum int) engine.Props {
	return engine.Props{"scalingConfig": engine.Props{"minSize": minimum, "desiredSize": desired, "maxSize": maximum}}
}

// elsewhere is a program with a control plane and one subnet more, with a route
// table or without, that creates a node group there.
func elsewhere(cidr, table string, over engine.Props) func(p *awstest.Program) error {
	return after(func(p *awstest.Program) error {
		p.Up(awstest.Subnet, "subnet", engine.Props{"vpcId": p.ID("vpc"), "cidrBlock": cidr})
		if table != "" {
			p.Up(awstest.RouteTableAssociation, "table", engine.Props{"subnetId": p.ID("subnet"), "routeTableId": p.ID(table)})
		}
		return p.Try(awstest.NodeGroup, "nodes", p.NodeInputs("", cloud.Merge(engine.Props{"subnetIds": []string{p.ID("subnet")}}, over)))
	})
}

var nodeLaws = []lawtest.Counterexample{
	awstest.Refuses("node-group-references", notFound, "No cluster found for name: nowhere.", nodes(engine.Props{"clusterName": "nowhere"})),
	awstest.Refuses("node-group-choices", "", `expected capacity_type to be one of ["ON_DEMAND" "SPOT" "CAPACITY_BLOCK"], got spot`,
		nodes(engine.Props{"capacityType": "spot"})),
	awstest.Refuses("node-ami-type", invalid, "Requested AMI for this version 1.35 is not supported", nodes(engine.Props{"amiType": "AL2_x86_64"})),
	awstest.Refuses("node-architecture", invalid, "[m5.large] is not a valid instance type for requested amiType AL2023_ARM_64_STANDARD",
		nodes(engine.Props{"amiType": "AL2023_ARM_64_STANDARD"})),
	awstest.Refuses("node-group-version", invalid, "Requested Nodegroup version 1.36 is invalid. Allowed version is 1.35",
		func(p *awstest.Program) error {
			return updating("nodes", "1.35", engine.Props{"version": "1.36"})(p)
		}),
	awstest.Refuses("node-release", invalid, "Requested release version 1.35.9-20991201 is not valid for kubernetes version 1.34.",
		updating("nodes", "1.34", engine.Props{"releaseVersion": "1.35.9-20991201"})),
	awstest.Refuses("node-group-scaling", invalid, "Minimum capacity 3 can't be greater than desired size 2", nodes(sizes(3, 2, 5))),
	awstest.Refuses("subnet-free-addresses", "InsufficientFreeAddresses", "does not have enough available IP addresses",
		elsewhere("10.0.40.0/28", "private", sizes(1, 6, 6))),
	awstest.Refuses("node-group-needs-egress", "NodeCreationFailure", "Instances failed to join the kubernetes cluster",
		elsewhere("10.0.30.0/24", "", nil)),
	awstest.Refuses("node-role-policies", "NodeCreationFailure", "lacks AmazonEKSWorkerNodePolicy", after(func(p *awstest.Program) error {
		p.Down("node-worker")
		return p.Try(awstest.NodeGroup, "nodes", p.NodeInputs("", nil))
	})),
	awstest.Refuses("node-role-conditions", "NodeCreationFailure", "EC2 cannot assume the role", after(func(p *awstest.Program) error {
		p.Change("node-role", engine.Props{"assumeRolePolicy": awstest.TrustIf(awstest.NodeService,
			`{"StringEquals":{"aws:SourceAccount":"123456789012"}}`)})
		return p.Try(awstest.NodeGroup, "nodes", p.NodeInputs("", nil))
	})),
	awstest.Refuses("nodes-need-cni", "NodeCreationFailure", "Unhealthy nodes in the kubernetes cluster", func(p *awstest.Program) error {
		bare(p)
		return p.Try(awstest.NodeGroup, "nodes", p.NodeInputs("", nil))
	}),
	awstest.Refuses("node-group-launch-template", badRequest, "with template ID lt-0, does not exist.",
		nodes(engine.Props{"launchTemplate": engine.Props{"id": "lt-0", "version": "1"}})),
	awstest.Refuses("metadata-hop-limit", "EC2MetadataError", "timed out", after(func(p *awstest.Program) error {
		p.Up(awstest.NodeGroup, "nodes", p.NodeInputs("", nil))
		_, err := p.Account.EKS.NodeCredentials("eks-cluster", p.Account.EKS.NodeGroups("eks-cluster")[0].Nodes[0].Name)
		return err
	})),
}

// association gives the pods of apps a role.
func association(p *awstest.Program, role string) engine.Props {
	return engine.Props{"clusterName": p.ID("cluster"), "namespace": "apps", "serviceAccount": "default", "roleArn": p.Get(role, "arn")}
}

// associated is a program with a cluster whose pods have the role app.
func associated(program func(p *awstest.Program) error) func(p *awstest.Program) error {
	return func(p *awstest.Program) error {
		p.Cluster("")
		p.Role("app", awstest.PodIdentityService)
		p.Up(awstest.PodIdentityAssociation, "apps", association(p, "app"))
		return program(p)
	}
}

// asking asks for the credentials of a pod.
func asking(p *awstest.Program) error {
	_, _, err := p.Account.EKS.AssumeRoleForPodIdentity("eks-cluster", "apps", "default", "demo", "uid")
	return err
}

var podIdentityLaws = []lawtest.Counterexample{
	awstest.Refuses("association-references", notFound, "No cluster found for name: nowhere.", associated(func(p *awstest.Program) error {
		return p.Try(awstest.PodIdentityAssociation, "x", cloud.Merge(association(p, "app"), engine.Props{"clusterName": "nowhere"}))
	})),
	awstest.Refuses("role-trusts-pod-identity", invalid, "Trust policy of the role provided is invalid.", associated(func(p *awstest.Program) error {
		return p.Try(awstest.PodIdentityAssociation, "x", cloud.Merge(association(p, "node-role"), engine.Props{"namespace": "x"}))
	})),
	awstest.Refuses("association-once", inUse, "Association already exists: a-", associated(func(p *awstest.Program) error {
		return p.Try(awstest.PodIdentityAssociation, "twice", association(p, "app"))
	})),
	awstest.Refuses("role-conditions", "AccessDeniedException",
		"Unauthorized Exception! EKS does not have permissions to assume the associated role.", associated(func(p *awstest.Program) error {
			p.Change("app", engine.Props{"assumeRolePolicy": awstest.TrustIf(awstest.PodIdentityService,
				`{"StringEquals":{"aws:SourceAccount":"210987654321"}}`)})
			return asking(p)
		})),
	awstest.Refuses("node-role-may-assume", "AccessDeniedException", "eks-auth:AssumeRoleForPodIdentity", associated(func(p *awstest.Program) error {
		p.Down("node-worker")
		return asking(p)
	})),
	awstest.Refuses("sessions-end-with-their-role", "UnrecognizedClientException", "security token included in the request is invalid",
		associated(func(p *awstest.Program) error {
			session, _, err := p.Account.EKS.AssumeRoleForPodIdentity("eks-cluster", "apps", "default", "demo", "uid")
			if err != nil {
				return err
			}
			p.Down("app")
			_, err = p.Account.EKS.WithRole(session, session.RoleID)
			return err
		})),
}
