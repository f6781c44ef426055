package call

import (
	"strings"
	"testing"
)

const latticeRules = `*nat
:LATTICE - [0:0]
-A OUTPUT -p tcp -d 169.254.171.0/24 --dport 80 -j LATTICE
-A LATTICE -m owner --uid-owner 47443 -j RETURN
-A LATTICE -p tcp -j REDIRECT --to-ports 8080
COMMIT
`

func TestRedirectRules(t *testing.T) {
	t.Parallel()
	const blueprint = "/bin/sh -c iptables -t nat -N EGRESS_PROXY; iptables -t nat -A OUTPUT -p tcp -d 169.254.171.0/24 -j EGRESS_PROXY; " +
		"iptables -t nat -A EGRESS_PROXY -m owner --gid-owner 0 -j RETURN; iptables -t nat -A EGRESS_PROXY -p tcp -j REDIRECT --to-ports " +
		"8080; iptables -t nat -L -n -v;"
	for _, c := range []struct {
		name     string
		rules    string
		port     int
		uid, gid int64
		to       int
	}{
		{"http", latticeRules, 80, 0, 0, 8080},
		{"https is left alone", latticeRules, 443, 0, 0, 0},
		{"the proxy's own", latticeRules, 80, 47443, 47443, 0},
		{"blueprint http", blueprint, 80, 0, 1000, 8080},
		{"blueprint https", blueprint, 443, 0, 1000, 8080},
		{"blueprint's group 0 escapes", blueprint, 80, 0, 0, 0},
		{"another range", strings.Replace(latticeRules, "169.254.171.0/24", "10.0.0.0/8", 1), 80, 0, 0, 0},
		{"negated", "-A OUTPUT -p tcp -m owner ! --uid-owner 5 -j REDIRECT --to-ports 9", 80, 0, 0, 9},
		{"negated, not met", "-A OUTPUT -p tcp -m owner ! --uid-owner 5 -j REDIRECT --to-ports 9", 80, 5, 0, 0},
		{"none", "", 80, 0, 0, 0},
	} {
		if to, caught := redirect(c.rules, latticeAddress, c.port, c.uid, c.gid); to != c.to || caught != (c.to != 0) {
			t.Errorf("%s: port %d, caught %v", c.name, to, caught)
		}
	}
}
