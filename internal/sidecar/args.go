package sidecar

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Args configures the proxy. The zero value of every field but Region means its
// default.
type Args struct {
	// Region of the Lattice services, such as "ap-northeast-2". Every signature
	// contains it. Required.
	Region string
	// Images of the two containers. Empty fields mean DefaultImages.
	Images Images
	// Resources of the proxy. Empty fields mean DefaultResources.
	Resources Resources
}

// Images are references of container images.
type Images struct {
	// Envoy runs the proxy: any image with Envoy 1.34 or newer as
	// /usr/local/bin/envoy.
	Envoy string
	// Iptables has iptables-restore on its PATH.
	Iptables string
}

// Resources are Kubernetes quantities for the proxy.
type Resources struct {
	CPURequest, MemoryRequest, MemoryLimit string
}

var regionPattern = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)

func (a Args) withDefaults() Args {
	images, resources := DefaultImages(), DefaultResources()
	setDefault(&a.Images.Envoy, images.Envoy)
	setDefault(&a.Images.Iptables, images.Iptables)
	setDefault(&a.Resources.CPURequest, resources.CPURequest)
	setDefault(&a.Resources.MemoryRequest, resources.MemoryRequest)
	setDefault(&a.Resources.MemoryLimit, resources.MemoryLimit)
	return a
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

func (a Args) check() error {
	var problems []error
	if !regionPattern.MatchString(a.Region) {
		problems = append(problems, fmt.Errorf("region %q is not the name of an AWS Region, such as ap-northeast-2", a.Region))
	}
	for _, f := range []struct{ name, value string }{
		{"Images.Envoy", a.Images.Envoy}, {"Images.Iptables", a.Images.Iptables},
		{"Resources.CPURequest", a.Resources.CPURequest},
		{"Resources.MemoryRequest", a.Resources.MemoryRequest}, {"Resources.MemoryLimit", a.Resources.MemoryLimit},
	} {
		if strings.ContainsAny(f.value, " \t\r\n\"'\\") {
			problems = append(problems, fmt.Errorf("%s %q contains white space, a quote or a backslash", f.name, f.value))
		}
	}
	return errors.Join(problems...)
}
