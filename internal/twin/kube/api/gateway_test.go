package api_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/internal/upstream"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/world"
)

func parse(t *testing.T, text string) obj.Map {
	t.Helper()
	var m obj.Map
	if err := yaml.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func gatewayServer(t *testing.T) *api.Server {
	t.Helper()
	s := api.New(world.New(), "test")
	text, err := upstream.File(upstream.GatewayAPI, "config/crd/standard/gateway.networking.k8s.io_gateways.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Apply(nil, parse(t, string(text)), "test", false); err != nil {
		t.Fatal(err)
	}
	return s
}

const gateway = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: lattice-gateway, namespace: default}
spec:
  gatewayClassName: amazon-vpc-lattice
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - {name: https-default, port: 443, protocol: HTTPS}
  - {name: https-custom, port: 443, protocol: HTTPS HOSTNAME}
`

func TestGatewayCEL(t *testing.T) {
	t.Parallel()
	s := gatewayServer(t)
	for _, c := range []struct{ name, hostname, extra, want string }{
		{"two HTTPS listeners on 443 without a hostname", "", "", "Combination of port, protocol and hostname must be unique for each listener"},
		{"a hostname keeps them apart", `, hostname: "*.example.com"`, "", ""},
		{"an unknown field", `, hostname: "*.example.com", hostnames: [a]`, "",
			"failed to create typed patch object (default/lattice-gateway; gateway.networking.k8s.io/v1, Kind=Gateway): " +
				".spec.listeners[name=\"https-custom\"].hostnames: field not declared in schema"},
		{"a wrong protocol", `, hostname: "bad host"`, "", "spec.listeners[2].hostname"},
	} {
		_, err := s.Apply(nil, parse(t, strings.Replace(gateway, " HOSTNAME", c.hostname, 1)), "test", false)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}
