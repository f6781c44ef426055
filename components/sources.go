package components

import "strings"

// Sources replaces the origins of all charts and images, for a mirror or a
// pull-through cache.
type Sources struct {
	// ImageMirror is the prefix of every image, whose own registry remains in the
	// path: with "mirror.example.com/all", public.ecr.aws/a/b:1 becomes
	// mirror.example.com/all/public.ecr.aws/a/b:1. Empty means no mirror.
	ImageMirror string `setting:"imageMirror"`
	// ChartMirror is the location of all charts under their own names: an OCI
	// registry as oci://host/path, or a chart repository as https://host/path.
	// Empty means each chart's own origin.
	ChartMirror string `setting:"chartMirror"`
}

// image returns the reference of an image, which contains its registry.
func (s Sources) image(reference string) string {
	if s.ImageMirror == "" {
		return reference
	}
	return s.ImageMirror + "/" + reference
}

// chart is a Helm chart at its own origin.
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

// release adds the location of a chart to the inputs of its release.
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
