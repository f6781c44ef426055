package kube

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/rand"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/world"
)

const controllerManager = "kube-controller-manager"

// runWorkloads is kube-controller-manager, the scheduler and the kubelets.
func (c *Cluster) runWorkloads(op *world.Op) {
	c.evict(op)
	for _, d := range c.API.List("apps", "Deployment", "") {
		if !d.Terminating() {
			c.runDeployment(op, d)
		}
	}
	for _, d := range c.API.List("apps", "DaemonSet", "") {
		if !d.Terminating() {
			c.runDaemonSet(op, d)
		}
	}
	for _, pod := range c.API.List("", "Pod", "") {
		c.runPod(pod)
	}
	for _, kind := range []string{"Deployment", "DaemonSet"} {
		for _, d := range c.API.List("apps", kind, "") {
			c.report(d)
		}
	}
}

// runDeployment keeps one replica set per pod template. The pods of an older
// template go once those of the newest are ready, as in a rolling update.
func (c *Cluster) runDeployment(op *world.Op, d *api.Object) {
	hash := templateHash(obj.At(d.Content, "spec", "template"))
	name := d.Name + "-" + hash
	rs := c.API.Get("apps", "ReplicaSet", d.Namespace, name)
	if rs == nil {
		content := obj.Copy(obj.Map{
			"apiVersion": "apps/v1", "kind": "ReplicaSet",
			"metadata": obj.Map{"name": name, "namespace": d.Namespace, "ownerReferences": []any{ownerOf(d)}},
			"spec": obj.Map{"replicas": d.Content["spec"].(obj.Map)["replicas"], "selector": obj.At(d.Content, "spec", "selector"),
				"template": obj.At(d.Content, "spec", "template")},
		})
		for _, path := range [][]string{{"metadata", "labels"}, {"spec", "selector", "matchLabels"}, {"spec", "template", "metadata", "labels"}} {
			obj.Set(content, hash, append(path, "pod-template-hash")...)
		}
		var err error
		if rs, err = c.API.Create(acting(op, d), content, controllerManager); err != nil {
			c.fail(d, lawAvailable, err)
			return
		}
		rs.URN = d.URN
	}
	replicas := int(obj.Int(d.Content, "spec", "replicas"))
	c.scale(op, d, rs, replicas)
	current := c.podsOf(rs)
	if len(current) < replicas || slices.ContainsFunc(current, func(p *api.Object) bool { return !c.runPod(p) }) {
		return
	}
	for _, old := range c.API.List("apps", "ReplicaSet", d.Namespace) {
		if old != rs && ownedBy(old, d) {
			c.scale(op, d, old, 0)
		}
	}
}

// scale makes or removes pods of a replica set until there are n.
func (c *Cluster) scale(op *world.Op, owner, rs *api.Object, n int) {
	pods := c.podsOf(rs)
	for i := len(pods); i < n; i++ {
		if err := c.createPod(op, owner, rs, rs.Name+"-"+c.suffix(rs.Name)); err != nil {
			return
		}
	}
	for i := n; i < len(pods); i++ {
		_ = c.API.Delete(acting(op, owner), pods[i].Key)
	}
	_ = c.API.Write(rs, controllerManager, func(content obj.Map) { obj.Set(content, int64(n), "spec", "replicas") })
}

func (c *Cluster) runDaemonSet(op *world.Op, d *api.Object) {
	nodes := c.nodes()
	have := map[string]bool{}
	for _, p := range c.podsOf(d) {
		have[obj.Str(p.Content, "spec", "nodeName")] = true
	}
	for _, n := range nodes {
		if !have[n.Name] {
			if err := c.createPod(op, d, d, d.Name+"-"+c.suffix(d.Name)); err != nil {
				return
			}
		}
	}
	_ = c.API.Write(d, controllerManager, func(content obj.Map) {
		obj.Set(content, int64(len(nodes)), "status", "desiredNumberScheduled")
	})
}

// createPod makes one pod of an owner, through admission.
func (c *Cluster) createPod(op *world.Op, workload, owner *api.Object, name string) error {
	template := obj.Copy(obj.At(owner.Content, "spec", "template"))
	metadata := obj.At(template, "metadata")
	if metadata == nil {
		metadata = obj.Map{}
	}
	metadata["name"], metadata["namespace"], metadata["ownerReferences"] = name, owner.Namespace, []any{ownerOf(owner)}
	_, err := c.newPod(acting(op, workload), obj.Map{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}, workload)
	if err != nil {
		c.fail(workload, lawAvailable, fmt.Errorf("FailedCreate: Error creating: %w", err))
	}
	return err
}

