package sidecar

import "fmt"

const latticeChain = "EKS_LATTICE"

// IptablesRules returns the redirect as iptables-restore reads it. Restoring
// with --noflush declares, and by that empties, the project's own chain, and
// the lines before COMMIT are applied as one transaction, so that a restarted
// init container leaves the same rules as a first one.
//
// Only port 80 is redirected: the application's own https is TLS from end to
// end, so no proxy could sign it, and it must not meet a proxy that expects
// plain http.
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
