package kubelet

import (
	"strings"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
)

// Program is the program of a controller, which pods of its image run.
type Program interface {
	// Image is the name of the image without registry and tag.
	Image() string
	// Start starts the program in a pod. An error is why the program exits.
	Start(pod *api.Object, p Process) error
}

// Process is what a program is started with.
type Process struct {
	Env  map[string]string
	Args map[string][]string // of each flag, without dashes
}

// Arg returns the first value of a flag, or else otherwise.
func (p Process) Arg(name, otherwise string) string {
	if v := p.Args[name]; len(v) > 0 {
		return v[0]
	}
	return otherwise
}

// Add lets pods run a program.
func (k *Kubelet) Add(p Program) { k.programs = append(k.programs, p) }

// Leader returns the pod that works among those that run a program, nil when
// none is ready.
func (k *Kubelet) Leader(p Program) *api.Object {
	for _, pod := range k.mgr.API.List("", "Pod", "") {
		if k.started[pod.UID()] && runs(pod, p) && pods.Ready(pod) {
			return pod
		}
	}
	return nil
}

func runs(pod *api.Object, p Program) bool {
	for _, container := range obj.Maps(pod.Content, "spec", "containers") {
		if strings.Contains(obj.Str(container, "image"), "/"+p.Image()+":") {
			return true
		}
	}
	return false
}

// runProgram starts the program of a controller. If it exits, the pod does not
// become ready.
func (k *Kubelet) runProgram(pod *api.Object) error {
	for _, p := range k.programs {
		if runs(pod, p) {
			return k.startProgram(pod, p)
		}
	}
	return nil
}

func (k *Kubelet) startProgram(pod *api.Object, program Program) error {
	dns, ok := k.mgr.Account.EKS.AddonRuns(k.mgr.EKS.Name, "coredns")
	if !ok {
		return LawClusterDNS.Refuse("", "CrashLoopBackOff: dial tcp: lookup on 172.20.0.10:53: no such host")
	}
	pod.DependsOn(dns, LawClusterDNS)
	if k.started[pod.UID()] {
		return nil
	}
	p := Process{Env: map[string]string{}, Args: map[string][]string{}}
	for _, container := range obj.Maps(pod.Content, "spec", "containers") {
		for _, e := range obj.Maps(container, "env") {
			p.Env[obj.Str(e, "name")] = obj.Str(e, "value")
		}
		for _, a := range obj.Strings(container, "args") {
			name, value, _ := strings.Cut(strings.TrimPrefix(a, "--"), "=")
			p.Args[name] = append(p.Args[name], value)
		}
	}
	if err := program.Start(pod, p); err != nil {
		return err
	}
	k.started[pod.UID()] = true
	return nil
}
