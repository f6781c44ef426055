package call

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
)

// proxy is what listens on a port of the pod.
type proxy struct {
	http  bool   // takes plain HTTP that was meant for VPC Lattice
	signs bool   // with aws_request_signing
	scope scope  // of its signatures
	port  int    // where it sends the request; 0 means where the application did
	plain bool   // it sends the request on without TLS
	trust string // the authorities that it trusts, PEM
	// anyProvider: it looks for credentials everywhere, on its node at last.
	// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/aws_request_signing_filter
	anyProvider bool
}

// proxyOn reads Envoy's bootstrap out of the container of a pod that is started
// with it, nil when no proxy listens on the port.
func proxyOn(s *api.Server, pod *api.Object, port int) *proxy {
	for _, container := range pods.Containers(pod) {
		files := pods.Files(s, pod, container)
		if p := readBootstrap(files, pods.Bootstrap(container, files), port); p != nil {
			p.scope.region = cmp.Or(p.scope.region, environment(container, "AWS_REGION"), environment(container, "AWS_DEFAULT_REGION"))
			return p
		}
		// The blueprint's image brings its own bootstrap, and fetches its CA at
		// its start with the credentials of the pod.
		if strings.Contains(obj.Str(container, "image"), "/envoy-sigv4:") && port == 8080 {
			p := &proxy{http: true, signs: true, scope: scope{service: signedService, unsignedPayload: true}, port: 443, anyProvider: true}
			p.trust = environment(container, "CA_ARN")
			p.scope.region = environment(container, "AWS_REGION")
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
					if obj.Str(h, "name") == "envoy.filters.http.aws_request_signing" {
						p.sign(obj.At(h, "typed_config"))
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

// sign adds the signing filter of a configuration.
func (p *proxy) sign(config obj.Map) {
	p.signs = true
	p.scope = scope{service: obj.Str(config, "service_name"), region: obj.Str(config, "region"),
		unsignedPayload: obj.Bool(config, "use_unsigned_payload")}
	provider := obj.At(config, "credential_provider")
	p.anyProvider = !obj.Bool(provider, "custom_credential_provider_chain") || provider["instance_profile_credential_provider"] != nil
}

// environment is the value of a container's environment variable, empty for none.
func environment(container obj.Map, name string) string {
	for _, e := range obj.Maps(container, "env") {
		if obj.Str(e, "name") == name {
			return obj.Str(e, "value")
		}
	}
	return ""
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
