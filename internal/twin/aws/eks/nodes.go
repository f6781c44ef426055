package eks

import (
	"fmt"
	"slices"
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

// cniENI begins the description of an interface that the VPC CNI created.
const cniENI = "aws-K8S-"

// scale starts and stops instances until the group has that many.
func (ng *NodeGroup) scale(r *cloud.Request, size int) {
	for len(ng.Nodes) < size {
		s := ec2.Subnets.Get(r.Account, ng.SubnetIDs[len(ng.Nodes)%len(ng.SubnetIDs)])
		id := r.NewID("i")
		primary := ec2.AddInterface(r, s, ng.GroupIDs, "Primary network interface of "+id, ng.ARN)
		primary.Tags = map[string]string{"eks:cluster-name": ng.Cluster, "eks:nodegroup-name": ng.Name}
		ec2.AddInterface(r, s, ng.GroupIDs, cniENI+id, ng.ARN)
		ng.Nodes = append(ng.Nodes, Node{
			Name:       fmt.Sprintf("ip-%s.%s.compute.internal", strings.ReplaceAll(primary.PrivateIP, ".", "-"), r.Region),
			InstanceID: id, IP: primary.PrivateIP, SubnetID: s.ID, Zone: s.Zone,
		})
	}
	for len(ng.Nodes) > size {
		ng.terminate(r.Account, ng.Nodes[len(ng.Nodes)-1])
	}
}

// terminate ends one instance.
func (ng *NodeGroup) terminate(a *cloud.Account, n Node) {
	ng.Nodes = slices.DeleteFunc(ng.Nodes, func(other Node) bool { return other == n })
	ec2.DeleteInterfaces(a, ng.ARN, func(e *ec2.NetworkInterface) bool { return strings.HasSuffix(e.Description, n.InstanceID) })
}

// roll replaces all nodes: new ones join, and then each old one is drained and
// terminated. A reduction of the desired size, in contrast, does not wait for
// disruption budgets.
func (ng *NodeGroup) roll(r *cloud.Request) error {
	old := ng.Nodes
	ng.Nodes = nil
	ng.scale(r, len(old))
	ng.Nodes = append(slices.Clone(old), ng.Nodes...)
	r.Account.Change()
	for _, n := range old {
		if r.Account.OnDrain != nil {
			if err := r.Account.OnDrain(r.Op, ng.Cluster, n.Name); err != nil {
				return lawNodeDrain.Refuse("PodEvictionFailure",
					"Reached max retries while trying to evict pods from nodes in node group %s (%v)", ng.Name, err)
			}
		}
		ng.terminate(r.Account, n)
		r.Account.Change()
	}
	return nil
}

// stop ends all instances. Without the VPC CNI nothing detaches and deletes its
// interfaces.
func (ng *NodeGroup) stop(a *cloud.Account, cni bool) {
	ec2.DeleteInterfaces(a, ng.ARN, func(e *ec2.NetworkInterface) bool { return cni || !strings.HasPrefix(e.Description, cniENI) })
}

// NodeNames returns the names of the group's nodes.
func (ng *NodeGroup) NodeNames() []string {
	names := make([]string, 0, len(ng.Nodes))
	for _, n := range ng.Nodes {
		names = append(names, n.Name)
	}
	return names
}

// find returns a node of a cluster and its group.
func (e EKS) find(cluster, node string) (ng *NodeGroup, n Node, ok bool) {
	for _, ng := range e.NodeGroups(cluster) {
		for _, n := range ng.Nodes {
			if n.Name == node {
				return ng, n, true
			}
		}
	}
	return nil, Node{}, false
}

var lawHopLimit = law.New(law.PodIdentity, "metadata-hop-limit",
	"Pods get the credentials of their node from its metadata service only when the launch template's httpPutResponseHopLimit is 2 or more, "+
		"or its httpTokens optional; a client that asks every provider uses those when the pod has none of its own.",
	"https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html")

// NodeCredentials are what a pod gets from the metadata service of its node.
func (e EKS) NodeCredentials(cluster, node string) (iam.Principal, error) {
	ng, n, ok := e.find(cluster, node)
	if !ok {
		return iam.Principal{}, lawHopLimit.Refuse("", "node %s of cluster %s does not exist", node, cluster)
	}
	role := roles.Roles.ByARN(e.Account, ng.RoleARN)
	if !ng.PodsAskNode || role == nil {
		return iam.Principal{}, lawHopLimit.Refuse("EC2MetadataError",
			"failed to get IMDS token: PUT http://169.254.169.254/latest/api/token timed out")
	}
	return roles.Session(e.Account, role, n.InstanceID), nil
}

// PodIP takes a free address for a pod from the subnet of a node, as the VPC CNI
// does; empty when the node does not exist. Return it by ReleasePodIP.
func (e EKS) PodIP(cluster, node string) string {
	_, n, ok := e.find(cluster, node)
	if !ok {
		return ""
	}
	return ec2.Subnets.Get(e.Account, n.SubnetID).TakeIP()
}

// ReleasePodIP returns an address of PodIP.
func (e EKS) ReleasePodIP(cluster, ip string) {
	c := e.ClusterByName(cluster)
	if c == nil {
		return
	}
	for _, s := range ec2.Subnets.All(e.Account) {
		if s.VPCID == c.VPCID {
			s.ReleaseIP(ip)
		}
	}
}

// EgressFromNodes reports whether the subnets of a cluster's node groups reach the
// Internet, and thereby AWS's public endpoints, and which resources are on the way.
func (e EKS) EgressFromNodes(cluster string) (urns []string, err error) {
	for _, ng := range e.NodeGroups(cluster) {
		for _, id := range ng.SubnetIDs {
			way, err := ec2.Egress(e.Account, id)
			if err != nil {
				return nil, err
			}
			urns = append(urns, way...)
		}
	}
	return cloud.Unique(urns), nil
}
