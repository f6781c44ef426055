package kube

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
)

// latticeAddress is where the names of VPC Lattice resolve to in every VPC:
// https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html
var (
	latticeRange   = netip.MustParsePrefix("169.254.171.0/24")
	latticeAddress = netip.MustParseAddr("169.254.171.32")
)

// redirect takes a TCP connection through the OUTPUT chain of the nat table and
// tells to which port of the pod it goes, if to any.
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

// proxy is what listens on a port of the pod.
type proxy struct {
	http  bool   // takes plain HTTP that was meant for VPC Lattice
	signs bool   // with aws_request_signing for vpc-lattice-svcs
	port  int    // where it sends the request; 0 means where the application did
	plain bool   // it sends the request on without TLS
	trust string // the authorities that it trusts, PEM
	// anyProvider: it looks for credentials everywhere, on its node at last.
	// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/aws_request_signing_filter
	anyProvider bool
}

// proxy reads Envoy's bootstrap out of the container that is started with it.
func (q *call) proxy(port int) *proxy {
	containers := pods.Containers(q.pod)
	for _, container := range containers {
		files := pods.Files(q.API, q.pod, container)
		if p := readBootstrap(files, pods.Bootstrap(container, files), port); p != nil {
			return p
		}
		// The blueprint's image brings its own bootstrap, and fetches its CA at
		// its start with the credentials of the pod.
		if strings.Contains(obj.Str(container, "image"), "/envoy-sigv4:") && port == 8080 {
			p := &proxy{http: true, signs: true, port: 443, anyProvider: true}
			for _, e := range obj.Maps(container, "env") {
				if obj.Str(e, "name") == "CA_ARN" {
					p.trust = obj.Str(e, "value")
				}
			}
			return p
		}
	}
	return nil
}

func readBootstrap(files map[string]string, text string, port int) *proxy {
	var bootstrap obj.Map
	if text == "" || yaml.Unmarshal([]byte(text), &bootstrap) != nil {
		return nil
	}
	for _, listener := range obj.Maps(bootstrap, "static_resources", "listeners") {
		if obj.Int(listener, "address", "socket_address", "port_value") != int64(port) {
			continue
		}
		p := &proxy{}
		for _, chain := range obj.Maps(listener, "filter_chains") {
			if !takesLattice(chain) {
				continue
			}
			for _, filter := range obj.Maps(chain, "filters") {
				p.http = true
				for _, h := range obj.Maps(filter, "typed_config", "http_filters") {
					if obj.Str(h, "name") == "envoy.filters.http.aws_request_signing" && obj.Str(h, "typed_config", "service_name") == "vpc-lattice-svcs" {
						p.signs = true
						provider := obj.At(h, "typed_config", "credential_provider")
						p.anyProvider = !obj.Bool(provider, "custom_credential_provider_chain") || provider["instance_profile_credential_provider"] != nil
					}
				}
			}
		}
		for _, cluster := range obj.Maps(bootstrap, "static_resources", "clusters") {
			p.port = int(obj.Int(cluster, "original_dst_lb_config", "upstream_port_override"))
			p.plain = obj.At(cluster, "transport_socket") == nil
			p.trust += trustOf(files, obj.At(cluster, "transport_socket", "typed_config", "common_tls_context"))
		}
		return p
	}
	return nil
}

// takesLattice evaluates filter_chain_match for a redirected connection.
func takesLattice(chain obj.Map) bool {
	ranges := obj.Maps(chain, "filter_chain_match", "prefix_ranges")
	return len(ranges) == 0 || slices.ContainsFunc(ranges, func(r obj.Map) bool {
		addr, err := netip.ParseAddr(obj.Str(r, "address_prefix"))
		return err == nil && netip.PrefixFrom(addr, int(obj.Int(r, "prefix_len"))).Contains(latticeAddress)
	})
}

// trustOf reads the trusted authorities of a TLS context, directly or by a
// secret in a file.
func trustOf(files map[string]string, tls obj.Map) string {
	context := obj.At(tls, "validation_context")
	if path := obj.Str(tls, "validation_context_sds_secret_config", "sds_config", "path_config_source", "path"); path != "" {
		var secrets obj.Map
		if yaml.Unmarshal([]byte(files[path]), &secrets) != nil {
			return ""
		}
		for _, s := range obj.Maps(secrets, "resources") {
			if obj.Str(s, "name") == obj.Str(tls, "validation_context_sds_secret_config", "name") {
				context = obj.At(s, "validation_context")
			}
		}
	}
	return files[obj.Str(context, "trusted_ca", "filename")] + obj.Str(context, "trusted_ca", "inline_string")
}

// appTrust is what the application adds to the public authorities of its image.
func (q *call) appTrust() string {
	container := q.appContainer()
	files := pods.Files(q.API, q.pod, container)
	trust := ""
	for _, e := range obj.Maps(container, "env") {
		switch obj.Str(e, "name") {
		case "SSL_CERT_FILE", "CURL_CA_BUNDLE":
			trust += files[obj.Str(e, "value")]
		case "CA_ARN": // the blueprint's image fetches it at its start
			trust += obj.Str(e, "value")
		}
	}
	return trust
}

// untrusted says why a client does not accept the service's certificate.
func (q *call) untrusted(name, trust string) string {
	service := q.serviceOf(name)
	if service == nil || service.CertificateARN == "" {
		if q.url.Hostname() == name { // VPC Lattice's own names have public certificates
			return ""
		}
		return "no alternative certificate subject name matches target host name '" + q.url.Hostname() + "'"
	}
	certificate := q.Account.CertificateOf(service.CertificateARN)
	switch {
	case certificate == nil:
		return "unable to get local issuer certificate"
	case !slices.ContainsFunc(certificate.Names, func(n string) bool { return covers(n, q.url.Hostname()) }):
		return "no alternative certificate subject name matches target host name '" + q.url.Hostname() + "'"
	case strings.HasPrefix(trust, "arn:"):
		return ""
	}
	return verify(certificate, trust, q.World.Calendar())
}

// verify returns what a client that trusts a bundle of CAs has against a
// certificate, in OpenSSL's words.
func verify(certificate *aws.Certificate, trust string, now time.Time) string {
	block, _ := pem.Decode([]byte(certificate.CertPEM))
	if block == nil {
		return "unable to get local issuer certificate"
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "unable to get local issuer certificate"
	}
	roots, chain := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(trust))
	chain.AppendCertsFromPEM([]byte(certificate.ChainPEM))
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: chain, CurrentTime: now})
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "certificate has expired [law " + lawCallExpired.ID + "]"
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return "unsuitable certificate purpose"
	}
	return "unable to get local issuer certificate"
}

// covers tells whether a certificate's name, perhaps with a wildcard, is good for
// a host.
func covers(name, host string) bool {
	_, domain, _ := strings.Cut(host, ".")
	return strings.EqualFold(name, host) || strings.EqualFold(name, "*."+domain)
}
