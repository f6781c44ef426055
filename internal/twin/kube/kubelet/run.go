package kubelet

import (
	"strings"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/law"
)

// Run starts a pod that is placed on a node as far as it can, writes the pod's
// status and reports whether it is ready. An image that was pulled is not pulled
// again.
func (k *Kubelet) Run(pod *api.Object) bool {
	if pod.Terminating() || k.mgr.NodeGroup(obj.Str(pod.Content, "spec", "nodeName")) == nil {
		return false
	}
	if err := k.start(pod); err != nil {
		return k.notReady(pod, "Pending", err)
	}
	if !pods.Ready(pod) { // what listens does not change while a program runs
		if err := k.probe(pod); err != nil {
			return k.notReady(pod, "Running", err)
		}
		k.mgr.Clear(pod) // once it runs, what troubles its program stays
	}
	k.identity.Start(pod)
	k.writePodStatus(pod, "Running", true, "")
	return true
}

func (k *Kubelet) notReady(pod *api.Object, phase string, err error) bool {
	k.mgr.Blame(pod, law.Of(err), "%s", controller.Message(err))
	k.writePodStatus(pod, phase, false, controller.Message(err))
	return false
}

// start checks what a pod's containers need to run.
func (k *Kubelet) start(pod *api.Object) error {
	cni, ok := k.mgr.Account.EKS.AddonRuns(k.mgr.EKS.Name, "vpc-cni")
	if !ok {
		return LawCNI.Refuse("", "FailedCreatePodSandBox: plugin type=\"aws-cni\" name=\"aws-cni\" failed (add): add cmd: failed to assign an "+
			"IP address to container")
	}
	pod.DependsOn(cni, LawCNI)
	if err := k.mounts(pod); err != nil {
		return err
	}
	if obj.Str(pod.Content, "status", "phase") != "Running" {
		needed, err := k.mgr.Account.EKS.EgressFromNodes(k.mgr.EKS.Name)
		if err != nil {
			image := ""
			if containers := obj.Maps(pod.Content, "spec", "containers"); len(containers) > 0 {
				image = obj.Str(containers[0], "image")
			}
			return LawImages.Refuse("", "ImagePullBackOff: Back-off pulling image %q: %s", image, controller.Message(err))
		}
		for _, urn := range needed {
			pod.DependsOn(urn, LawImages)
		}
		if err := k.architecture(pod); err != nil {
			return err
		}
		if err := k.startContainers(pod); err != nil {
			return err
		}
	}
	if err := nonRoot(pod); err != nil {
		return err
	}
	if err := k.variables(pod); err != nil {
		return err
	}
	return k.runProgram(pod)
}

// mounts checks the volumes that come from other objects.
func (k *Kubelet) mounts(pod *api.Object) error {
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
				o := k.mgr.API.Get("", m.kind, pod.Namespace, m.name)
				if o == nil {
					return LawMounts.Refuse("", "FailedMount: MountVolume.SetUp failed for volume %q : %s %q not found", obj.Str(v, "name"),
						strings.ToLower(m.kind), m.name)
				}
				pod.DependsOn(o.URN, LawMounts)
			}
		}
	}
	return nil
}

func (k *Kubelet) writePodStatus(pod *api.Object, phase string, ready bool, reason string) {
	status := map[bool]string{true: "True", false: "False"}[ready]
	ip := obj.Str(pod.Content, "status", "podIP")
	if ip == "" && phase == "Running" {
		ip = k.podIP(pod)
	}
	_ = k.mgr.API.Write(pod, "kubelet", func(content obj.Map) {
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

// podIP allocates an address for a pod, and releases those of deleted pods.
func (k *Kubelet) podIP(pod *api.Object) string {
	alive := map[string]bool{}
	for _, p := range k.mgr.API.List("", "Pod", "") {
		alive[p.UID()] = true
	}
	for _, uid := range obj.Keys(k.ips) {
		if !alive[uid] {
			k.mgr.Account.EKS.ReleasePodIP(k.mgr.EKS.Name, k.ips[uid])
			delete(k.ips, uid)
		}
	}
	ip := k.mgr.Account.EKS.PodIP(k.mgr.EKS.Name, obj.Str(pod.Content, "spec", "nodeName"))
	k.ips[pod.UID()] = ip
	return ip
}