// report writes a workload's status.
func (c *Cluster) report(d *api.Object) {
	ready, all := int64(len(c.readyPods(d))), int64(len(c.allPods(d)))
	for _, p := range c.readyPods(d) {
		d.DependsOnObject(p, lawAvailable)
	}
	want := obj.Int(d.Content, "spec", "replicas")
	if d.Kind == "DaemonSet" {
		want = obj.Int(d.Content, "status", "desiredNumberScheduled")
	}
	if ready >= want {
		c.clear(d)
	} else {
		for _, p := range c.allPods(d) {
			if t, ok := c.trouble[p.Key]; ok {
				c.trouble[d.Key] = t
			}
		}
	}
	_ = c.API.Write(d, controllerManager, func(content obj.Map) {
		obj.Set(content, obj.Int(content, "metadata", "generation"), "status", "observedGeneration")
		if d.Kind == "DaemonSet" {
			obj.Set(content, ready, "status", "numberReady")
			obj.Set(content, ready, "status", "numberAvailable")
			obj.Set(content, all, "status", "currentNumberScheduled")
			obj.Set(content, int64(0), "status", "numberMisscheduled")
			return
		}
		status, reason := "False", "MinimumReplicasUnavailable"
		if ready >= want {
			status, reason = "True", "MinimumReplicasAvailable"
		}
		obj.Set(content, all, "status", "replicas")
		obj.Set(content, all, "status", "updatedReplicas")
		obj.Set(content, ready, "status", "readyReplicas")
		obj.Set(content, ready, "status", "availableReplicas")
		obj.Set(content, []any{obj.Map{"type": "Available", "status": status, "reason": reason}}, "status", "conditions")
	})
}

// podsOf are the living pods that an owner made, by name.
func (c *Cluster) podsOf(owner *api.Object) []*api.Object {
	var out []*api.Object
	for _, p := range c.API.List("", "Pod", owner.Namespace) {
		if ownedBy(p, owner) && !p.Terminating() {
			out = append(out, p)
		}
	}
	return out
}

// allPods are the pods of a Deployment's newest replica set, or of a DaemonSet.
func (c *Cluster) allPods(d *api.Object) []*api.Object {
	if d.Kind == "DaemonSet" {
		return c.podsOf(d)
	}
	rs := c.API.Get("apps", "ReplicaSet", d.Namespace, d.Name+"-"+templateHash(obj.At(d.Content, "spec", "template")))
	if rs == nil {
		return nil
	}
	return c.podsOf(rs)
}

func (c *Cluster) readyPods(d *api.Object) []*api.Object {
	return slices.DeleteFunc(c.allPods(d), func(p *api.Object) bool { return !podReady(p) })
}

// endpoints are the ready pods that a Service selects.
func (c *Cluster) endpoints(service *api.Object) []*api.Object {
	selector := obj.StringMap(service.Content, "spec", "selector")
	if len(selector) == 0 {
		return nil
	}
	var out []*api.Object
	for _, p := range c.API.List("", "Pod", service.Namespace) {
		if !p.Terminating() && podReady(p) && labels.SelectorFromSet(selector).Matches(labels.Set(p.Labels())) {
			out = append(out, p)
		}
	}
	return out
}

func ownerOf(o *api.Object) obj.Map {
	return obj.Map{
		"apiVersion": o.Content["apiVersion"], "kind": o.Kind, "name": o.Name, "uid": o.UID(),
		"controller": true, "blockOwnerDeletion": true,
	}
}

func ownedBy(o, owner *api.Object) bool {
	for _, ref := range obj.Maps(o.Content, "metadata", "ownerReferences") {
		if obj.Str(ref, "uid") == owner.UID() {
			return true
		}
	}
	return false
}

// templateHash names a replica set as the Deployment controller does: a hash
// of the template in the alphabet of generated names.
func templateHash(template obj.Map) string {
	text, err := json.Marshal(template)
	if err != nil {
		panic(err) // stored objects are JSON
	}
	h := fnv.New32a()
	_, _ = h.Write(text)
	return rand.SafeEncodeString(fmt.Sprintf("%010d", h.Sum32()))
}

// suffix is the five characters after a pod's owner.
func (c *Cluster) suffix(owner string) string {
	const alphabet = "bcdfghjklmnpqrstvwxz2456789"
	var b strings.Builder
	for _, r := range c.all.world.ID(c.eks.ARN+" pods of "+owner, 5) {
		b.WriteByte(alphabet[(int(r)*7)%len(alphabet)])
	}
	return b.String()
}
