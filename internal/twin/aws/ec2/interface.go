package ec2

import "eks-lattice/internal/twin/aws/cloud"

// AddInterface creates a network interface in a subnet with the next free address.
func AddInterface(r *cloud.Request, s *Subnet, groups []string, description, owner string) *NetworkInterface {
	eni := &NetworkInterface{
		Meta: r.Identified("eni", "ec2", "network-interface", description), VPCID: s.VPCID, SubnetID: s.ID, PrivateIP: s.TakeIP(),
		GroupIDs: groups, Description: description, Owner: owner,
	}
	Interfaces.Put(r.Account, eni)
	return eni
}

// DeleteInterfaces deletes the network interfaces of an owner that match.
func DeleteInterfaces(a *cloud.Account, owner string, match func(*NetworkInterface) bool) {
	for _, eni := range Interfaces.All(a) {
		if eni.Owner == owner && (match == nil || match(eni)) {
			Interfaces.Delete(a, eni.ID)
			if s := Subnets.Get(a, eni.SubnetID); s != nil {
				s.ReleaseIP(eni.PrivateIP)
			}
		}
	}
}

// TakeIP returns the lowest free address of a subnet; AWS keeps the first four and
// the last. https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
func (s *Subnet) TakeIP() string {
	addr := s.CIDR.Addr()
	for range 4 {
		addr = addr.Next()
	}
	for s.CIDR.Contains(addr.Next()) {
		if ip := addr.String(); !s.taken[ip] {
			s.taken[ip] = true
			return ip
		}
		addr = addr.Next()
	}
	return ""
}

// ReleaseIP returns an address to the subnet.
func (s *Subnet) ReleaseIP(ip string) { delete(s.taken, ip) }

// Free counts the addresses that TakeIP can still return.
func (s *Subnet) Free() int { return 1<<(32-s.CIDR.Bits()) - 5 - len(s.taken) }
