package call

import (
	"cmp"
	"fmt"
	"slices"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/cluster"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/world"
)

// Caller is the sender of a request: a pod of an existing Deployment, or one that
// is created for the request, through admission, and deleted afterwards.
type Caller struct {
	Cluster        string // the EKS cluster's name
	Namespace      string
	ServiceAccount string // of a pod created for the request; empty: default
	Deployment     string // an existing Deployment
	Injected       bool   // a pod created for the request asks for the sidecar
	// Unaided is a pod created for the request that finds only what is there: no
	// namespace, service account or association is added for it.
	Unaided bool
	// Elsewhere makes the request come from a cluster of the same name in
	// another account: same namespace and service account, another cluster ARN.
	Elsewhere bool
	// Outside is a caller that is no pod, but a Lambda function or an instance in
	// the VPC of Cluster.
	Outside bool
	// Role is the ARN of the role with which a caller outside signs its requests
	// itself. It does not sign without one.
	Role string
}

// annotationKey asks for the sidecar; with the blueprint's spelling.
const annotationKey = "vpc-lattices-svcs.amazonaws.com/agent-inject"

// pod finds or creates the pod that a request comes from. drop deletes what was
// created.
func (caller Caller) pod(c *cluster.Cluster, op *world.Op) (pod *api.Object, drop func(), err error) {
	if caller.Outside {
		return nil, func() {}, nil
	}
	if caller.Deployment != "" {
		pod, err := caller.existing(c)
		return pod, func() {}, err
	}
	drop = func() {}
	if !caller.Unaided {
		if drop, err = prepareNamespace(c, op, caller); err != nil {
			return nil, drop, err
		}
	}
	name := "caller-" + c.Workloads.Suffix("caller")
	metadata := obj.Map{"name": name, "namespace": caller.Namespace, "labels": obj.Map{"run": name}}
	if caller.Injected {
		metadata["annotations"] = obj.Map{annotationKey: "true"}
	}
	pod, err = c.Workloads.CreatePod(&world.Op{Action: world.Read},
		obj.Map{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": obj.Map{
			"serviceAccountName": cmp.Or(caller.ServiceAccount, "default"),
			"containers":         []any{obj.Map{"name": "curl", "image": "public.ecr.aws/docker/library/busybox:1.37"}},
		}}, nil)
	if err != nil {
		return nil, drop, err
	}
	key, namespace := pod.Key, drop
	drop = func() {
		_ = c.API.Delete(&world.Op{Action: world.Read}, key)
		namespace()
	}
	if !c.Workloads.Run(pod) {
		t, _ := c.Trouble(pod.Key)
		return nil, drop, fmt.Errorf("the caller's pod does not start: %s", t.Text)
	}
	return pod, drop, nil
}

// existing is a ready pod of the caller's Deployment.
func (caller Caller) existing(c *cluster.Cluster) (*api.Object, error) {
	d := c.API.Get("apps", "Deployment", caller.Namespace, caller.Deployment)
	if d == nil {
		return nil, fmt.Errorf("no Deployment %s/%s in cluster %s", caller.Namespace, caller.Deployment, caller.Cluster)
	}
	ready := pods.Serving(c.API, d)
	if len(ready) == 0 {
		return nil, fmt.Errorf("finding a caller: no pod of Deployment %s/%s in cluster %s is ready", caller.Namespace, caller.Deployment,
			caller.Cluster)
	}
	return ready[0], nil
}

// prepareNamespace gives a caller what a person would set up for a test like
// it: namespace, service account and association as those of an application in
// the cluster, with the sidecar's ConfigMap. What exists already stays as it is.
func prepareNamespace(c *cluster.Cluster, op *world.Op, caller Caller) (drop func(), err error) {
	var made []api.Key
	drop = func() {
		c.Identity.Return(caller.Namespace)
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
	model := modelApp(c)
	if c.API.Get("", "Namespace", "", caller.Namespace) == nil {
		labels := obj.Map{}
		if model != nil {
			for k, v := range c.API.Get("", "Namespace", "", model.Namespace).Labels() {
				if k != "kubernetes.io/metadata.name" {
					labels[k] = v
				}
			}
		}
		if err := add(obj.Map{"apiVersion": "v1", "kind": "Namespace",
			"metadata": obj.Map{"name": caller.Namespace, "labels": labels}}); err != nil {
			return drop, err
		}
	}
	account := caller.ServiceAccount
	if account != "" && c.API.Get("", "ServiceAccount", caller.Namespace, account) == nil {
		if err := add(obj.Map{"apiVersion": "v1", "kind": "ServiceAccount",
			"metadata": obj.Map{"name": account, "namespace": caller.Namespace}}); err != nil {
			return drop, err
		}
	}
	if account == "" {
		account = "default"
	}
	if model == nil {
		return drop, nil
	}
	if c.Identity.Association(caller.Namespace, account) == nil {
		c.Identity.Borrow(caller.Namespace, model.Namespace, obj.Str(model.Content, "spec", "serviceAccountName"))
	}
	for _, v := range obj.Maps(model.Content, "spec", "volumes") {
		name := obj.Str(v, "configMap", "name")
		if name == "" || c.API.Get("", "ConfigMap", caller.Namespace, name) != nil {
			continue
		}
		if from := c.API.Get("", "ConfigMap", model.Namespace, name); from != nil {
			if err := add(obj.Map{"apiVersion": "v1", "kind": "ConfigMap", "metadata": obj.Map{"name": name, "namespace": caller.Namespace},
				"data": from.Content["data"]}); err != nil {
				return drop, err
			}
		}
	}
	return drop, nil
}

// modelApp is a running pod that has the sidecar and an association.
func modelApp(c *cluster.Cluster) *api.Object {
	for _, pod := range c.API.List("", "Pod", "") {
		if pod.Annotation(annotationKey) == "true" && pods.Ready(pod) &&
			c.Identity.Association(pod.Namespace, obj.Str(pod.Content, "spec", "serviceAccountName")) != nil {
			return pod
		}
	}
	return nil
}
