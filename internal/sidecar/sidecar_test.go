package sidecar

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

var args = Args{Region: "ap-northeast-2"}

// at walks decoded YAML: strings are keys, ints are indexes.
func at(t *testing.T, v any, path ...any) any {
	t.Helper()
	for i, step := range path {
		switch s := step.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok || m[s] == nil {
				t.Fatalf("no %v in %T", path[:i+1], v)
			}
			v = m[s]
		case int:
			l, ok := v.([]any)
			if !ok || len(l) <= s {
				t.Fatalf("no %v in %T", path[:i+1], v)
			}
			v = l[s]
		}
	}
	return v
}

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s is %v, not %v", what, got, want)
	}
}

func bootstrap(t *testing.T) map[string]any {
	t.Helper()
	text, err := Bootstrap(args)
	if err != nil {
		t.Fatal(err)
	}
	var b map[string]any
	if err := yaml.Unmarshal([]byte(text), &b); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBootstrapIsNoOpenProxy(t *testing.T) {
	t.Parallel()
	b := bootstrap(t)
	listener := at(t, b, "static_resources", "listeners", 0)
	want(t, "listening address", at(t, listener, "address", "socket_address", "address"), "127.0.0.1")
	want(t, "listening port", at(t, listener, "address", "socket_address", "port_value"), ListenPort)
	want(t, "listener filter", at(t, listener, "listener_filters", 0, "name"), "envoy.filters.listener.original_dst")
	chains := at(t, listener, "filter_chains").([]any)
	want(t, "number of filter chains", len(chains), 1)
	ranges := at(t, chains[0], "filter_chain_match", "prefix_ranges").([]any)
	want(t, "matched ranges", ranges, []any{map[string]any{"address_prefix": "169.254.171.0", "prefix_len": 24}})
	if listener.(map[string]any)["default_filter_chain"] != nil {
		t.Error("a default filter chain would accept connections that were not redirected")
	}
	want(t, "admin address", at(t, b, "admin", "address", "socket_address", "address"), "127.0.0.1")

	// The only listener that others can reach has no routes.
	ready := at(t, b, "static_resources", "listeners", 1)
	host := at(t, ready, "filter_chains", 0, "filters", 0, "typed_config", "route_config", "virtual_hosts", 0).(map[string]any)
	if host["routes"] != nil {
		t.Errorf("the readiness listener has routes: %v", host["routes"])
	}
}

func TestBootstrapSigns(t *testing.T) {
	t.Parallel()
	manager := at(t, bootstrap(t), "static_resources", "listeners", 0, "filter_chains", 0, "filters", 0, "typed_config")
	filters := at(t, manager, "http_filters").([]any)
	want(t, "number of filters", len(filters), 2)
	signing := at(t, filters[0], "typed_config")
	want(t, "service", at(t, signing, "service_name"), "vpc-lattice-svcs")
	want(t, "region", at(t, signing, "region"), args.Region)
	want(t, "unsigned payload", at(t, signing, "use_unsigned_payload"), true)
	want(t, "credential provider", at(t, signing, "credential_provider"),
		map[string]any{"custom_credential_provider_chain": true, "container_credential_provider": map[string]any{}})
	route := at(t, manager, "route_config", "virtual_hosts", 0, "routes", 0, "route")
	want(t, "response timeout", at(t, route, "timeout"), "0s")
	want(t, "retries", at(t, route, "retry_policy", "retry_on"), "connect-failure,reset-before-request")
}

// The redirect exempts the proxy's user, so applications must not use it: it is not
// root, not a service user of a distribution, and not nobody.
func TestOnlyTheProxyHasItsUser(t *testing.T) {
	t.Parallel()
	if UID < 10000 || UID == 65534 || UID == 65535 {
		t.Errorf("%d is a user that applications run as", UID)
	}
}

// Headers that a hop may add or change after the signature, and those that AWS's SDKs
// do not sign.
func TestBootstrapDoesNotSignHeadersThatChange(t *testing.T) {
	t.Parallel()
	manager := at(t, bootstrap(t), "static_resources", "listeners", 0, "filter_chains", 0, "filters", 0, "typed_config")
	var excluded []string
	for _, m := range at(t, manager, "http_filters", 0, "typed_config", "match_excluded_headers").([]any) {
		for how, header := range m.(map[string]any) {
			excluded = append(excluded, fmt.Sprint(how, " ", header))
		}
	}
	want(t, "unsigned headers", excluded, []string{
		"prefix x-envoy", "prefix x-forwarded", "exact x-amzn-trace-id", "exact user-agent", "exact expect",
		"exact transfer-encoding", "exact content-length",
	})
	want(t, "normalized path", []any{at(t, manager, "normalize_path"), at(t, manager, "merge_slashes")}, []any{true, true})
}

// The containers of a pod share its ports, and the kubelet probes from outside.
func TestPortsAreDistinctAndReachable(t *testing.T) {
	t.Parallel()
	ports := map[int]string{}
	for name, port := range map[string]int{
		"listener": ListenPort, "readiness": ReadyPort, "admin": AdminPort, "application": 8090, "redirected": 80,
	} {
		if other, taken := ports[port]; taken {
			t.Errorf("%s and %s are both on port %d", name, other, port)
		}
		ports[port] = name
	}
	ready := at(t, bootstrap(t), "static_resources", "listeners", 1)
	want(t, "address of the readiness listener", at(t, ready, "address", "socket_address"),
		map[string]any{"address": "0.0.0.0", "port_value": ReadyPort})
	check := at(t, ready, "filter_chains", 0, "filters", 0, "typed_config", "http_filters", 0, "typed_config")
	want(t, "path of the readiness listener", at(t, check, "headers"), []any{
		map[string]any{"name": ":path", "string_match": map[string]any{"exact": ReadyPath}},
	})
	parts, err := Pod(args)
	if err != nil {
		t.Fatal(err)
	}
	for _, probe := range []string{"startupProbe", "readinessProbe"} {
		want(t, probe, at(t, parts.InitContainers[1], probe, "httpGet"), map[string]any{"path": ReadyPath, "port": ReadyPort})
	}
}

func TestBootstrapVerifiesTheService(t *testing.T) {
	t.Parallel()
	cluster := at(t, bootstrap(t), "static_resources", "clusters", 0)
	want(t, "cluster type", at(t, cluster, "type"), "ORIGINAL_DST")
	want(t, "upstream port", at(t, cluster, "original_dst_lb_config", "upstream_port_override"), 443)
	options := at(t, cluster, "typed_extension_protocol_options", "envoy.extensions.upstreams.http.v3.HttpProtocolOptions")
	want(t, "names", at(t, options, "upstream_http_protocol_options"), map[string]any{"auto_sni": true, "auto_san_validation": true})
	// Shorter than a service's shortest idle timeout.
	want(t, "life of a connection", at(t, options, "common_http_protocol_options"),
		map[string]any{"idle_timeout": "50s", "max_connection_duration": "540s"})
	tls := at(t, cluster, "transport_socket", "typed_config")
	want(t, "resumable sessions", at(t, tls, "max_session_keys"), 0)
	source := at(t, tls, "common_tls_context", "validation_context_sds_secret_config", "sds_config", "path_config_source")
	want(t, "watched CA", source, map[string]any{
		"path": ConfigDir + "/" + CASecretKey, "watched_directory": map[string]any{"path": ConfigDir},
	})
	var secret map[string]any
	if err := yaml.Unmarshal([]byte(caSecret()), &secret); err != nil {
		t.Fatal(err)
	}
	want(t, "CA file", at(t, secret, "resources", 0, "validation_context", "trusted_ca", "filename"), ConfigDir+"/"+CAKey)
	want(t, "secret's name", at(t, secret, "resources", 0, "name"),
		at(t, tls, "common_tls_context", "validation_context_sds_secret_config", "name"))
}

func TestLogsDoNotContainSecretHeaders(t *testing.T) {
	t.Parallel()
	text, err := Bootstrap(args)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`%REQ\(([^)]*)\)`).FindAllStringSubmatch(text, -1) {
		if m[1] != ":METHOD" && m[1] != ":AUTHORITY" {
			t.Errorf("%s is logged", m[1])
		}
	}
}

