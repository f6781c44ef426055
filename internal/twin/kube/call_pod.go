package kube

import (
	"fmt"
	"slices"
	"strings"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/world"
)

// annotationKey asks for the sidecar; with the blueprint's spelling.
const annotationKey = "vpc-lattices-svcs.amazonaws.com/agent-inject"

// callerPod finds or makes the pod that a request comes from; drop removes what
// was made.
func (c *Cluster) callerPod(op *world.Op, caller Caller) (pod *api.Object, drop func(), err error) {
	drop = func() {}
	if caller.Deployment != "" {
		d := c.API.Get("apps", "Deployment", caller.Namespace, caller.Deployment)
		if d == nil {
			return nil, drop, fmt.Errorf("no Deployment %s/%s in cluster %s", caller.Namespace, caller.Deployment, caller.Cluster)
		}
		for _, p := range pods.ReadyOf(c.API, d) {
			return p, drop, nil
		}
		return nil, drop, fmt.Errorf("finding a caller: no pod of Deployment %s/%s in cluster %s is ready", caller.Namespace, caller.Deployment, caller.Cluster)
	}
	drop, err = c.prepareNamespace(op, caller)
	if err != nil {
		return nil, drop, err
	}
	name := "caller-" + c.workloads.Suffix("caller")
	metadata := obj.Map{"name": name, "namespace": caller.Namespace, "labels": obj.Map{"run": name}}
	if caller.Injected {
		metadata["annotations"] = obj.Map{annotationKey: "true"}
	}
	account := caller.ServiceAccount
	if account == "" {
		account = "default"
	}
	made, err := c.workloads.CreatePod(&world.Op{Action: world.Read}, obj.Map{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": obj.Map{
		"serviceAccountName": account,
		"containers":         []any{obj.Map{"name": "curl", "image": "public.ecr.aws/docker/library/busybox:1.37"}},
	}}, nil)
	if err != nil {
		return nil, drop, err
	}
	before := drop
	drop = func() {
		_ = c.API.Delete(&world.Op{Action: world.Read}, made.Key)
		before()
	}
	if !c.workloads.Run(made) {
		t, _ := c.Trouble(made.Key)
		return nil, drop, fmt.Errorf("the caller's pod does not start: %s", t.Text)
	}
	return made, drop, nil
}

// prepareNamespace gives a caller what a person would set up for a test like
// it: namespace, service account and association as those of an application in
// the cluster, with the sidecar's ConfigMap. What was there stays as it is.
func (c *Cluster) prepareNamespace(op *world.Op, caller Caller) (drop func(), err error) {
	var made []api.Key
	drop = func() {
		c.identity.Return(caller.Namespace)
		for _, key := range slices.Backward(made) {
			_ = c.API.Delete(&world.Op{Action: world.Read}, key)
		}
		_ = c.API.Settle(op)
	}
	add := func(content obj.Map) error {
		o, err := c.API.Apply(&world.Op{Action: world.Read}, content, "call", true)
		if err == nil {
			made = append(made, o.Key)
		}
		return err
	}
	model := c.modelApp()
	if c.API.Get("", "Namespace", "", caller.Namespace) == nil {
		labels := obj.Map{}
		if model != nil {
			for k, v := range c.API.Get("", "Namespace", "", model.Namespace).Labels() {
				if k != "kubernetes.io/metadata.name" {
					labels[k] = v
				}
			}
		}
		if err := add(obj.Map{"apiVersion": "v1", "kind": "Namespace", "metadata": obj.Map{"name": caller.Namespace, "labels": labels}}); err != nil {
			return drop, err
		}
	}
	account := caller.ServiceAccount
	if account != "" && c.API.Get("", "ServiceAccount", caller.Namespace, account) == nil {
		if err := add(obj.Map{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": obj.Map{"name": account, "namespace": caller.Namespace}}); err != nil {
			return drop, err
		}
	}
	if account == "" {
		account = "default"
	}
	if model == nil {
		return drop, nil
	}
	if c.identity.Association(caller.Namespace, account) == nil {
		c.identity.Borrow(caller.Namespace, model.Namespace, obj.Str(model.Content, "spec", "serviceAccountName"))
	}
	for _, v := range obj.Maps(model.Content, "spec", "volumes") {
		name := obj.Str(v, "configMap", "name")
		if name == "" || c.API.Get("", "ConfigMap", caller.Namespace, name) != nil {
			continue
		}
		if from := c.API.Get("", "ConfigMap", model.Namespace, name); from != nil {
			if err := add(obj.Map{"apiVersion": "v1", "kind": "ConfigMap", "metadata": obj.Map{"name": name, "namespace": caller.Namespace}, "data": from.Content["data"]}); err != nil {
				return drop, err
			}
		}
	}
	return drop, nil
}

// modelApp is a running pod that has the sidecar and an association.
func (c *Cluster) modelApp() *api.Object {
	for _, pod := range c.API.List("", "Pod", "") {
		if pod.Annotation(annotationKey) == "true" && pods.Ready(pod) && c.identity.Association(pod.Namespace, obj.Str(pod.Content, "spec", "serviceAccountName")) != nil {
			return pod
		}
	}
	return nil
}

// appUser is the uid and gid that the application's processes run as.
func (q *call) appUser() (uid, gid int64) {
	container := q.appContainer()
	gid, _ = obj.Number(pods.Setting(q.pod, container, "runAsGroup"))
	return pods.User(q.pod, container), gid
}

// appContainer is the container that is not a proxy: kubectl exec -c.
func (q *call) appContainer() obj.Map {
	containers := obj.Maps(q.pod.Content, "spec", "containers")
	for _, container := range containers {
		if !strings.Contains(obj.Str(container, "image"), "envoy") {
			return container
		}
	}
	return containers[0]
}

// rules is the text of the iptables rules that the init containers set: those
// in their command lines and those in the files that the commands name.
func (q *call) rules() string {
	var b strings.Builder
	for _, container := range obj.Maps(q.pod.Content, "spec", "initContainers") {
		command := strings.Join(pods.Command(container), " ")
		if !strings.Contains(command, "iptables") {
			continue
		}
		b.WriteString(command + "\n")
		files := pods.Files(q.API, q.pod, container)
		for _, path := range obj.Keys(files) {
			if strings.Contains(command, path) {
				b.WriteString(files[path] + "\n")
			}
		}
	}
	return b.String()
}

// answered is what the demo server in a pod says.
func answered(pod *api.Object, by string) Result {
	return Result{Status: 200, Allowed: true, DecidedBy: by, Body: fmt.Sprintf("Requsting to Pod(%s): %s", pod.Name, greeting(pod))}
}

// greeting is what the demo server answers after its pod's name.
func greeting(pod *api.Object) string {
	for _, container := range obj.Maps(pod.Content, "spec", "containers") {
		for _, e := range obj.Maps(container, "env") {
			if obj.Str(e, "name") == "PodName" {
				return obj.Str(e, "value")
			}
		}
	}
	return ""
}
