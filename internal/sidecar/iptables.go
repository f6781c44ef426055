package sidecar

import "fmt"

const latticeChain = "EKS_LATTICE"

// IptablesRules returns the redirect in the format of iptables-restore. With
// --noflush, the declaration of the project's own chain empties that chain, and the
// lines before COMMIT are one transaction. So a restarted init container creates
// the same rules as a first one.
//
// Only port 80 is redirected: the application's own https is TLS from end to end,
// which the proxy can neither sign nor read.
func IptablesRules(Args) string {
	return fmt.Sprintf(`# Plain http for VPC Lattice goes to the signing proxy on 127.0.0.1:%[3]d.
*nat
:%[1]s - [0:0]
-A OUTPUT -p tcp -d %[2]s --dport 80 -j %[1]s
-A %[1]s -m owner --uid-owner %[4]d -j RETURN
-A %[1]s -p tcp -j REDIRECT --to-ports %[3]d
COMMIT
`, latticeChain, LatticeCIDR, ListenPort, UID)
}
