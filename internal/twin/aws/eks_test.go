package aws

import (
	"strconv"
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

func TestClusterReferences(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.roles("")
	p.up(tRole, "poor-role", engine.Props{"assumeRolePolicy": trust("eks.amazonaws.com")})
	one := engine.Props{"vpcConfig": engine.Props{"subnetIds": []string{p.id("private-a"), p.id("public-a")}}}
	p.refuseAll(t, []refusal{
		{"version", lawClusterVersion, "InvalidParameterException", "unsupported Kubernetes version 1.30", tCluster, p.clusterInputs("", engine.Props{"version": "1.30"})},
		{"one-zone", lawClusterZones, "InvalidParameterException", "Subnets specified must be in at least two different AZs", tCluster, p.clusterInputs("", one)},
		{"no-subnet", lawClusterZones, "InvalidParameterException", "The subnet ID 'subnet-0' does not exist", tCluster,
			p.clusterInputs("", engine.Props{"vpcConfig": engine.Props{"subnetIds": []string{"subnet-0"}}})},
		{"role-trust", lawClusterRole, "InvalidParameterException", "could not be assumed because it does not exist or the trusted entity is not correct", tCluster,
			p.clusterInputs("", engine.Props{"roleArn": p.get("node-role", "arn")})},
		{"role-policy", lawClusterRole, "InvalidRequestException", "The provided role doesn't have the Amazon EKS Managed Policies associated with it.", tCluster,
			p.clusterInputs("", engine.Props{"roleArn": p.get("poor-role", "arn")})},
		{"creator", lawCreator, "InvalidParameterException", "bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP", tCluster,
			p.clusterInputs("", engine.Props{"accessConfig": engine.Props{"authenticationMode": "CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": false}})},
	})
	p.controlPlane("")
	p.refused(lawClusterName, "ResourceInUseException", []string{"Cluster already exists with name: eks-cluster"}, tCluster, "namesake", p.clusterInputs("", nil))
}

// In us-east-1 the third zone of this account is one without room.
func TestClusterZones(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.inst = &engine.Instance{Config: engine.Props{"region": "us-east-1"}}
	p.roles("")
	p.up(tVPC, "vpc", engine.Props{"cidrBlock": "10.0.0.0/16"})
	subnets := func(zones string) []string {
		var ids []string
		for _, z := range zones {
			name := "us-east-1" + string(z)
			if p.made[name] == nil {
				p.up(tSubnet, name, engine.Props{"vpcId": p.id("vpc"), "cidrBlock": "10.0." + strconv.Itoa(int(z)) + ".0/24", "availabilityZone": name})
			}
			ids = append(ids, p.id(name))
		}
		return ids
	}
	in := func(zones string) engine.Props {
		return engine.Props{"name": "eks-cluster", "roleArn": p.get("cluster-role", "arn"), "version": "1.35", "vpcConfig": engine.Props{"subnetIds": subnets(zones)}}
	}
	p.refused(lawClusterZone, "UnsupportedAvailabilityZoneException", []string{"because us-east-1c, the targeted availability zone"}, tCluster, "cluster", in("abc"))
	p.up(tCluster, "cluster", in("abdf"))
}

func TestClusterUpgrade(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.roles("")
	p.up(tCluster, "cluster", p.clusterInputs("", engine.Props{"version": "1.33"}))
	if w := p.a.Warnings(); len(w) != 1 || !contains(w[0].String(), "extended support") {
		t.Errorf("warnings of a cluster in extended support: %v", w)
	}
	broken(lawClusterSupport)
	p.broke(p.update("cluster", engine.Props{"upgradePolicy": engine.Props{"supportType": "STANDARD"}}), lawStandardSupport, "InvalidParameterException",
		"not allowed for Kubernetes version 1.33")
	p.broke(p.update("cluster", engine.Props{"version": "1.35"}), lawClusterVersion, "InvalidParameterException", "Unsupported Kubernetes minor version update from 1.33 to 1.35")
	for _, v := range []string{"1.34", "1.35"} {
		if err := p.update("cluster", engine.Props{"version": v}); err != nil {
			t.Error(err)
		}
	}
	if w := p.a.Warnings(); len(w) != 1 || !contains(w[0].String(), "has no upgrade policy", "six times the price") {
		t.Errorf("warnings of a cluster that will enter extended support: %v", w)
	}
	if _, out, _ := p.refresh("cluster"); obj(out["upgradePolicy"])["supportType"] != "EXTENDED" {
		t.Errorf("without an upgrade policy EKS takes %v", out["upgradePolicy"])
	}
	broken(lawUpgradePolicy)
	if err := p.update("cluster", engine.Props{"upgradePolicy": engine.Props{"supportType": "STANDARD"}}); err != nil {
		t.Error(err)
	}
	if w := p.a.Warnings(); len(w) != 0 {
		t.Errorf("warnings: %v", w)
	}
}

func TestAddons(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.roles("")
	p.up(tCluster, "cluster", p.clusterInputs("", engine.Props{"bootstrapSelfManagedAddons": false}))
	addon := func(name string) engine.Props { return engine.Props{"clusterName": "eks-cluster", "addonName": name} }
	p.refused(lawNodesNeedCNI, "NodeCreationFailure", []string{"Unhealthy nodes in the kubernetes cluster"}, tNodes, "no-cni", p.nodeInputs("", nil))
	p.refuseAll(t, []refusal{
		{"cluster", lawAddonRefs, "ResourceNotFoundException", "No cluster found", tAddon, engine.Props{"clusterName": "nowhere", "addonName": "coredns"}},
		{"name", lawAddonRefs, "InvalidParameterException", "is not supported", tAddon, addon("no-such-addon")},
		{"version", lawAddonVersion, "InvalidParameterException", "Addon version specified is not supported", tAddon, merge(addon("kube-proxy"), engine.Props{"addonVersion": "1.2"})},
		{"config", lawAddonConfig, "InvalidParameterException", "Json schema validation failed", tAddon, merge(addon("kube-proxy"), engine.Props{"configurationValues": "replicas: 2"})},
		{"cni-key", lawAddonConfig, "InvalidParameterException", "Json schema validation failed with error: [$.env.A: is not defined in the schema and the schema does not allow additional properties, $.enableNetworkPolicies: is not", tAddon,
			merge(addon("vpc-cni"), engine.Props{"configurationValues": `{"enableNetworkPolicies":"true","env":{"A":"b","WARM_IP_TARGET":"1"}}`})},
		{"cni-type", lawAddonConfig, "InvalidParameterException", "[$.enableNetworkPolicy: boolean found, string expected]", tAddon,
			merge(addon("vpc-cni"), engine.Props{"configurationValues": `{"enableNetworkPolicy":true}`})},
		{"coredns-early", lawCorednsNodes, "", "(last state: 'DEGRADED', timeout: 20m0s)", tAddon, addon("coredns")},
	})
	p.up(tAddon, "vpc-cni", merge(addon("vpc-cni"), engine.Props{"configurationValues": `{"enableNetworkPolicy":"true","env":{"NETWORK_POLICY_ENFORCING_MODE":"strict"}}`}))
	if by, ok := p.a.EnforcesPolicies("eks-cluster"); !ok || by != string(p.made["vpc-cni"].urn) {
		t.Errorf("network policies are enforced: %v, owed to %q", ok, by)
	}
	p.broke(p.update("vpc-cni", engine.Props{"configurationValues": `{"enableNetworkPolicy":true}`}), lawAddonConfig, "InvalidParameterException", "[$.enableNetworkPolicy: boolean found, string expected]")
	if err := p.update("vpc-cni", engine.Props{"configurationValues": `{"enableNetworkPolicy":"false"}`}); err != nil {
		t.Error(err)
	}
	if _, ok := p.a.EnforcesPolicies("eks-cluster"); ok {
		t.Error("network policies are enforced by an add-on that was told not to")
	}
	p.up(tNodes, "nodes", p.nodeInputs("", nil))
	p.refused(lawCorednsNetwork, "", []string{"kube-proxy does not run"}, tAddon, "coredns-no-proxy", addon("coredns"))
	p.up(tAddon, "kube-proxy", addon("kube-proxy"))
	p.up(tAddon, "coredns", addon("coredns"))
	p.refused(lawAddonRefs, "ResourceInUseException", []string{"Addon already exists."}, tAddon, "again", addon("coredns"))
}

func TestAddonMeetsSelfManagedCopy(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.roles("")
	p.controlPlane("")
	in := engine.Props{"clusterName": "eks-cluster", "addonName": "vpc-cni"}
	p.refused(lawAddonConflict, "ConfigurationConflict", []string{"Conflicts found when trying to apply. Will not continue due to resolve conflicts mode."}, tAddon, "vpc-cni", in)
	if by, ok := p.a.AddonRuns("eks-cluster", "vpc-cni"); !ok || by != string(p.made["cluster"].urn) {
		t.Errorf("the self-managed copy is owed to %q", by)
	}
	p.up(tAddon, "vpc-cni", merge(in, engine.Props{"resolveConflictsOnCreate": "OVERWRITE"}))
	p.down("vpc-cni")
	if _, ok := p.a.AddonRuns("eks-cluster", "vpc-cni"); ok {
		t.Error("the addon runs on after its deletion")
	}
}

func TestClusterDeletion(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.cluster("")
	p.broke(p.delete("cluster"), lawClusterDeletion, "ResourceInUseException", "Cluster has nodegroups attached")
	p.down(clusterNames("")...)
	if left := p.a.Leftovers(); len(left) > 0 {
		t.Error(left)
	}
}

// The CNI's interfaces stay when the addon goes before the nodes; they hold the
// cluster's security group, which EKS then leaves behind, and both hold the VPC.
func TestCNIBeforeNodes(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.cluster("")
	p.down("coredns", "vpc-cni", "nodes", "cluster")
	broken(lawNodesOutlive)
	broken(lawClusterGroupLeft)
	p.down("private-table-a", "private-table-c")
	p.broke(p.delete("private-a"), lawSubnetDeletion, "DependencyViolation", "aws-K8S-i-")
	p.broke(p.delete("vpc"), lawVPCDeletion, "DependencyViolation", "eks-cluster-sg-eks-cluster-", "aws-K8S-i-")
	if left := strings.Join(p.a.Leftovers(), "\n"); !contains(left, "ec2 network interface", "aws-K8S-i-", "eks-cluster-sg-eks-cluster-") {
		t.Errorf("left behind:\n%s", left)
	}
}

// A cluster without its role's policy cannot clean up after itself.
func TestClusterRoleBeforeCluster(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.roles("")
	p.controlPlane("")
	p.down("cluster-policy", "cluster")
	broken(lawClusterRoleOutlives)
	p.down("private-table-a")
	p.broke(p.delete("private-a"), lawSubnetDeletion, "DependencyViolation", "Amazon EKS eks-cluster")
}

// The order of a good destroy is recorded as needs.
func TestDeletionNeeds(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.cluster("")
	p.down(clusterNames("")...)
	if !p.depends("nodes", "vpc-cni", world.Delete, lawNodesOutlive) || !p.depends("nodes", "node-worker", world.Delete, lawNodeRoleOutlives) ||
		!p.depends("cluster", "cluster-policy", world.Delete, lawClusterRoleOutlives) {
		t.Error("a deletion relied on something that no need names")
	}
	broken(lawNodeRoleOutlives)
}

// EKS makes the group of the logs by itself, and nothing deletes it then.
func TestControlPlaneLogs(t *testing.T) {
	t.Parallel()
	const tGroup, group = "aws:cloudwatch/logGroup:LogGroup", "/aws/eks/eks-cluster/cluster"
	logs := engine.Props{"enabledClusterLogTypes": []string{"audit"}}
	begin := func() *program {
		p := newProgram(t)
		p.vpc("")
		p.roles("")
		return p
	}

	p := begin()
	if _, err := p.try(tCluster, "wrong", p.clusterInputs("", engine.Props{"enabledClusterLogTypes": []string{"audit", "kubelet"}})); err == nil ||
		!contains(err.Error(), `expected enabled_cluster_log_types.1 to be one of ["api" "audit" "authenticator" "controllerManager" "scheduler"], got kubelet`, lawLogTypes.ID) {
		t.Errorf("a log that the control plane does not have: %v", err)
	}
	broken(lawLogTypes)
	p.controlPlane("")
	if left := strings.Join(p.a.Leftovers(), "\n"); contains(left, group) {
		t.Errorf("a cluster without logs has a group:\n%s", left)
	}
	if err := p.update("cluster", logs); err != nil {
		t.Fatal(err)
	}
	p.refused(lawLogGroup, "ResourceAlreadyExistsException", []string{"The specified log group already exists"}, tGroup, "late", engine.Props{"name": group})
	p.down("cluster")
	if left := strings.Join(p.a.Leftovers(), "\n"); !contains(left, "logs log group "+group) {
		t.Errorf("EKS deleted the group that it made:\n%s", left)
	}
	broken(lawControlPlaneLogs)

	p = begin()
	p.up(tGroup, "logs", engine.Props{"name": group, "retentionInDays": 30})
	p.up(tCluster, "cluster", p.clusterInputs("", logs))
	if !p.depends("cluster", "logs", world.Create, lawControlPlaneLogs) || p.a.logs[group].Retention != 30 {
		t.Error("the cluster does not use the group that was there")
	}
	p.down("logs") // the control plane goes on writing
	if left := strings.Join(p.a.Leftovers(), "\n"); !contains(left, "logs log group "+group) {
		t.Errorf("the group is gone for good while the cluster writes into it:\n%s", left)
	}

	p = begin()
	p.up(tGroup, "logs", engine.Props{"name": group, "retentionInDays": 30})
	p.up(tCluster, "cluster", p.clusterInputs("", logs))
	p.down("cluster")
	if !p.depends("cluster", "logs", world.Delete, lawControlPlaneLogs) {
		t.Error("the cluster's deletion relied on a group that no need names")
	}
	p.down("logs")
	if left := strings.Join(p.a.Leftovers(), "\n"); contains(left, group) {
		t.Errorf("left over:\n%s", left)
	}
}
