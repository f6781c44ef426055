package aws

import (
	"slices"
	"strings"

	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

var (
	lawScaling = law.New(law.References, "node-group-scaling",
		"A node group's desired size lies between its least and its most.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupScalingConfig.html")
	lawAddresses = law.New(law.References, "subnet-free-addresses",
		"Nodes start only in subnets with free addresses; AWS keeps five of each block for itself.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html")
)

var lawNodeEntry = law.New(law.Access, "nodes-access-entry",
	"Nodes reach the API by the access entry of their role. EKS makes it with the node group when there is none, so a program that makes its own does so before the nodes and keeps it until they are gone.",
	"https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html")

func (r *request) checkNodeGroup(c *EKSCluster, ng *NodeGroup) error {
	if strings.HasPrefix(ng.AMIType, "AL2_") && slices.Index(versions, c.Version) >= slices.Index(versions, "1.33") {
		return lawNodeAMI.Refuse("InvalidParameterException", "Requested AMI for this version %s is not supported", c.Version)
	}
	types := r.list("instanceTypes")
	if len(types) == 0 {
		types = []string{ng.InstanceType}
	}
	if err := checkArchitecture(ng.AMIType, types); err != nil {
		return err
	}
	if err := checkVersion(c, ng.Version, c.Version); err != nil {
		return err
	}
	role := r.roleByARN(ng.RoleARN)
	if role == nil {
		return lawNodeGroupRefs.Refuse("InvalidParameterException", "The role with name %s cannot be found.", tail(ng.RoleARN, "/"))
	}
	if !iam.Trusts(role.Trust, nodeService, "sts:AssumeRole") {
		return lawNodeGroupRefs.Refuse("InvalidParameterException",
			"Following required service principals [%s] were not found in the trust relationships of nodeRole %s", nodeService, ng.RoleARN)
	}
	for _, id := range ng.SubnetIDs {
		s := r.ec2.subnets[id]
		if s == nil || s.VPCID != c.VPCID {
			return lawNodeGroupRefs.Refuse("InvalidParameterException", "The subnet ID '%s' does not exist in the cluster's VPC %s", id, c.VPCID)
		}
	}
	scaling := r.obj("scalingConfig")
	if err := checkScaling(number(scaling["minSize"]), ng.Desired, number(scaling["maxSize"])); err != nil {
		return err
	}
	if ng.Desired == 0 {
		return nil
	}
	return r.nodesJoin(c, ng, role)
}

func checkScaling(least, desired, most int) error {
	switch {
	case least > desired:
		return lawScaling.Refuse("InvalidParameterException", "Minimum capacity %d can't be greater than desired size %d", least, desired)
	case desired > most:
		return lawScaling.Refuse("InvalidParameterException", "desired capacity %d can't be greater than max size %d", desired, most)
	}
	return nil
}

// addressesPerNode: the instance's own interface and the one that the VPC CNI
// keeps ready for pods.
const addressesPerNode = 2

// nodesJoin is what happens between the launch of instances and their joining:
// each condition was met by something that the node group does not name.
func (r *request) nodesJoin(c *EKSCluster, ng *NodeGroup, role *Role) error {
	if err := assumeForNode(role); err != nil {
		return err
	}
	for _, wanted := range [][]string{
		{"AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy"},
		{"AmazonEC2ContainerRegistryPullOnly", "AmazonEC2ContainerRegistryReadOnly"},
		{"AmazonEKS_CNI_Policy"},
	} {
		urns := grants(role, wanted...)
		if len(urns) == 0 {
			return lawNodeRole.Refuse("NodeCreationFailure", "Instances failed to join the kubernetes cluster (role %s lacks %s)", role.Name, wanted[0])
		}
		for _, urn := range urns {
			r.op.DependsOn(urn, lawNodeRole)
		}
	}
	for i, id := range ng.SubnetIDs {
		s := r.ec2.subnets[id]
		nodes := (ng.Desired - i + len(ng.SubnetIDs) - 1) / len(ng.SubnetIDs)
		if s.free() < nodes*addressesPerNode {
			return lawAddresses.Refuse("InsufficientFreeAddresses",
				"One or more of the subnets associated with your managed node group does not have enough available IP addresses for new nodes. (%s has %d)",
				id, s.free())
		}
		if route, _ := r.defaultRoute(s); route != nil && route.GatewayID != "" && !s.MapPublicIP {
			return lawNodesNeedEgress.Refuse("Ec2SubnetInvalidConfiguration",
				"One or more Amazon EC2 Subnets of [%s] for node group %s does not automatically assign public IP addresses to instances launched into it. If you want your instances to be assigned a public IP address, then you need to enable auto-assign public IP address for the subnet.",
				id, ng.Name)
		}
		urns, err := r.egress(id)
		if err != nil {
			return lawNodesNeedEgress.Refuse("NodeCreationFailure", "Instances failed to join the kubernetes cluster (%v)", err)
		}
		for _, urn := range urns {
			r.op.DependsOn(urn, lawNodesNeedEgress)
		}
	}
	urn, ok := r.AddonRuns(c.Name, "vpc-cni")
	if !ok {
		return lawNodesNeedCNI.Refuse("NodeCreationFailure", "Unhealthy nodes in the kubernetes cluster (container runtime network not ready: cni plugin not initialized)")
	}
	r.op.DependsOn(urn, lawNodesNeedCNI)
	return nil
}

// NodesWork tells whether the nodes of a group can do their work now, and which
// resources that takes besides the group itself: the access entry of their role,
// the VPC CNI and a way out of their subnets.
func (a *Account) NodesWork(ng *NodeGroup) (neededURNs []string, err error) {
	c := a.eks.clusters[ng.Cluster]
	if c == nil {
		return nil, lawNodeGroupRefs.Refuse("ResourceNotFoundException", "No cluster found for name: %s.", ng.Cluster)
	}
	if c.AuthMode != "CONFIG_MAP" {
		entry := a.eks.entries[c.Name+":"+ng.RoleARN]
		if entry == nil {
			return nil, lawNodeEntry.Refuse("Unauthorized", "the nodes of %s may not use the API of %s: no access entry for %s", ng.Name, c.Name, ng.RoleARN)
		}
		neededURNs = append(neededURNs, entry.URN)
	}
	urn, ok := a.AddonRuns(c.Name, "vpc-cni")
	if !ok {
		return nil, lawNodesNeedCNI.Refuse("NetworkPluginNotReady", "container runtime network not ready: cni plugin not initialized")
	}
	neededURNs = append(neededURNs, urn)
	for _, id := range ng.SubnetIDs {
		urns, err := a.egress(id)
		if err != nil {
			return nil, err
		}
		neededURNs = append(neededURNs, urns...)
	}
	return unique(neededURNs), nil
}

// PodIP takes a free address for a pod from the subnet of a node, as the VPC CNI
// does; empty when there is no such node. Give it back by ReleasePodIP.
func (a *Account) PodIP(cluster, node string) string {
	for _, ng := range a.NodeGroups(cluster) {
		for _, n := range ng.Nodes {
			if n.Name == node {
				return a.ec2.subnets[n.SubnetID].takeIP()
			}
		}
	}
	return ""
}

// ReleasePodIP gives an address of PodIP back.
func (a *Account) ReleasePodIP(cluster, ip string) {
	c := a.eks.clusters[cluster]
	if c == nil {
		return
	}
	for _, s := range a.ec2.subnets {
		if s.VPCID == c.VPCID {
			delete(s.taken, ip)
		}
	}
}