func TestIptablesRules(t *testing.T) {
	t.Parallel()
	var rules []string
	for _, line := range strings.Split(IptablesRules(args), "\n") {
		if line != "" && !strings.HasPrefix(line, "#") {
			rules = append(rules, line)
		}
	}
	want(t, "rules", strings.Join(rules, "\n"), strings.Join([]string{
		"*nat",
		":EKS_LATTICE - [0:0]",
		"-A OUTPUT -p tcp -d 169.254.171.0/24 --dport 80 -j EKS_LATTICE",
		fmt.Sprintf("-A EKS_LATTICE -m owner --uid-owner %d -j RETURN", UID),
		fmt.Sprintf("-A EKS_LATTICE -p tcp -j REDIRECT --to-ports %d", ListenPort),
		"COMMIT",
	}, "\n"))
}

func TestBadArguments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args Args
		want string
	}{
		{Args{}, `region "" is not the name of an AWS Region, such as ap-northeast-2`},
		{Args{Region: "eu-west-1\nx: y"}, `region "eu-west-1\nx: y" is not the name of an AWS Region, such as ap-northeast-2`},
		{Args{Region: "eu-west-1", Images: Images{Envoy: `a"b`}}, `Images.Envoy "a\"b" contains white space, a quote or a backslash`},
		{
			Args{Region: "eu-west-1", Resources: Resources{MemoryLimit: "1 Gi"}},
			`Resources.MemoryLimit "1 Gi" contains white space, a quote or a backslash`,
		},
	} {
		_, err := Bootstrap(c.args)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Bootstrap(%+v) says %v", c.args, err)
		}
		if _, err := MutatingPolicy(c.args); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("MutatingPolicy(%+v) says %v", c.args, err)
		}
		if _, err := Pod(c.args); err == nil {
			t.Errorf("Pod(%+v) succeeds", c.args)
		}
	}
	for _, region := range []string{"us-gov-west-1", "ap-southeast-2", "mx-central-1", "us-iso-east-1"} {
		if _, err := Bootstrap(Args{Region: region}); err != nil {
			t.Error(err)
		}
	}
}
