package eks

import (
	"net/netip"
	"slices"
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// Deployer is where Pulumi runs. The zero value is somewhere on the Internet that
// every list of public networks admits.
type Deployer struct {
	Address       netip.Addr // in a private network
	PublicAddress netip.Addr // as the Internet sees it
}

var deployers = cloud.NewState(func() *Deployer { return &Deployer{} })

// DeployFrom says where Pulumi runs.
func (e EKS) DeployFrom(d Deployer) { *deployers.In(e.Account) = d }

var (
	lawEndpointAccess = law.New(law.Access, "endpoint-access",
		"An API has a public endpoint, a private one or both, and the networks that the public one admits are public IPv4 networks.",
		"https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html")
	lawPublicEndpoint = law.New(law.Access, "public-endpoint-admits",
		"An API's public endpoint answers only the networks in publicAccessCidrs; connections from elsewhere time out.",
		"https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html")
	lawPrivateEndpoint = law.New(law.Access, "private-endpoint-is-inside",
		"An API without a public endpoint is reached only from the cluster's VPC or a connected network: routes must lead there and back, "+
			"and the control plane's security group must admit port 443.",
		"https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html#private-access")
)

// notPublic are networks that no public endpoint can admit.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("127.0.0.0/8"),
}

// putEndpointAccess takes over what the program says of the API's endpoints.
func (c *Cluster) putEndpointAccess(r *cloud.Request) error {
	config := r.Obj("vpcConfig")
	public, private := true, cloud.Truth(config["endpointPrivateAccess"])
	if v, given := config["endpointPublicAccess"].(bool); given {
		public = v
	}
	cidrs := cloud.Texts(config["publicAccessCidrs"])
	if !public && !private {
		return lawEndpointAccess.Refuse("InvalidParameterException", "Private and public endpoint access cannot be false")
	}
	var invalid []string
	for _, cidr := range cidrs {
		block, err := netip.ParsePrefix(cidr)
		inside := func(p netip.Prefix) bool { return p.Contains(block.Addr()) && p.Bits() <= block.Bits() }
		if err != nil || !block.Addr().Is4() || slices.ContainsFunc(notPublic, inside) {
			invalid = append(invalid, cidr)
		}
	}
	if len(invalid) > 0 {
		return lawEndpointAccess.Refuse("InvalidParameterException",
			"The following CIDRs are invalid in publicAccessCidrs: [%s]", strings.Join(invalid, ","))
	}
	if len(cidrs) == 0 {
		cidrs = []string{"0.0.0.0/0"}
	}
	c.PublicAccess, c.PrivateAccess, c.PublicCIDRs = public, private, cidrs
	return nil
}

// Reach reports whether the deployer gets a connection to a cluster's API. The
// error is what a client sees; the operation depends on what is on the way.
func (e EKS) Reach(op *world.Op, c *Cluster) error {
	from := *deployers.In(e.Account)
	if c.PublicAccess {
		admitted := func(cidr string) bool {
			block, err := netip.ParsePrefix(cidr)
			return err == nil && block.Contains(from.PublicAddress)
		}
		if from.PublicAddress.IsValid() && !slices.ContainsFunc(c.PublicCIDRs, admitted) {
			return lawPublicEndpoint.Refuse("", "dial tcp: i/o timeout (the public endpoint of %s does not admit %s)", c.Name, from.PublicAddress)
		}
		return nil
	}
	for _, eni := range ec2.Interfaces.Where(e.Account, func(x *ec2.NetworkInterface) bool { return x.Owner == c.owner() }) {
		urns, why := []string(nil), "the API has no public endpoint, and the deployer is on the Internet"
		if from.Address.IsValid() {
			urns, why = ec2.Connection(e.Account, from.Address, eni, 443)
		}
		if why != "" {
			return lawPrivateEndpoint.Refuse("", "dial tcp %s:443: i/o timeout (%s)", eni.PrivateIP, why)
		}
		for _, urn := range urns {
			op.DependsOn(urn, lawPrivateEndpoint)
		}
	}
	return nil
}
