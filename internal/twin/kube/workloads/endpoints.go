package workloads

import (
	"encoding/json"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/world"
)

// The label of the objects that this controller keeps. It leaves all others alone.
const (
	managedBy  = "endpoints.kubernetes.io/managed-by"
	managingIt = "endpoint-controller"
)

// TrackEndpoints keeps an Endpoints object for every Service that selects pods: their
// addresses, by whether they are ready.
// https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/controller/endpoint/endpoints_controller.go
func (c *Controller) TrackEndpoints(op *world.Op) {
	for _, service := range c.mgr.API.List("", "Service", "") {
		if len(obj.StringMap(service.Content, "spec", "selector")) > 0 && !service.Terminating() {
			c.track(op, service)
		}
	}
	for _, e := range c.mgr.API.List("", "Endpoints", "") {
		if e.Labels()[managedBy] == managingIt && c.mgr.API.Get("", "Service", e.Namespace, e.Name) == nil {
			_ = c.mgr.API.Delete(controller.Acting(op, e), e.Key)
		}
	}
}

func (c *Controller) track(op *world.Op, service *api.Object) {
	subsets := c.subsets(service)
	if e := c.mgr.API.Get("", "Endpoints", service.Namespace, service.Name); e != nil {
		_ = c.mgr.API.Write(e, manager, func(content obj.Map) {
			if len(subsets) == 0 {
				delete(content, "subsets")
			} else {
				content["subsets"] = subsets
			}
		})
		return
	}
	content := obj.Map{"apiVersion": "v1", "kind": "Endpoints", "metadata": obj.Map{
		"name": service.Name, "namespace": service.Namespace, "labels": obj.Map{managedBy: managingIt}}}
	if len(subsets) > 0 {
		content["subsets"] = subsets
	}
	// Refused in a namespace that is being deleted, with the Service.
	_, _ = c.mgr.API.Create(controller.Acting(op, service), content, manager)
}

// subsets groups the pods of a Service by the ports that they serve it on.
func (c *Controller) subsets(service *api.Object) []any {
	var subsets []any
	byPorts := map[string]obj.Map{}
	for _, pod := range pods.Selected(c.mgr.API, service) {
		ip := obj.Str(pod.Content, "status", "podIP")
		ports := portsOf(service, pod)
		if ip == "" || len(ports) == 0 {
			continue
		}
		key, err := json.Marshal(ports)
		if err != nil {
			panic(err) // they are JSON
		}
		subset, known := byPorts[string(key)]
		if !known {
			subset = obj.Map{"ports": ports}
			byPorts[string(key)] = subset
			subsets = append(subsets, subset)
		}
		list := "notReadyAddresses"
		if pods.Ready(pod) || obj.Bool(service.Content, "spec", "publishNotReadyAddresses") {
			list = "addresses"
		}
		addresses, _ := subset[list].([]any)
		subset[list] = append(addresses, obj.Map{"ip": ip, "nodeName": obj.Str(pod.Content, "spec", "nodeName"), "targetRef": obj.Map{
			"kind": "Pod", "namespace": pod.Namespace, "name": pod.Name, "uid": pod.UID()}})
	}
	return subsets
}

// portsOf are the ports of a pod behind those of a Service.
func portsOf(service, pod *api.Object) []any {
	var ports []any
	for _, p := range obj.Maps(service.Content, "spec", "ports") {
		number, ok := pods.TargetPort(service, pod, obj.Int(p, "port"))
		if !ok {
			continue
		}
		protocol := obj.Str(p, "protocol")
		if protocol == "" {
			protocol = "TCP"
		}
		port := obj.Map{"port": int64(number), "protocol": protocol}
		if name := obj.Str(p, "name"); name != "" {
			port["name"] = name
		}
		ports = append(ports, port)
	}
	return ports
}
