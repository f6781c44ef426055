package eks

import (
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/law"
)

var (
	lawNodeRole = law.New(law.References, "node-role-policies",
		"Nodes join only when their role carries the worker node, CNI and registry policies.",
		"https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html")
	lawNodesNeedCNI = law.New(law.References, "nodes-need-cni",
		"Nodes become Ready only where the VPC CNI runs.",
		"https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html")
	lawNodesNeedEgress = law.New(law.References, "node-group-needs-egress",
		"A node group's nodes join only through subnets with a way out: a NAT gateway's route, or public addresses and an internet gateway.",
		"https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html")
	lawAddresses = law.New(law.References, "subnet-free-addresses",
		"Nodes start only in subnets with free addresses; AWS keeps five of each block for itself.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html")
)

// addressesPerNode: the instance's own interface and the one that the VPC CNI
// keeps ready for pods.
const addressesPerNode = 2

// join is what happens between the launch of instances and their joining: each
// condition depends on something that the node group does not name.
func (ng *NodeGroup) join(r *cloud.Request, c *Cluster, role *roles.Role) error {
	if err := assumeForNode(role); err != nil {
		return err
	}
	for _, wanted := range [][]string{
		{"AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy"},
		{"AmazonEC2ContainerRegistryPullOnly", "AmazonEC2ContainerRegistryReadOnly"},
		{"AmazonEKS_CNI_Policy"},
	} {
		urns := roles.Grants(role, wanted...)
		if len(urns) == 0 {
			return lawNodeRole.Refuse("NodeCreationFailure",
				"Instances failed to join the kubernetes cluster (role %s lacks %s)", role.Name, wanted[0])
		}
		for _, urn := range urns {
			r.Op.DependsOn(urn, lawNodeRole)
		}
	}
	for i, id := range ng.SubnetIDs {
		nodes := (ng.Desired - i + len(ng.SubnetIDs) - 1) / len(ng.SubnetIDs)
		if err := ng.launch(r, ec2.Subnets.Get(r.Account, id), nodes); err != nil {
			return err
		}
	}
	urn, ok := EKS{r.Account}.AddonRuns(c.Name, "vpc-cni")
	if !ok {
		return lawNodesNeedCNI.Refuse("NodeCreationFailure",
			"Unhealthy nodes in the kubernetes cluster (container runtime network not ready: cni plugin not initialized)")
	}
	r.Op.DependsOn(urn, lawNodesNeedCNI)
	return nil
}

// launch reports whether nodes start in a subnet and get out of it.
func (ng *NodeGroup) launch(r *cloud.Request, s *ec2.Subnet, nodes int) error {
	if s.Free() < nodes*addressesPerNode {
		return lawAddresses.Refuse("InsufficientFreeAddresses", "One or more of the subnets associated with your managed node group "+
			"does not have enough available IP addresses for new nodes. (%s has %d)", s.ID, s.Free())
	}
	if route, _ := ec2.DefaultRoute(r.Account, s); route != nil && route.GatewayID != "" && !s.MapPublicIP {
		return lawNodesNeedEgress.Refuse("Ec2SubnetInvalidConfiguration", "One or more Amazon EC2 Subnets of [%s] for node group %s "+
			"does not automatically assign public IP addresses to instances launched into it. If you want your instances to be assigned "+
			"a public IP address, then you need to enable auto-assign public IP address for the subnet.", s.ID, ng.Name)
	}
	urns, err := ec2.Egress(r.Account, s.ID)
	if err != nil {
		return lawNodesNeedEgress.Refuse("NodeCreationFailure", "Instances failed to join the kubernetes cluster (%v)", err)
	}
	for _, urn := range urns {
		r.Op.DependsOn(urn, lawNodesNeedEgress)
	}
	return nil
}
