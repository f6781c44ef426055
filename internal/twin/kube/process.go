package kube

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/kubelet"
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
	kubelet.Process
	seen        map[api.Key]string // what it last looked at, see latticeController.looked
	conflicts   map[string]int64   // generations of routes that are not tried again, by uid
	dnsEndpoint bool               // whether DNSEndpoint was served when the process started
}

type (
	latticeProgram struct{ *Cluster }
	dnsProgram     struct{ *Cluster }
)

func (latticeProgram) Image() string { return "aws-gateway-controller" }
func (dnsProgram) Image() string     { return "external-dns" }

func (p latticeProgram) Start(pod *api.Object, process kubelet.Process) error {
	return p.Cluster.start(pod, process, p.startLattice)
}

func (p dnsProgram) Start(pod *api.Object, process kubelet.Process) error {
	return p.Cluster.start(pod, process, p.startExternalDNS)
}

func (c *Cluster) start(pod *api.Object, process_ kubelet.Process, start func(*api.Object, *process) error) error {
	p := &process{Process: process_}
	p.dnsEndpoint = c.API.Serves(schema.GroupVersionKind{Group: "externaldns.k8s.io", Version: "v1alpha1", Kind: "DNSEndpoint"})
	if err := start(pod, p); err != nil {
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
		if p.Env[name] == "" {
			return lawControllerConfig.Refuse("", "CrashLoopBackOff: init config failed: %s is not specified: EC2MetadataError: failed to make EC2Metadata request", strings.ToLower(name))
		}
	}
	c.setupDefaultNetwork(pod, p)
	return nil
}

// running returns the leader among a chart's pods with its process.
func (c *Cluster) running(p kubelet.Program) (*api.Object, *process) {
	if pod := c.kubelet.Leader(p); pod != nil {
		return pod, c.processes[pod.UID()]
	}
	return nil, nil
}
