package sidecar

// DefaultImages returns the images that are used unless Args names others, by
// tag for people and by digest for the container runtime, which heeds only the
// digest of the two. Each digest is that of the multi-architecture index.
//
// Both come from places where independent projects have recorded what the
// registries served: Envoy's is the reference data plane of several Envoy
// Gateway installations, the other one is pinned by the Dockerfiles of
// https://github.com/kumahq/kuma. A newer tag wants its own digest:
// "docker buildx imagetools inspect IMAGE:TAG" prints it.
func DefaultImages() Images {
	return Images{
		Envoy: "docker.io/envoyproxy/envoy:distroless-v1.39.1" +
			"@sha256:eb2c01c13125d1629637cb4e4cce7207009fb7cc2c8027f9742758549d15b6f4",
		Iptables: "registry.k8s.io/build-image/distroless-iptables:v0.9.0" +
			"@sha256:066def23165ef4bb68f6cd375283ad99442c434c7a2e3d59b7ff1f2a0f90c0bf",
	}
}

// DefaultResources returns the proxy's resources, from what "make
// bench-dataplane" measures (docs/dataplane.md): about 70 MiB resident at rest
// and hardly more under load, of which most is the binary; a limit that leaves
// room for some hundred streams with full buffers; and about 100 µs of CPU for
// a request, so that the request covers 1,000 of them per second.
func DefaultResources() Resources {
	return Resources{CPURequest: "100m", MemoryRequest: "80Mi", MemoryLimit: "160Mi"}
}
