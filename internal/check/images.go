package check

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/distribution/reference"

	"eks-lattice/internal/problem"
)

// Image accepts the references of container images that a kubelet accepts.
// https://pkg.go.dev/github.com/distribution/reference
func Image(found *problem.List, path, image string) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		found.Add(path, withoutUser(image), "is not the reference of a container image; "+
			"give one such as registry.example.com/name:tag, without a scheme and in lower case")
		return
	}
	if !validPort(reference.Domain(named)) {
		found.Add(path, image, "has an invalid port; give one from 1 to 65535")
	}
}

// ImageMirror accepts a registry, with or without a path: a prefix for the
// references of images.
func ImageMirror(found *problem.List, path, mirror string) {
	const remedy = "is not a registry; give a host and path such as mirror.example.com/all, without a scheme, tag or user"
	named, err := reference.ParseNamed(mirror + "/image")
	switch {
	case err != nil, strings.Contains(mirror, "@"):
		found.Add(path, withoutUser(mirror), remedy)
	case !validPort(reference.Domain(named)):
		found.Add(path, mirror, "has an invalid port; give one from 1 to 65535")
	}
}

// ChartMirror accepts a location of Helm charts.
func ChartMirror(found *problem.List, path, mirror string) {
	const remedy = "is not a location of charts; give oci://host/path or https://host/path"
	u, err := url.Parse(mirror)
	if err != nil || (u.Scheme != "oci" && u.Scheme != "https") || !validHost(u.Hostname()) {
		found.Add(path, withoutUser(mirror), remedy)
		return
	}
	switch {
	case u.User != nil:
		found.Add(path, withoutUser(mirror), "has a user; the state and every error would show the password. "+
			"Delete it, and log in with \"helm registry login\" instead")
	case u.RawQuery != "" || u.Fragment != "":
		place, _, _ := strings.Cut(mirror, "?") // the query may contain a token
		found.Add(path, place+"?***", remedy+", without a query or fragment")
	case !validChartPath(u):
		found.Add(path, mirror, "has a path with anything but letters, digits and ._~- between single slashes")
	case !validPort(u.Host):
		found.Add(path, mirror, "has an invalid port; give one from 1 to 65535")
	}
}

var (
	chartPath = regexp.MustCompile(`^(/[\w.~-]+)*/?$`)
	hostLabel = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
	userInfo  = regexp.MustCompile(`^([a-z]+://)?.*@`)
	digest    = regexp.MustCompile(`@[a-z0-9]+:[0-9a-zA-Z]*$`)
)

func validChartPath(u *url.URL) bool {
	return chartPath.MatchString(u.EscapedPath()) && !strings.Contains(u.Path, "//") &&
		!strings.Contains(u.Path+"/", "/../") && !strings.Contains(u.Path+"/", "/./")
}

// withoutUser hides the user and password of a URL or reference. The @ before a
// digest does not follow a user.
func withoutUser(text string) string {
	name, end := text, ""
	if at := digest.FindStringIndex(text); at != nil {
		name, end = text[:at[0]], text[at[0]:]
		if !strings.ContainsAny(name, "/") { // user:password@host:5000 looks like name@algorithm:hex
			return "***@***"
		}
	}
	return userInfo.ReplaceAllString(name, "$1***@") + end
}

func validHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	for _, label := range strings.Split(host, ".") {
		if !hostLabel.MatchString(label) {
			return false
		}
	}
	return len(host) <= 253
}

// validPort reports whether the port of host:port is valid. The port is optional.
func validPort(host string) bool {
	_, port, err := net.SplitHostPort(host)
	if err != nil {
		return true // no port
	}
	n, err := strconv.Atoi(port)
	return err == nil && n >= 1 && n <= 65535
}
