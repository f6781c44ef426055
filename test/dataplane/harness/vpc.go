//go:build linux

package harness

import (
	"fmt"
	"net"
	"os"

	"github.com/vishvananda/netlink"
)

// Addresses that are the same in every VPC and on every node.
const (
	agentAddress    = "169.254.170.23"  // https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html
	metadataAddress = "169.254.169.254" // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
	resolverAddress = "10.0.0.2"        // the VPC's base plus two
	gatewayAddress  = "169.254.1.1"     // the gateway that the VPC CNI gives pods
	nodeAddress     = "10.0.255.1"      // the source of the kubelet's probes
	// The source of VPC Lattice's requests and health checks.
	// https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html
	latticeAddress = "169.254.171.254"
)

// VPC is a network to which pods are attached, with its node and VPC Lattice. All
// VPCs of a harness have the same addresses.
type VPC struct {
	ID   string
	ns   *Namespace
	pods int
}

func newVPC(id string) (*VPC, error) {
	ns, err := NewNamespace()
	if err != nil {
		return nil, err
	}
	v := &VPC{ID: id, ns: ns}
	for _, a := range []string{nodeAddress, agentAddress, metadataAddress, resolverAddress, gatewayAddress} {
		if err := ns.AddAddress("lo", a+"/32"); err != nil {
			return nil, err
		}
	}
	// The pods of a VPC reach each other, as they do in a cluster.
	return v, ns.Do(func() error {
		return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)
	})
}

// attach gives a new namespace an address of the VPC as the VPC CNI does: a /32, a
// gateway on the link and one route
// (https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/cni-proposal.md).
func (v *VPC) attach(pod *Namespace, address string) (link, error) {
	v.pods++
	host := link{v.ns, fmt.Sprintf("eni%d", v.pods)}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = host.name
	veth := &netlink.Veth{LinkAttrs: attrs, PeerName: "eth0", PeerNamespace: netlink.NsFd(int(pod.fd))}
	if err := v.ns.LinkAdd(veth); err != nil {
		return host, fmt.Errorf("adding a veth pair: %w", err)
	}
	outer, err := v.ns.LinkByName(host.name)
	if err != nil {
		return host, err
	}
	inner, err := pod.LinkByName("eth0")
	if err != nil {
		return host, err
	}
	if err := v.ns.LinkSetUp(outer); err != nil {
		return host, err
	}
	if err := pod.LinkSetUp(inner); err != nil {
		return host, err
	}
	if err := pod.AddAddress("eth0", address+"/32"); err != nil {
		return host, err
	}
	gateway := net.ParseIP(gatewayAddress)
	everywhere := &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}
	for _, r := range []struct {
		in    *Namespace
		route netlink.Route
	}{
		{v.ns, netlink.Route{
			LinkIndex: outer.Attrs().Index, Scope: netlink.SCOPE_LINK,
			Src: net.ParseIP(nodeAddress), Dst: netlink.NewIPNet(net.ParseIP(address)),
		}},
		{pod, netlink.Route{LinkIndex: inner.Attrs().Index, Scope: netlink.SCOPE_LINK, Dst: netlink.NewIPNet(gateway)}},
		{pod, netlink.Route{LinkIndex: inner.Attrs().Index, Gw: gateway, Dst: everywhere}},
	} {
		if err := r.in.RouteAdd(&r.route); err != nil {
			return host, fmt.Errorf("adding a route to %v: %w", r.route.Dst, err)
		}
	}
	return host, host.open()
}
