package aws

import (
	"fmt"
	"regexp"
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// NodeGroup is a managed node group with its running nodes.
type NodeGroup struct {
	Meta
	Cluster      string
	RoleARN      string
	SubnetIDs    []string
	Desired      int
	AMIType      string
	InstanceType string
	Version      string
	Labels       map[string]string
	GroupIDs     []string // the security groups that its nodes and their pods carry
	Template     string   // the launch template's id, empty for none
	Nodes        []Node
}

// NodeNames returns the names of the group's nodes.
func (ng *NodeGroup) NodeNames() []string {
	names := make([]string, 0, len(ng.Nodes))
	for _, n := range ng.Nodes {
		names = append(names, n.Name)
	}
	return names
}

// Node is one EC2 instance of a node group.
type Node struct {
	Name       string // "ip-10-0-1-23.ap-northeast-2.compute.internal"
	InstanceID string
	IP         string
	SubnetID   string
	Zone       string
	MaxPods    int
}

var (
	lawNodeGroupRefs = law.New(law.References, "node-group-references",
		"A node group needs an existing active cluster, subnets of its VPC, a role that trusts ec2.amazonaws.com and a name that is unique in the cluster.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html")
	lawNodeRole = law.New(law.References, "node-role-policies",
		"Nodes join only when their role carries the worker node, CNI and registry policies.",
		"https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html")
	lawNodesNeedCNI = law.New(law.References, "nodes-need-cni",
		"Nodes become Ready only where the VPC CNI runs.",
		"https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html")
	lawNodesNeedEgress = law.New(law.References, "node-group-needs-egress",
		"A node group's nodes join only through subnets with a way out: a NAT gateway's route, or public addresses and an internet gateway.",
		"https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html")
	lawNodeAMI = law.New(law.References, "node-ami-type",
		"Amazon Linux 2 images end with Kubernetes 1.32.",
		"https://docs.aws.amazon.com/eks/latest/userguide/eks-ami-deprecation-faqs.html")
	lawNodeArchitecture = law.New(law.References, "node-architecture",
		"The instance types of a node group have the processor architecture of its AMI type.",
		"https://github.com/eksctl-io/eksctl/issues/7754")
	lawNodesOutlive = law.New(law.Deletion, "cni-outlives-nodes",
		"When the VPC CNI goes before the nodes, its network interfaces stay behind and block security groups, subnets and VPC.",
		"https://github.com/aws-ia/terraform-aws-eks-blueprints/pull/477")
	lawNodeRoleOutlives = law.New(law.Deletion, "node-role-outlives-nodes",
		"The policies of the nodes' role outlive the node group, else EKS cannot remove instances and network interfaces.",
		"https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/eks_node_group")
)

// armInstance matches the types with AWS's own processors: a g behind the
// generation, and the oldest ones.
// https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
var armInstance = regexp.MustCompile(`^([a-z]+[0-9]+g|a1\.)`)

// maxPods of instance types: https://github.com/awslabs/amazon-eks-ami/blob/main/templates/shared/runtime/eni-max-pods.txt
var maxPods = map[string]int{
	"t3.small": 11, "t3.medium": 17, "t3.large": 35, "t3.xlarge": 58, "m5.large": 29, "m5.xlarge": 58, "m5.2xlarge": 58,
	"m6i.large": 29, "m6i.xlarge": 58, "m7i.large": 29, "m6g.large": 29, "m7g.large": 29, "c5.large": 29, "t4g.medium": 17,
}

var nodeGroupKind = &kind{
	token:    "aws:eks/nodeGroup:NodeGroup",
	required: []string{"clusterName", "nodeRoleArn", "scalingConfig", "subnetIds"},
	forceNew: []string{"clusterName", "nodeGroupName", "nodeRoleArn", "subnetIds", "amiType", "instanceTypes", "capacityType", "diskSize", "remoteAccess", "launchTemplate.id", "launchTemplate.name"},
	sets:     []string{"subnetIds"},
	autoname: "nodeGroupName",
	nameMax:  63,
	create:   createNodeGroup,
	update: func(r *request) error {
		ng := r.eks.nodeGroups[r.id]
		ng.Tags = r.tags()
		if v := r.str("version"); v != "" {
			ng.Version = v
		}
		scaling := r.obj("scalingConfig")
		desired := number(scaling["desiredSize"])
		if err := checkScaling(number(scaling["minSize"]), desired, number(scaling["maxSize"])); err != nil {
			return err
		}
		if err := r.launchWith(r.ClusterByName(ng.Cluster), ng); err != nil {
			return err
		}
		if r.changed("launchTemplate") || r.changed("version") { // new instances take over from the old ones
			ng.Desired = 0
			r.scale(ng)
		}
		ng.Desired = desired
		r.scale(ng)
		return nil
	},
	remove:  deleteNodeGroup,
	outputs: nodeGroupOutputs,
}

func createNodeGroup(r *request) (string, error) {
	c := r.ClusterByName(r.str("clusterName"))
	if c == nil || c.Region != r.region {
		return "", lawNodeGroupRefs.Refuse("ResourceNotFoundException", "No cluster found for name: %s.", r.str("clusterName"))
	}
	key := c.Name + ":" + r.str("nodeGroupName")
	if r.eks.nodeGroups[key] != nil {
		return "", lawNodeGroupRefs.Refuse("ResourceInUseException", "NodeGroup already exists with name %s and cluster name %s", r.str("nodeGroupName"), c.Name)
	}
	ng := &NodeGroup{
		Meta:    r.meta(key, r.arn("eks", r.region, r.ID, "nodegroup/"+c.Name+"/"+r.str("nodeGroupName")+"/"+r.World.ID(r.urn, 36)), r.str("nodeGroupName")),
		Cluster: c.Name, RoleARN: r.str("nodeRoleArn"), SubnetIDs: r.list("subnetIds"), AMIType: r.str("amiType"),
		Desired: number(r.obj("scalingConfig")["desiredSize"]), InstanceType: "t3.medium", Version: c.Version, Labels: map[string]string{},
	}
	if types := r.list("instanceTypes"); len(types) > 0 {
		ng.InstanceType = types[0]
	}
	if ng.AMIType == "" {
		ng.AMIType = "AL2023_x86_64_STANDARD"
	}
	for k, v := range r.obj("labels") {
		ng.Labels[k] = text(v)
	}
	if err := r.launchWith(c, ng); err != nil {
		return "", err
	}
	if err := r.checkNodeGroup(c, ng); err != nil {
		return "", err
	}
	r.scale(ng)
	r.eks.nodeGroups[key] = ng
	if entry := r.eks.entries[c.Name+":"+ng.RoleARN]; entry != nil {
		r.op.Need(entry.URN, lawNodeEntry)
	} else if c.AuthMode != "CONFIG_MAP" {
		r.eks.entries[c.Name+":"+ng.RoleARN] = &AccessEntry{
			Meta: Meta{Region: r.region, ARN: r.entryARN(c.Name, ng.RoleARN)}, Cluster: c.Name, PrincipalARN: ng.RoleARN, Type: "EC2_LINUX",
			Groups: []string{"system:nodes"}, Username: "system:node:{{EC2PrivateDNSName}}",
		}
	}
	return key, nil
}

// launchWith takes over what a launch template says about the instances.
func (r *request) launchWith(c *EKSCluster, ng *NodeGroup) error {
	t, data, err := r.template()
	if err != nil {
		return err
	}
	ng.GroupIDs = []string{c.SecurityGroupID}
	if t == nil {
		return nil
	}
	ng.Template = t.ID
	if groups := texts(data["vpcSecurityGroupIds"]); len(groups) > 0 {
		ng.GroupIDs = groups
	}
	if kind := text(data["instanceType"]); kind != "" {
		ng.InstanceType = kind
	}
	return nil
}

// scale starts and stops instances until the group has as many as desired.
func (r *request) scale(ng *NodeGroup) {
	c := r.ClusterByName(ng.Cluster)
	for len(ng.Nodes) < ng.Desired {
		s := r.ec2.subnets[ng.SubnetIDs[len(ng.Nodes)%len(ng.SubnetIDs)]]
		id := r.newID("i")
		primary := r.addENI(s, ng.GroupIDs, "Primary network interface of "+id, ng.ARN)
		primary.Tags = map[string]string{"eks:cluster-name": c.Name, "eks:nodegroup-name": ng.Name}
		r.addENI(s, ng.GroupIDs, cniENI+id, ng.ARN)
		pods := maxPods[ng.InstanceType]
		if pods == 0 {
			pods = 29
		}
		ng.Nodes = append(ng.Nodes, Node{
			Name:       fmt.Sprintf("ip-%s.%s.compute.internal", dashed(primary.PrivateIP), r.region),
			InstanceID: id, IP: primary.PrivateIP, SubnetID: s.ID, Zone: s.Zone, MaxPods: pods,
		})
	}
	for len(ng.Nodes) > ng.Desired {
		gone := ng.Nodes[len(ng.Nodes)-1]
		ng.Nodes = ng.Nodes[:len(ng.Nodes)-1]
		r.dropENIs(ng.ARN, func(e *NetworkInterface) bool { return strings.HasSuffix(e.Description, gone.InstanceID) })
	}
}

// cniENI begins the description of an interface that the VPC CNI made.
const cniENI = "aws-K8S-"

func deleteNodeGroup(r *request) error {
	ng := r.eks.nodeGroups[r.id]
	left := func(*NetworkInterface) bool { return true }
	if urn, ok := r.AddonRuns(ng.Cluster, "vpc-cni"); ok {
		r.op.Need(urn, lawNodesOutlive)
	} else { // nobody detaches and deletes the CNI's interfaces
		left = func(e *NetworkInterface) bool { return !strings.HasPrefix(e.Description, cniENI) }
	}
	if role := r.roleByARN(ng.RoleARN); role != nil {
		for _, urn := range grants(role, "AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy", "AmazonEKS_CNI_Policy") {
			r.op.Need(urn, lawNodeRoleOutlives)
		}
	}
	r.dropENIs(ng.ARN, left)
	delete(r.eks.nodeGroups, r.id)
	if entry := r.eks.entries[ng.Cluster+":"+ng.RoleARN]; entry != nil {
		r.op.Need(entry.URN, lawNodeEntry)
		if entry.URN == "" {
			delete(r.eks.entries, ng.Cluster+":"+ng.RoleARN)
		}
	}
	return nil
}

func nodeGroupOutputs(r *request) engine.Props {
	ng := r.eks.nodeGroups[r.id]
	if ng == nil {
		return nil
	}
	disk := r.or("diskSize", 20)
	if ng.Template != "" {
		disk = 0 // the template's business
	}
	scaling := merge(engine.Props{"minSize": 1, "maxSize": 1}, r.obj("scalingConfig"))
	return engine.Props{
		"arn": ng.ARN, "amiType": ng.AMIType, "diskSize": disk, "capacityType": r.or("capacityType", "ON_DEMAND"), "instanceTypes": r.or("instanceTypes", []any{ng.InstanceType}),
		"status": "ACTIVE", "version": ng.Version, "releaseVersion": ng.Version + ".0-20260801", "nodeGroupNamePrefix": "", "scalingConfig": scaling,
		"updateConfig":     r.or("updateConfig", engine.Props{"maxUnavailable": 1, "maxUnavailablePercentage": 0}),
		"nodeRepairConfig": r.or("nodeRepairConfig", engine.Props{"enabled": false}),
		"resources": []any{engine.Props{"remoteAccessSecurityGroupId": "",
			"autoscalingGroups": []any{engine.Props{"name": "eks-" + ng.Name + "-" + tail(ng.ARN, "/")}}}},
	}
}

// NodeGroups returns a cluster's node groups by name.
func (a *Account) NodeGroups(cluster string) []*NodeGroup {
	var out []*NodeGroup
	for _, ng := range sorted(a.eks.nodeGroups) {
		if ng.Cluster == cluster {
			out = append(out, ng)
		}
	}
	return out
}
