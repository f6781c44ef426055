package kube

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/charts"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/law"
)

var (
	lawControllerCRDs = law.New(law.Controller, "controller-exits-without-its-crds",
		"The Lattice controller exits at its start unless gateway.networking.k8s.io/v1 serves GatewayClass, Gateway, HTTPRoute, GRPCRoute and TLSRoute.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/cmd/aws-application-networking-k8s/main.go")
	lawControllerConfig = law.New(law.Controller, "controller-exits-without-its-cluster",
		"Without region, account, VPC or cluster name the controller asks the instance metadata service, which pods on managed nodes do not reach, and exits.",
		"https://www.gateway-api-controller.eks.aws.dev/latest/faq/")
)

// process is the program in a controller's pod while it runs.
type process struct {
	env         map[string]string
	args        map[string][]string
	seen        map[api.Key]string // what it last looked at, see latticeController.looked
	conflicts   map[string]int64   // generations of routes that are not tried again, by uid
	dnsEndpoint bool               // whether DNSEndpoint was served when the process started
}

// chartOf tells which chart's program a pod runs, by its image.
func chartOf(pod *api.Object) string {
	for _, container := range obj.Maps(pod.Content, "spec", "containers") {
		image := obj.Str(container, "image")
		switch {
		case strings.Contains(image, "/aws-gateway-controller:"):
			return charts.Lattice
		case strings.Contains(image, "/external-dns:"):
			return charts.ExternalDNS
		}
	}
	return ""
}

// runProcess starts a controller's program in its pod: whatever makes the
// program exit keeps the pod from becoming ready.
func (c *Cluster) runProcess(pod *api.Object) error {
	chart := chartOf(pod)
	if chart == "" {
		return nil
	}
	dns, ok := c.Account.AddonRuns(c.EKS.Name, "coredns")
	if !ok {
		return lawClusterDNS.Refuse("", "CrashLoopBackOff: dial tcp: lookup on 172.20.0.10:53: no such host")
	}
	pod.DependsOn(dns, lawClusterDNS)
	if c.processes[pod.UID()] != nil {
		return nil
	}
	p := &process{env: map[string]string{}, args: map[string][]string{}}
	for _, container := range obj.Maps(pod.Content, "spec", "containers") {
		for _, e := range obj.Maps(container, "env") {
			p.env[obj.Str(e, "name")] = obj.Str(e, "value")
		}
		for _, a := range obj.Strings(container, "args") {
			name, value, _ := strings.Cut(strings.TrimPrefix(a, "--"), "=")
			p.args[name] = append(p.args[name], value)
		}
	}
	p.dnsEndpoint = c.API.Serves(schema.GroupVersionKind{Group: "externaldns.k8s.io", Version: "v1alpha1", Kind: "DNSEndpoint"})
	var err error
	if chart == charts.Lattice {
		err = c.startLattice(pod, p)
	} else {
		err = c.startExternalDNS(pod, p)
	}
	if err != nil {
		return err
	}
	c.processes[pod.UID()] = p
	return nil
}

// startLattice is the start of the Gateway API controller.
func (c *Cluster) startLattice(pod *api.Object, p *process) error {
	for _, kind := range []string{"Gateway", "GatewayClass", "HTTPRoute", "GRPCRoute", "TLSRoute"} {
		gvk := schema.GroupVersionKind{Group: "gateway.networking.k8s.io", Version: "v1", Kind: kind}
		if !c.API.Serves(gvk) {
			return lawControllerCRDs.Refuse("", "CrashLoopBackOff: setup failed: required CRD not found: no matches for kind %q in version %q", kind, gvk.GroupVersion())
		}
		if crd := c.API.Definition(gvk.Group, kind); crd != nil {
			pod.DependsOnNow(crd.URN, lawControllerCRDs)
		}
	}
	if crd := c.API.Definition("externaldns.k8s.io", "DNSEndpoint"); crd != nil {
		pod.DependsOnNow(crd.URN, lawDNSEndpoint)
	}
	for _, name := range []string{"CLUSTER_VPC_ID", "REGION", "AWS_ACCOUNT_ID", "CLUSTER_NAME"} {
		if p.env[name] == "" {
			return lawControllerConfig.Refuse("", "CrashLoopBackOff: init config failed: %s is not specified: EC2MetadataError: failed to make EC2Metadata request", strings.ToLower(name))
		}
	}
	c.setupDefaultNetwork(pod, p)
	return nil
}

// running returns the leader among a chart's pods with its process.
func (c *Cluster) running(chart string) (*api.Object, *process) {
	for _, pod := range c.API.List("", "Pod", "") {
		if p := c.processes[pod.UID()]; p != nil && chartOf(pod) == chart && pods.Ready(pod) {
			return pod, p
		}
	}
	return nil, nil
}
