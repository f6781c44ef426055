package eks_test

import (
	"fmt"
	"strings"
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/cloud"
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
	return engine.Props{"encryptionConfig": engine.Props{"provider": engine.Props{"keyArn": p.Get(key, "arn")},
		"resources": []string{"secrets"}}}
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
