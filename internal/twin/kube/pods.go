package kube

import (
	"fmt"
	"strings"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var (
	lawServiceAccount = law.New(law.Kubernetes, "pod-needs-its-service-account",
		"A pod is refused when its service account does not exist.",
		"https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#serviceaccount-admission-controller")
	lawNodes = law.New(law.Kubernetes, "pods-need-nodes",
		"Pods stay Pending without a node that has room for them, and go when their node goes.",
		"https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/")
	lawImages = law.New(law.Kubernetes, "images-need-egress",
		"Images are pulled through the network of the node's subnet: without NAT or an endpoint no new pod starts.",
		"https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html")
	lawMounts = law.New(law.Kubernetes, "mounts-must-exist",
		"A pod waits in ContainerCreating until the ConfigMaps and Secrets that it mounts are there.",
		"https://kubernetes.io/docs/concepts/configuration/configmap/#using-configmaps-as-files-from-a-pod")
	lawCNI = law.New(law.Kubernetes, "pods-need-the-cni",
		"Without the VPC CNI no pod gets an address.",
		"https://docs.aws.amazon.com/eks/latest/userguide/managing-vpc-cni.html")
	lawClusterDNS = law.New(law.Kubernetes, "names-need-coredns",
		"A process in a pod resolves names through CoreDNS; without the addon it cannot reach anything that it knows by name.",
		"https://docs.aws.amazon.com/eks/latest/userguide/managing-coredns.html")
)

// newPod creates a pod and places it on a node.
func (c *Cluster) newPod(op *world.Op, content obj.Map, workload *api.Object) (*api.Object, error) {
	namespace := obj.Str(content, "metadata", "namespace")
	account := obj.Str(content, "spec", "serviceAccountName")
	if account == "" {
		account = "default"
	}
	sa := c.API.Get("", "ServiceAccount", namespace, account)
	if sa == nil {
		return nil, lawServiceAccount.Refuse("Forbidden", "pods %q is forbidden: error looking up service account %s/%s: serviceaccount %q not found",
			obj.Str(content, "metadata", "name"), namespace, account, account)
	}
	pod, err := c.API.Create(op, content, controllerManager)
	if err != nil {
		return nil, err
	}
	if workload != nil {
		pod.URN = workload.URN
	}
	pod.DependsOnNow(sa.URN, lawServiceAccount)
	c.place(pod)
	return pod, nil
}

// place is the scheduler: the node with the fewest pods that still has room.
func (c *Cluster) place(pod *api.Object) {
	used := map[string]int{}
	for _, p := range c.API.List("", "Pod", "") {
		used[obj.Str(p.Content, "spec", "nodeName")]++
	}
	var best *aws.Node
	nodes := c.Nodes()
	for i, n := range nodes {
		if (n.MaxPods == 0 || used[n.Name] < n.MaxPods) && (best == nil || used[n.Name] < used[best.Name]) {
			best = &nodes[i]
		}
	}
	if best == nil {
		reason := "no nodes available to schedule pods"
		if len(nodes) > 0 {
			reason = fmt.Sprintf("0/%d nodes are available: %d Too many pods. preemption: 0/%d nodes are available: %d No preemption victims found for incoming pod.",
				len(nodes), len(nodes), len(nodes), len(nodes))
		}
		c.Blame(pod, lawNodes, "Unschedulable: %s", reason)
		return
	}
	_ = c.API.Write(pod, "kube-scheduler", func(content obj.Map) { obj.Set(content, best.Name, "spec", "nodeName") })
}

// evict removes the pods whose node is gone; their owners make new ones.
func (c *Cluster) evict(op *world.Op) {
	alive := map[string]bool{}
	for _, n := range c.Nodes() {
		alive[n.Name] = true
	}
	for _, p := range c.API.List("", "Pod", "") {
		if node := obj.Str(p.Content, "spec", "nodeName"); node != "" && !alive[node] {
			_ = c.API.Delete(controller.Acting(op, p), p.Key)
		}
	}
}

// runPod is the kubelet: it starts the pod as far as it can, writes its status
// and tells whether it is ready. An image that was pulled is not pulled again.
func (c *Cluster) runPod(pod *api.Object) bool {
	if pod.Terminating() {
		return false
	}
	node := obj.Str(pod.Content, "spec", "nodeName")
	if node == "" {
		if c.place(pod); obj.Str(pod.Content, "spec", "nodeName") == "" {
			return false
		}
		node = obj.Str(pod.Content, "spec", "nodeName")
	}
	group := c.NodeGroup(node)
	if group == nil {
		return false
	}
	if err := c.start(pod); err != nil {
		c.Fail(pod, lawAvailable, err)
		c.writePodStatus(pod, "Pending", false, controller.Message(err))
		return false
	}
	if !pods.Ready(pod) { // what listens does not change while a program runs
		if err := c.probe(pod); err != nil {
			c.Fail(pod, lawAvailable, err)
			c.writePodStatus(pod, "Running", false, controller.Message(err))
			return false
		}
		c.Clear(pod) // once it runs, what troubles its program stays
	}
	if c.held[pod.UID()] == "" {
		_, _, _ = c.credentials(pod) // programs that have any ask for them at their start
	}
	pod.DependsOn(group.URN, lawNodes)
	c.writePodStatus(pod, "Running", true, "")
	return true
}

// start checks what a pod's containers need to run.
func (c *Cluster) start(pod *api.Object) error {
	cni, ok := c.Account.AddonRuns(c.EKS.Name, "vpc-cni")
	if !ok {
		return lawCNI.Refuse("", "FailedCreatePodSandBox: plugin type=\"aws-cni\" name=\"aws-cni\" failed (add): add cmd: failed to assign an IP address to container")
	}
	pod.DependsOn(cni, lawCNI)
	if err := c.mounts(pod); err != nil {
		return err
	}
	if obj.Str(pod.Content, "status", "phase") != "Running" {
		needed, err := c.Account.EgressFromNodes(c.EKS.Name)
		if err != nil {
			image := ""
			if containers := obj.Maps(pod.Content, "spec", "containers"); len(containers) > 0 {
				image = obj.Str(containers[0], "image")
			}
			return lawImages.Refuse("", "ImagePullBackOff: Back-off pulling image %q: %s", image, controller.Message(err))
		}
		for _, urn := range needed {
			pod.DependsOn(urn, lawImages)
		}
		if err := c.startContainers(pod); err != nil {
			return err
		}
	}
	if err := nonRoot(pod); err != nil {
		return err
	}
	return c.runProcess(pod)
}

// mounts checks the volumes that come from other objects.
func (c *Cluster) mounts(pod *api.Object) error {
	for _, v := range obj.Maps(pod.Content, "spec", "volumes") {
		sources := []obj.Map{v}
		sources = append(sources, obj.Maps(v, "projected", "sources")...)
		for _, s := range sources {
			for _, m := range []struct{ field, kind, name string }{
				{"configMap", "ConfigMap", obj.Str(s, "configMap", "name")},
				{"secret", "Secret", obj.Str(s, "secret", "secretName") + obj.Str(s, "secret", "name")},
			} {
				if obj.At(s, m.field) == nil || obj.Bool(s, m.field, "optional") {
					continue
				}
				o := c.API.Get("", m.kind, pod.Namespace, m.name)
				if o == nil {
					return lawMounts.Refuse("", "FailedMount: MountVolume.SetUp failed for volume %q : %s %q not found", obj.Str(v, "name"), strings.ToLower(m.kind), m.name)
				}
				pod.DependsOn(o.URN, lawMounts)
			}
		}
	}
	return nil
}

func (c *Cluster) writePodStatus(pod *api.Object, phase string, ready bool, reason string) {
	status := map[bool]string{true: "True", false: "False"}[ready]
	ip := obj.Str(pod.Content, "status", "podIP")
	if ip == "" && phase == "Running" {
		ip = c.podIP(pod)
	}
	_ = c.API.Write(pod, "kubelet", func(content obj.Map) {
		obj.Set(content, phase, "status", "phase")
		condition := obj.Map{"type": "Ready", "status": status}
		if reason != "" {
			condition["message"] = reason
		}
		obj.Set(content, []any{condition}, "status", "conditions")
		if ip != "" {
			obj.Set(content, ip, "status", "podIP")
			obj.Set(content, []any{obj.Map{"ip": ip}}, "status", "podIPs")
		}
	})
}

// podIP takes an address for a pod, and gives those of pods that are gone back.
func (c *Cluster) podIP(pod *api.Object) string {
	alive := map[string]bool{}
	for _, p := range c.API.List("", "Pod", "") {
		alive[p.UID()] = true
	}
	for _, uid := range sortedKeys(c.ips) {
		if !alive[uid] {
			c.Account.ReleasePodIP(c.EKS.Name, c.ips[uid])
			delete(c.ips, uid)
		}
	}
	ip := c.Account.PodIP(c.EKS.Name, obj.Str(pod.Content, "spec", "nodeName"))
	c.ips[pod.UID()] = ip
	return ip
}
