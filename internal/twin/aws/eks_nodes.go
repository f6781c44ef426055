package aws

import (
	"fmt"
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

// NodeGroup is a managed node group with its running nodes.
type NodeGroup struct {
	Meta
	Cluster      string
	RoleARN      string
	SubnetIDs    []string
	Least, Most  int
	Desired      int
	AMIType      string
	InstanceType string
	Version      string
	Release      string // of EKS's image
	Labels       map[string]string
	GroupIDs     []string // the security groups that its nodes and their pods carry
	Template     string   // the launch template's id, empty for none
	PodsAskNode  bool     // pods reach the metadata service of their node
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
	lawHopLimit = law.New(law.PodIdentity, "metadata-hop-limit",
		"Pods get the credentials of their node from its metadata service when the launch template's httpPutResponseHopLimit is 2 or more, or its httpTokens optional; whoever in them asks every provider goes on with those when the pod has none of its own.",
		"https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html")
	lawNodesOutlive = law.New(law.Deletion, "cni-outlives-nodes",
		"When the VPC CNI goes before the nodes, its network interfaces stay behind and block security groups, subnets and VPC.",
		"https://github.com/aws-ia/terraform-aws-eks-blueprints/pull/477")
	lawNodeRoleOutlives = law.New(law.Deletion, "node-role-outlives-nodes",
		"The policies of the nodes' role outlive the node group, else EKS cannot remove instances and network interfaces.",
		"https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/eks_node_group")
)

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
	check:    checkNodes,
	create:   createNodeGroup,
	update: func(r *request) error {
		ng := r.eks.nodeGroups[r.id]
		version := r.str("version")
		if version == "" {
			version = ng.Version
		}
		if err := checkVersion(r.ClusterByName(ng.Cluster), version, ng.Version); err != nil {
			return err
		}
		release := r.str("releaseVersion")
		if release == "" && version == ng.Version {
			release = ng.Release
		}
		release, err := r.nodeRelease(release, version)
		if err != nil {
			return err
		}
		rolls := r.changed("launchTemplate") || release != ng.Release
		ng.Tags, ng.Version, ng.Release = r.tags(), version, release
		scaling := r.obj("scalingConfig")
		least, desired, most := number(scaling["minSize"]), number(scaling["desiredSize"]), number(scaling["maxSize"])
		if err := checkScaling(least, desired, most); err != nil {
			return err
		}
		ng.Least, ng.Most = least, most
		ng.Labels = r.labels()
		if err := r.launchWith(r.ClusterByName(ng.Cluster), ng); err != nil {
			return err
		}
		if rolls { // new instances take over from the old ones
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
		Desired: number(r.obj("scalingConfig")["desiredSize"]), Least: number(r.obj("scalingConfig")["minSize"]),
		Most: number(r.obj("scalingConfig")["maxSize"]), InstanceType: "t3.medium", Version: c.Version, Labels: r.labels(),
	}
	if types := r.list("instanceTypes"); len(types) > 0 {
		ng.InstanceType = types[0]
	}
	if v := r.str("version"); v != "" {
		ng.Version = v
	}
	if ng.AMIType == "" {
		ng.AMIType = "AL2023_x86_64_STANDARD"
	}
	release, err := r.nodeRelease(r.str("releaseVersion"), ng.Version)
	if err != nil {
		return "", err
	}
	ng.Release = release
	if err := r.launchWith(c, ng); err != nil {
		return "", err
	}
	if err := r.checkNodeGroup(c, ng); err != nil {
		return "", err
	}
	r.scale(ng)
	r.eks.nodeGroups[key] = ng
	if entry := r.eks.entries[c.Name+":"+ng.RoleARN]; entry != nil {
		r.op.DependsOn(entry.URN, lawNodeEntry)
	} else if c.AuthMode != "CONFIG_MAP" {
		r.eks.entries[c.Name+":"+ng.RoleARN] = &AccessEntry{
			Meta: Meta{Region: r.region, ARN: r.entryARN(c.Name, ng.RoleARN)}, Cluster: c.Name, PrincipalARN: ng.RoleARN, Type: "EC2_LINUX",
			Groups: []string{"system:nodes"}, Username: "system:node:{{EC2PrivateDNSName}}",
		}
	}
	return key, nil
}

func (r *request) labels() map[string]string {
	labels := map[string]string{}
	for k, v := range r.obj("labels") {
		labels[k] = text(v)
	}
	return labels
}

// launchWith takes over what a launch template says about the instances.
func (r *request) launchWith(c *EKSCluster, ng *NodeGroup) error {
	t, data, err := r.template()
	if err != nil {
		return err
	}
	ng.GroupIDs, ng.PodsAskNode = []string{c.SecurityGroupID}, false
	if t == nil {
		return nil
	}
	ng.Template = t.ID
	metadata := obj(data["metadataOptions"])
	ng.PodsAskNode = text(metadata["httpEndpoint"]) != "disabled" &&
		(number(metadata["httpPutResponseHopLimit"]) > 1 || text(metadata["httpTokens"]) == "optional")
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
		r.op.DependsOn(urn, lawNodesOutlive)
	} else { // nobody detaches and deletes the CNI's interfaces
		left = func(e *NetworkInterface) bool { return !strings.HasPrefix(e.Description, cniENI) }
	}
	if role := r.roleByARN(ng.RoleARN); role != nil {
		for _, urn := range grants(role, "AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy", "AmazonEKS_CNI_Policy") {
			r.op.DependsOn(urn, lawNodeRoleOutlives)
		}
	}
	r.dropENIs(ng.ARN, left)
	delete(r.eks.nodeGroups, r.id)
	if entry := r.eks.entries[ng.Cluster+":"+ng.RoleARN]; entry != nil {
		r.op.DependsOn(entry.URN, lawNodeEntry)
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
	return engine.Props{
		"arn": ng.ARN, "amiType": ng.AMIType, "diskSize": disk, "capacityType": r.or("capacityType", "ON_DEMAND"), "instanceTypes": r.or("instanceTypes", []any{ng.InstanceType}),
		"status": "ACTIVE", "version": ng.Version, "releaseVersion": ng.Release, "nodeGroupNamePrefix": "",
		"scalingConfig": engine.Props{"minSize": ng.Least, "desiredSize": ng.Desired, "maxSize": ng.Most}, "labels": ng.Labels,
		"nodeRoleArn": ng.RoleARN, "subnetIds": list(ng.SubnetIDs), "tagsAll": ng.tagsAll(),
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

// NodeCredentials are what a pod gets from the metadata service of its node, if
// the node lets it reach that.
func (a *Account) NodeCredentials(cluster, node string) (iam.Principal, bool) {
	for _, ng := range a.NodeGroups(cluster) {
		for _, n := range ng.Nodes {
			role := a.roleByARN(ng.RoleARN)
			if n.Name != node || !ng.PodsAskNode || role == nil {
				continue
			}
			return iam.Principal{
				ARN:     a.arn("sts", "", a.ID, "assumed-role/"+role.Name+"/"+n.InstanceID),
				RoleARN: role.ARN, Account: a.ID, Policies: a.documents(role),
			}, true
		}
	}
	return iam.Principal{}, false
}
