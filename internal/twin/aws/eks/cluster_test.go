package eks_test

import (
	"slices"
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/aws/kms"
	"eks-lattice/internal/twin/aws/logs"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

func TestClusterReferences(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.VPC("")
	p.Roles("")
	p.Refuses("cluster-two-zones", invalid, "The subnet ID 'subnet-0' does not exist", awstest.Cluster,
		p.ClusterInputs("", engine.Props{"vpcConfig": engine.Props{"subnetIds": []string{"subnet-0"}}}))
	p.Refuses("cluster-role", invalid, "could not be assumed because it does not exist or the trusted entity is not correct", awstest.Cluster,
		p.ClusterInputs("", engine.Props{"roleArn": p.Get("node-role", "arn")}))
}

func TestZonesWithEKS(t *testing.T) {
	t.Parallel()
	if err := inVirginia(awstest.New(t), "abdf"); err != nil {
		t.Error(err)
	}
}

func TestClusterUpgrade(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.ControlPlane("", engine.Props{"version": "1.33", "upgradePolicy": nil})
	p.Refused(p.Update("cluster", engine.Props{"upgradePolicy": engine.Props{"supportType": "STANDARD"}}), "cluster-standard-support", invalid)
	p.Refused(p.Update("cluster", engine.Props{"version": "1.35"}), "cluster-version", invalid,
		"Unsupported Kubernetes minor version update from 1.33 to 1.35")
	p.Change("cluster", engine.Props{"version": "1.34"})
	p.Change("cluster", engine.Props{"version": "1.35"})
	p.Warnings("cluster-upgrade-policy")
	if _, out, _ := p.Refresh("cluster"); cloud.Object(out["upgradePolicy"])["supportType"] != "EXTENDED" {
		t.Errorf("without an upgrade policy EKS takes %v", out["upgradePolicy"])
	}
	p.Change("cluster", engine.Props{"upgradePolicy": engine.Props{"supportType": "STANDARD"}})
	p.Warnings()
	p.Refused(p.Try(awstest.Cluster, "other", p.ClusterInputs("", engine.Props{"upgradePolicy": engine.Props{"supportType": "NONE"}})),
		"cluster-upgrade-policy", "", "expected upgrade_policy.0.support_type to be one of")
}

func TestClusterDeletion(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Cluster("")
	p.Down(awstest.ClusterNames("")...)
	p.Leftovers()
	if !slices.Contains(p.Depends("cluster", "cluster-policy", world.Delete), "cluster-role-outlives-cluster") {
		t.Error("that the role's policy outlives the cluster is no dependency")
	}
}

// The CNI's interfaces stay when the addon is deleted before the nodes; they hold
// the cluster's security group, which EKS then leaves behind, and both hold the
// VPC.
func TestCNIBeforeNodes(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Cluster("")
	p.Down("coredns", "vpc-cni", "nodes", "cluster", "private-table-a", "private-table-c")
	p.Refused(p.Delete("private-a"), "subnet-has-interfaces", "DependencyViolation", "aws-K8S-i-")
	p.Refused(p.Delete("vpc"), "vpc-has-dependencies", "DependencyViolation", "eks-cluster-sg-eks-cluster-", "aws-K8S-i-")
}

func TestClusterRoleBeforeCluster(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.ControlPlane("", nil)
	p.Down("cluster-policy", "cluster", "private-table-a")
	p.Refused(p.Delete("private-a"), "subnet-has-interfaces", "DependencyViolation", "Amazon EKS eks-cluster")
}

// EKS creates the group of the logs by itself, and nothing deletes it then.
func TestControlPlaneLogs(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.ControlPlane("", nil)
	group := func() *logs.Group { return logs.Groups.Get(p.Account.Account, logGroup) }
	if group() != nil {
		t.Error("a cluster without logs has a group")
	}
	p.Change("cluster", auditLogs)
	p.Refuses("log-group", "ResourceAlreadyExistsException", "The specified log group already exists", awstest.LogGroup,
		engine.Props{"name": logGroup})
	p.Down("cluster")
	if group() == nil {
		t.Error("EKS deleted the group that it created")
	}
}

func TestControlPlaneLogsOfTheProgram(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Up(awstest.LogGroup, "logs", engine.Props{"name": logGroup, "retentionInDays": 30})
	p.ControlPlane("", auditLogs)
	group := func() *logs.Group { return logs.Groups.Get(p.Account.Account, logGroup) }
	if !slices.Contains(p.Depends("cluster", "logs", world.Create), "control-plane-log-group") || group().Retention != 30 {
		t.Error("the cluster does not use the group that exists")
	}
	p.Down("logs") // the control plane goes on writing
	if group() == nil {
		t.Error("the group does not come back while the cluster writes to it")
	}
}

func TestClusterKey(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.VPC("")
	p.Roles("")
	p.Up(awstest.Key, "key", nil)
	p.Up(awstest.Key, "pair", engine.Props{"customerMasterKeySpec": "RSA_2048"})
	p.Up(awstest.Key, "deaf", engine.Props{"policy": keyPolicy(deployer, "kms:PutKeyPolicy")})
	p.Up(awstest.Key, "mean", engine.Props{"policy": keyPolicy(accountRoot, "kms:PutKeyPolicy", "kms:DescribeKey")})
	far := engine.Props{"encryptionConfig": engine.Props{"resources": []string{"secrets"},
		"provider": engine.Props{"keyArn": "arn:aws:kms:us-east-1:123456789012:key/x"}}}
	const id = "cluster-key"
	p.Refuses(id, invalid, "does not exist in ap-northeast-2", awstest.Cluster, p.ClusterInputs("", far))
	p.Refuses(id, invalid, "is not symmetric", awstest.Cluster, p.ClusterInputs("", encryption(p, "pair")))
	p.Refuses(id, badRequest, "User not authorized to perform kms:DescribeKey operation", awstest.Cluster,
		p.ClusterInputs("", encryption(p, "deaf")))
	p.Refuses(id, badRequest, "User not authorized to perform kms:CreateGrant operation", awstest.Cluster,
		p.ClusterInputs("", encryption(p, "mean")))
	p.Up(awstest.Cluster, "cluster", p.ClusterInputs("", encryption(p, "key")))
	p.Down("cluster")
	if !slices.Contains(p.Depends("cluster", "key", world.Create), id) ||
		!slices.Contains(p.Depends("cluster", "key", world.Delete), "cluster-key-outlives-cluster") {
		t.Error("the key is no dependency of the cluster")
	}
}

// A key comes at any time and stays.
func TestClusterKeyStays(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.ControlPlane("", nil)
	p.Up(awstest.Key, "key", nil)
	p.Up(awstest.Key, "other", nil)
	p.Change("cluster", encryption(p, "key"))
	p.Change("cluster", encryption(p, "other"))
	_, out, diff := p.Refresh("cluster")
	if got := cloud.Object(cloud.Object(out["encryptionConfig"])["provider"])["keyArn"]; got != p.Get("key", "arn") ||
		!slices.Equal(diff.Keys, []string{"encryptionConfig"}) {
		t.Errorf("after a change of the key: %v differs, the cluster has %v", diff.Keys, got)
	}
}

func TestClusterRoleUsesItsKey(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	encrypted(p, "1.34", engine.Props{"policy": keyPolicy(deployer, "kms:*")})
	p.Refused(p.Update("cluster", engine.Props{"version": "1.35"}), "cluster-role-uses-key", badRequest,
		"could not be assumed because it does not exist")
	p.Change("key", engine.Props{"policy": keyPolicy(accountRoot, "kms:*")})
	p.Change("cluster", engine.Props{"version": "1.35"})
	p.Warnings("cluster-role-uses-key")
	mayList(p)
	p.Warnings()
	if kms.Keys.Get(p.Account.Account, p.ID("key")) == nil {
		t.Error("the key is gone")
	}
}

func TestClusterRoleConditions(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.VPC("")
	p.Roles("")
	arn := "arn:aws:eks:ap-northeast-2:123456789012:cluster/eks-cluster"
	trust := func(policy string) { p.Change("cluster-role", engine.Props{"assumeRolePolicy": policy}) }
	awstest.TryConditions(t, arn, []string{"account", "arn", "arns", "both"}, "cluster-role-conditions",
		func(t *testing.T, _, condition string) error {
			t.Helper()
			trust(awstest.TrustIf(awstest.ClusterService, condition))
			return p.Attempt(awstest.Cluster, p.ClusterInputs("", nil))
		})
	trust(awstest.Trust(awstest.ClusterService))
	p.Up(awstest.Cluster, "cluster", p.ClusterInputs("", engine.Props{"version": "1.34"}))
	trust(awstest.TrustIf(awstest.ClusterService, awstest.Conditions(arn)["misspelt"]))
	p.Refused(p.Update("cluster", engine.Props{"version": "1.35"}), "cluster-role-conditions", invalid, "could not be assumed")
}

// An addon's version is the default until the program asks for another one.
func TestAddonVersions(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.ControlPlane("", engine.Props{"version": "1.34"})
	p.Addon("", "kube-proxy")
	if got := p.Get("kube-proxy", "addonVersion"); got != "v1.34.0-eksbuild.2" {
		t.Errorf("without a version kube-proxy is %s, want the default", got)
	}
	newer := engine.Props{"addonVersion": "v1.35.2-eksbuild.1"}
	p.Refused(p.Update("kube-proxy", newer), "addon-version", invalid, "Addon version specified is not supported")
	p.Refuses("addon-version", invalid, "coredns v1.13.1-eksbuild.1 with Kubernetes 1.34", awstest.Addon,
		p.AddonInputs("", "coredns", engine.Props{"addonVersion": "v1.13.1-eksbuild.1"}))
	p.Change("cluster", engine.Props{"version": "1.35"})
	if _, out, _ := p.Refresh("kube-proxy"); out["addonVersion"] != "v1.34.0-eksbuild.2" {
		t.Errorf("the upgrade of the cluster changed kube-proxy to %v", out["addonVersion"])
	}
	p.Change("kube-proxy", newer)
}

func TestAddons(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	bare(p)
	const id = "addon-configuration"
	config := func(text string) engine.Props { return engine.Props{"configurationValues": text} }
	p.Refuses("addon-references", notFound, "No cluster found", awstest.Addon, engine.Props{"clusterName": "nowhere", "addonName": "coredns"})
	p.Refuses(id, invalid, "Json schema validation failed", awstest.Addon, p.AddonInputs("", "kube-proxy", config("replicas: 2")))
	p.Refuses(id, invalid, "Json schema validation failed with error: [$.env.A: is not defined in the schema and the schema "+
		"does not allow additional properties, $.enableNetworkPolicies: is not", awstest.Addon,
		p.AddonInputs("", "vpc-cni", config(`{"enableNetworkPolicies":"true","env":{"A":"b","WARM_IP_TARGET":"1"}}`)))
	p.Up(awstest.Addon, "vpc-cni", p.AddonInputs("", "vpc-cni",
		config(`{"enableNetworkPolicy":"true","env":{"NETWORK_POLICY_ENFORCING_MODE":"strict"}}`)))
	if by, ok := p.Account.EKS.EnforcesPolicies("eks-cluster"); !ok || by != string(p.Created["vpc-cni"].URN) {
		t.Errorf("network policies are enforced: %v, by %q", ok, by)
	}
	p.Refused(p.Update("vpc-cni", config(`{"enableNetworkPolicy":true}`)), id, invalid)
	p.Change("vpc-cni", config(`{"enableNetworkPolicy":"false"}`))
	if _, ok := p.Account.EKS.EnforcesPolicies("eks-cluster"); ok {
		t.Error("network policies are enforced by an addon that was told not to")
	}
	p.Up(awstest.NodeGroup, "nodes", p.NodeInputs("", nil))
	p.Addon("", "kube-proxy")
	p.Addon("", "coredns")
	p.Refuses("addon-references", inUse, "Addon already exists.", awstest.Addon, p.AddonInputs("", "coredns", nil))
}

func TestSelfManagedCopy(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.ControlPlane("", nil)
	if by, ok := p.Account.EKS.AddonRuns("eks-cluster", "vpc-cni"); !ok || by != string(p.Created["cluster"].URN) {
		t.Errorf("the self-managed copy comes from %q", by)
	}
	p.Addon("", "vpc-cni")
	p.Down("vpc-cni")
	if _, ok := p.Account.EKS.AddonRuns("eks-cluster", "vpc-cni"); ok {
		t.Error("the addon runs after its deletion")
	}
}

func TestInterfacesOfAControlPlane(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.ControlPlane("", nil)
	own := ec2.Interfaces.Where(p.Account.Account, func(e *ec2.NetworkInterface) bool { return e.Owner == "eks:eks-cluster" })
	if len(own) != 2 || own[0].SubnetID == own[1].SubnetID {
		t.Errorf("interfaces of the control plane: %d", len(own))
	}
}
