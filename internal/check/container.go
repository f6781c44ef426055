package check

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"eks-lattice/internal/problem"
	"eks-lattice/internal/sidecar"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// AppPort accepts a port on which an application may listen beside its proxy,
// with which it shares the pod's network.
func AppPort(found *problem.List, path string, port int) {
	Between(1, 65535, "")(found, path, port)
	if slices.Contains([]int{sidecar.ListenPort, sidecar.ReadyPort, sidecar.AdminPort}, port) {
		found.Add(path, port, "is a port of the signing proxy, which runs in the same pod; give another one")
	}
}

// Env accepts the names of environment variables that Kubernetes accepts: printable
// ASCII characters, except the equals sign.
// https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/4369-allow-special-characters-environment-variable
func Env(found *problem.List, path string, variables map[string]string) {
	for _, name := range sortedKeys(variables) {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' || r == '=' }) {
			found.Missing(fmt.Sprintf("%s.%s", path, name), "is not the name of an environment variable; give one such as LOG_LEVEL")
		}
	}
}

var (
	labelName  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$`)
	labelValue = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$`)
)

// PodLabels accepts the labels of an application's pods.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
func PodLabels(found *problem.List, path string, labels map[string]string) {
	if _, given := labels["app"]; given {
		found.Missing(path+".app", "is the label by which the Service finds the pods; give another one")
	}
	checkLabels(found, path, labels)
}

// NodeLabels accepts labels that a kubelet may give to its node.
// https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/ (--node-labels)
func NodeLabels(found *problem.List, path string, labels map[string]string) {
	for _, key := range sortedKeys(labels) {
		prefix, _, _ := strings.Cut(key, "/")
		reserved := strings.HasSuffix("."+prefix, ".kubernetes.io") || strings.HasSuffix("."+prefix, ".k8s.io")
		allowed := prefix == "node.kubernetes.io" || strings.HasSuffix(prefix, ".node.kubernetes.io")
		if reserved && !allowed {
			found.Missing(path+"."+key, "is a label that only Kubernetes itself sets; give another prefix")
		}
	}
	checkLabels(found, path, labels)
}

func checkLabels(found *problem.List, path string, labels map[string]string) {
	for _, key := range sortedKeys(labels) {
		at, value := path+"."+key, labels[key]
		prefix, name, prefixed := strings.Cut(key, "/")
		if !prefixed {
			prefix, name = "", key
		}
		switch {
		case len(name) > maxLabel || !labelName.MatchString(name):
			found.Missing(at, "is not the name of a label; give up to 63 letters, digits and inner characters of -_., "+
				"with or without a prefix such as example.com/")
		case prefixed && !isSubdomain(prefix):
			found.Missing(at, "has a prefix that is not a domain name in lower case")
		}
		if len(value) > maxLabel || !labelValue.MatchString(value) {
			found.Add(at, value, "is not the value of a label; give up to 63 letters, digits and inner characters of -_.")
		}
	}
}

// isSubdomain reports whether a name is one of Kubernetes' DNS subdomains.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
func isSubdomain(name string) bool {
	for part := range strings.SplitSeq(name, ".") {
		if !dnsLabel.MatchString(part) {
			return false
		}
	}
	return len(name) <= 253
}

// ObjectName accepts the name of a Secret or ConfigMap.
func ObjectName(found *problem.List, path, name string) {
	if !isSubdomain(name) {
		found.Add(path, name, "may contain only lower-case letters, digits, inner hyphens and single dots, at most 253 characters")
	}
}
