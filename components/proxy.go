package components

import "eks-lattice/internal/sidecar"

// ProxyArgs names the images of the signing proxy that pods get. An empty name
// means the pinned default.
type ProxyArgs struct {
	EnvoyImage    string `setting:"envoyImage"`
	IptablesImage string `setting:"iptablesImage"`
}

// sidecar returns the configuration of the injected proxy.
func (a ProxyArgs) sidecar(account Account, sources Sources) sidecar.Args {
	images := sidecar.DefaultImages()
	if a.EnvoyImage != "" {
		images.Envoy = a.EnvoyImage
	}
	if a.IptablesImage != "" {
		images.Iptables = a.IptablesImage
	}
	images.Envoy, images.Iptables = sources.image(images.Envoy), sources.image(images.Iptables)
	return sidecar.Args{Region: account.Region, Images: images}
}
