package aws

import (
	"fmt"
	"slices"
	"strings"
)

// clusterNetwork makes what EKS puts into the VPC: the cluster security group
// and the control plane's interfaces, one in each of two zones.
func (r *request) clusterNetwork(c *EKSCluster, vpc *VPC) error {
	g, err := r.addGroup(vpc, fmt.Sprintf("eks-cluster-sg-%s-%s", c.Name, r.World.ID(r.urn, 10)),
		"EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads.", "")
	if err != nil {
		return err
	}
	g.Owner = c.Name
	g.Rules = []GroupRule{
		{ID: r.newID("sgr"), Protocol: "-1", Peer: g.ID},
		{ID: r.newID("sgr"), Protocol: "-1", Peer: "0.0.0.0/0", Egress: true},
	}
	c.SecurityGroupID = g.ID
	seen := map[string]bool{}
	for _, id := range c.SubnetIDs {
		s := r.ec2.subnets[id]
		if !seen[s.Zone] && len(seen) < 2 {
			seen[s.Zone] = true
			r.addENI(s, append([]string{g.ID}, c.ExtraGroupIDs...), "Amazon EKS "+c.Name, "eks:"+c.Name)
		}
	}
	return nil
}

var zonesWithoutEKS = []string{"use1-az3", "usw1-az2", "cac1-az3"}

func (r *request) clusterSubnets(ids []string) (*VPC, []string, error) {
	var vpc string
	inZones := map[string]bool{}
	for _, id := range ids {
		s := r.ec2.subnets[id]
		if s == nil || s.Region != r.region {
			return nil, nil, lawClusterZones.Refuse("InvalidParameterException", "The subnet ID '%s' does not exist", id)
		}
		if vpc != "" && s.VPCID != vpc {
			return nil, nil, lawClusterZones.Refuse("InvalidParameterException", "Subnets specified must all be in the same VPC")
		}
		vpc = s.VPCID
		if slices.Contains(zonesWithoutEKS, zoneID(s.Zone)) {
			return nil, nil, lawClusterZone.Refuse("UnsupportedAvailabilityZoneException",
				"Cannot create cluster '%s' because %s, the targeted availability zone, does not currently have sufficient capacity to support the cluster.", r.str("name"), s.Zone)
		}
		inZones[s.Zone] = true
	}
	if len(inZones) < 2 {
		return nil, nil, lawClusterZones.Refuse("InvalidParameterException", "Subnets specified must be in at least two different AZs")
	}
	return r.ec2.vpcs[vpc], ids, nil
}

func (r *request) clusterRole(clusterARN string) (*Role, error) {
	role, err := r.assumeForCluster(clusterARN, r.str("roleArn"))
	if err != nil {
		return nil, err
	}
	if len(grants(role, "AmazonEKSClusterPolicy")) == 0 {
		return nil, lawClusterRole.Refuse("InvalidRequestException",
			"The provided role doesn't have the Amazon EKS Managed Policies associated with it. Please ensure the following policies [%s] are attached",
			r.arn("iam", "", "aws", "policy/AmazonEKSClusterPolicy"))
	}
	return role, nil
}

// grants returns the URNs that attached a managed policy to a role.
func grants(role *Role, policies ...string) []string {
	var urns []string
	for arn, urn := range role.Attached {
		if slices.Contains(policies, tail(arn, "/")) {
			urns = append(urns, urn)
		}
	}
	return urns
}

// serviceCIDR is what EKS takes when the program says nothing: the one of
// 10.100.0.0/16 and 172.20.0.0/16 that the VPC does not use.
func serviceCIDR(r *request, vpc *VPC) string {
	if given := text(r.obj("kubernetesNetworkConfig")["serviceIpv4Cidr"]); given != "" {
		return given
	}
	if vpc.CIDR.Addr().As4()[0] == 10 {
		return "172.20.0.0/16"
	}
	return "10.100.0.0/16"
}

// Clusters returns the account's EKS clusters by name.
func (a *Account) Clusters() []*EKSCluster { return sorted(a.eks.clusters) }

// ClusterByName returns nil when there is none.
func (a *Account) ClusterByName(name string) *EKSCluster { return a.eks.clusters[name] }

// ClusterByEndpoint returns nil when there is none.
func (a *Account) ClusterByEndpoint(url string) *EKSCluster {
	for _, c := range a.Clusters() {
		if strings.TrimSuffix(c.Endpoint, "/") == strings.TrimSuffix(url, "/") {
			return c
		}
	}
	return nil
}
