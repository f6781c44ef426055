package kubetest

import (
	"testing"

	"eks-lattice/internal/twin/kube/internal/upstream"
)

// Definitions reads the CustomResourceDefinitions that the program applies.
func Definitions(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range []struct{ module, path, name string }{
		{upstream.GatewayAPI, "config/crd/standard/gateway.networking.k8s.io_gatewayclasses.yaml", "gatewayclasses"},
		{upstream.GatewayAPI, "config/crd/standard/gateway.networking.k8s.io_gateways.yaml", "gateways"},
		{upstream.GatewayAPI, "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml", "httproutes"},
		{upstream.GatewayAPI, "config/crd/standard/gateway.networking.k8s.io_grpcroutes.yaml", "grpcroutes"},
		{upstream.GatewayAPI, "config/crd/standard/gateway.networking.k8s.io_tlsroutes.yaml", "tlsroutes"},
		{upstream.ExternalDNS, "charts/external-dns/crds/dnsendpoints.externaldns.k8s.io.yaml", "dnsendpoints"},
	} {
		text, err := upstream.File(f.module, f.path)
		if err != nil {
			t.Fatal(err)
		}
		out[f.name] = string(text)
	}
	return out
}
