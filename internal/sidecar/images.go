package sidecar

// DefaultImages returns the default images. Each has a tag for people and a digest,
// that of the multi-architecture index, for the container runtime, which ignores
// the tag.
//
// Independent projects have recorded the same digests: several installations of
// Envoy Gateway run this Envoy, and the Dockerfiles of
// https://github.com/kumahq/kuma pin the other image. For a newer tag,
// "docker buildx imagetools inspect IMAGE:TAG" prints the digest.
func DefaultImages() Images {
	return Images{
		Envoy: "docker.io/envoyproxy/envoy:distroless-v1.39.1" +
			"@sha256:eb2c01c13125d1629637cb4e4cce7207009fb7cc2c8027f9742758549d15b6f4",
		Iptables: "registry.k8s.io/build-image/distroless-iptables:v0.9.0" +
			"@sha256:066def23165ef4bb68f6cd375283ad99442c434c7a2e3d59b7ff1f2a0f90c0bf",
	}
}

// DefaultResources returns the proxy's resources, based on the measurements of
// "make bench-dataplane" (docs/dataplane.md). The proxy uses about 70 MiB, mostly
// for its binary, and hardly more under load. The limit leaves room for some
// hundred streams with full buffers. A request takes about 100 µs of CPU, so the
// CPU request covers 1,000 requests per second.
func DefaultResources() Resources {
	return Resources{CPURequest: "100m", MemoryRequest: "80Mi", MemoryLimit: "160Mi"}
}
