package components

import (
	"strings"

	"eks-lattice/internal/settings"
)

// Sources redirects where charts and images come from, as a whole: for a
// mirror, a pull-through cache or a network without Internet access.
type Sources struct {
	// ImageMirror is put before every image, whose own registry stays part of
	// the path: with "mirror.example.com/all", public.ecr.aws/a/b:1 becomes
	// mirror.example.com/all/public.ecr.aws/a/b:1. Empty means no mirror.
	ImageMirror string
	// ChartMirror is one place that holds all charts under their own names: an
	// OCI registry as oci://host/path, or a chart repository as https://host/path.
	// Empty means each chart's own origin.
	ChartMirror string
}

func (s *Sources) settings() settings.List {
	return settings.List{
		settings.ImageMirror.For(&s.ImageMirror),
		settings.ChartMirror.For(&s.ChartMirror),
	}
}

// image returns where an image comes from. The image names its registry.
func (s Sources) image(reference string) string {
	if s.ImageMirror == "" {
		return reference
	}
	return s.ImageMirror + "/" + reference
}

// chart is a Helm chart at its origin.
type chart struct {
	repository string // oci://... or https://...
	name       string
	version    string
}

// The versions belong together: the controller v2.1 is built on Gateway API
// v1.5, whose CRDs are in the folder crds.
var (
	latticeChart = chart{
		repository: "oci://public.ecr.aws/aws-application-networking-k8s",
		name:       "aws-gateway-controller-chart",
		version:    "v2.1.3",
	}
	externalDNSChart = chart{
		repository: "https://kubernetes-sigs.github.io/external-dns/",
		name:       "external-dns",
		version:    "1.21.1",
	}
	kyvernoChart = chart{
		repository: "https://kyverno.github.io/kyverno/",
		name:       "kyverno",
		version:    "3.9.1",
	}
)

// release fills in where a chart comes from.
func (s Sources) release(c chart, args releaseArgs) releaseArgs {
	repository := c.repository
	if s.ChartMirror != "" {
		repository = s.ChartMirror
	}
	args.Version = c.version
	if strings.HasPrefix(repository, "oci://") {
		args.Chart = strings.TrimSuffix(repository, "/") + "/" + c.name
	} else {
		args.Chart, args.Repository = c.name, repository
	}
	return args
}
