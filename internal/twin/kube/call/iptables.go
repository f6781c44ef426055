package call

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// redirect takes a TCP connection through the OUTPUT chain of the nat table and
// returns the port of the pod that it is redirected to, if it is.
func redirect(rules string, address netip.Addr, port int, uid, gid int64) (to int, caught bool) {
	chains := map[string][][]string{}
	for _, line := range strings.FieldsFunc(rules, func(r rune) bool { return r == '\n' || r == ';' }) {
		words := strings.Fields(line)
		if i := slices.Index(words, "-A"); i >= 0 && i+1 < len(words) {
			chains[words[i+1]] = append(chains[words[i+1]], words[i+2:])
		}
	}
	return walk(chains, "OUTPUT", address, port, uid, gid, 0)
}

func walk(chains map[string][][]string, chain string, address netip.Addr, port int, uid, gid int64, depth int) (int, bool) {
	for _, rule := range chains[chain] {
		target, to, ok := match(rule, address, port, uid, gid)
		switch {
		case !ok:
		case target == "RETURN":
			return 0, false
		case target == "ACCEPT":
			return 0, true
		case target == "REDIRECT":
			return to, to != 0
		case depth < 10:
			if to, caught := walk(chains, target, address, port, uid, gid, depth+1); caught {
				return to, true
			}
		}
	}
	return 0, false
}

// match evaluates one rule for a TCP connection.
func match(rule []string, address netip.Addr, port int, uid, gid int64) (target string, to int, ok bool) {
	negated := false
	for i := 0; i < len(rule); i++ {
		if rule[i] == "!" {
			negated = true
			continue
		}
		if i+1 >= len(rule) {
			break
		}
		value, holds := rule[i+1], true
		switch rule[i] {
		case "-p", "--protocol":
			holds = value == "tcp"
		case "-d", "--destination":
			prefix, err := netip.ParsePrefix(value)
			holds = err == nil && prefix.Contains(address)
		case "--dport":
			holds = value == strconv.Itoa(port)
		case "--uid-owner":
			holds = value == strconv.FormatInt(uid, 10)
		case "--gid-owner":
			holds = value == strconv.FormatInt(gid, 10)
		case "-j", "--jump":
			target = value
		case "--to-ports", "--to-port":
			to, _ = strconv.Atoi(value)
		default:
			continue // -m owner, -m tcp: only load a match
		}
		i++
		if holds == negated && rule[i-1] != "-j" && rule[i-1] != "--jump" {
			return "", 0, false
		}
		negated = false
	}
	return target, to, target != ""
}
