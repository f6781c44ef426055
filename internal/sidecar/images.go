package sidecar

// DefaultImages returns the images that are used unless Args names others.
func DefaultImages() Images {
	return Images{
		Envoy:    "docker.io/envoyproxy/envoy:distroless-v1.38.0",
		Iptables: "registry.k8s.io/build-image/distroless-iptables:v0.9.4",
	}
}

// DefaultResources returns the proxy's resources.
func DefaultResources() Resources {
	return Resources{CPURequest: "50m", MemoryRequest: "64Mi", MemoryLimit: "160Mi"}
}
