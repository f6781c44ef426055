package scheduler

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// nodes of a zone each: "a:2000m:8Gi:29".
func nodes(t *testing.T, sizes ...string) []*corev1.Node {
	t.Helper()
	var out []*corev1.Node
	for _, size := range sizes {
		part := strings.Split(size, ":")
		out = append(out, parse[corev1.Node](t, fmt.Sprintf(`{
			metadata: {name: %[1]s, labels: {kubernetes.io/hostname: %[1]s, topology.kubernetes.io/zone: zone-%[1]s, disk: ssd-%[1]s}},
			status: {allocatable: {cpu: %[2]q, memory: %[3]q, pods: %[4]q}}}`, part[0], part[1], part[2], part[3])))
	}
	return out
}

func parse[T any](t *testing.T, text string) *T {
	t.Helper()
	out := new(T)
	if err := yaml.UnmarshalStrict([]byte(text), out); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return out
}

// pod has one container that asks for something.
func pod(t *testing.T, name, requests, more string) *corev1.Pod {
	t.Helper()
	return parse[corev1.Pod](t, fmt.Sprintf(`{
		metadata: {name: %[1]s, namespace: apps, labels: {app: %[2]s},
			ownerReferences: [{controller: true, uid: %[2]s, name: %[2]s, kind: ReplicaSet, apiVersion: apps/v1}]},
		spec: {containers: [{name: main, resources: {requests: {%[3]s}}}] %[4]s}}`, name, strings.Split(name, "-")[0], requests, more))
}

const (
	none  = "No preemption victims found for incoming pod"
	never = "Preemption is not helpful for scheduling"
)

// words are what the scheduler says of two nodes.
func words(reasons, preemption string) string {
	return "0/2 nodes are available: " + reasons + ". preemption: 0/2 nodes are available: " + preemption + "."
}

// required is one required term about pods of an application.
func required(kind, app string) string {
	return fmt.Sprintf(`, affinity: {%s: {requiredDuringSchedulingIgnoredDuringExecution: [
		{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: %s}}}]}}`, kind, app)
}

// spreading is one constraint on the pods of an application.
func spreading(key, more string) string {
	return fmt.Sprintf(`, topologySpreadConstraints: [
		{maxSkew: 1, topologyKey: %s, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}} %s}]`, key, more)
}

type placement struct {
	nodes    []string // two
	change   func([]*corev1.Node)
	have     []string // pods that are on nodes: "node|name|requests"
	requests string
	more     string
	want     string // the node, or what the scheduler says
}

// placements are of one pod that no node takes, or that one does.
var placements = map[string]placement{
	"room":      {requests: "cpu: 500m", want: "a"},
	"cpu":       {requests: "cpu: 1500m", have: []string{"a|x-1|cpu: 600m", "b|x-2|cpu: 501m"}, want: words("2 Insufficient cpu", "2 "+none)},
	"exactly":   {requests: "cpu: 1500m", have: []string{"a|x-1|cpu: 600m", "b|x-2|cpu: 500m"}, want: "b"},
	"never":     {requests: "cpu: 2001m", want: words("2 Insufficient cpu", "2 "+never)},
	"memory":    {requests: "memory: 9Gi", want: words("2 Insufficient memory", "2 "+never)},
	"no device": {requests: "nvidia.com/gpu: 1", want: words("2 Insufficient nvidia.com/gpu", "2 "+never)},
	"both": {requests: "cpu: '3', memory: 9Gi", nodes: []string{"a:2:8Gi:9", "b:4:8Gi:9"},
		want: words("1 Insufficient cpu, 2 Insufficient memory", "2 "+never)},
	"pods": {nodes: []string{"a:2:8Gi:1", "b:2:8Gi:1"}, have: []string{"a|x-1|cpu: 1m", "b|x-2|cpu: 1m"},
		want: words("2 Too many pods", "2 "+none)},
	"pods and cpu": {requests: "cpu: '2'", nodes: []string{"a:2:8Gi:1", "b:2:8Gi:2"}, have: []string{"a|x-1|cpu: 1m", "b|x-2|cpu: 1m"},
		want: words("1 Too many pods, 2 Insufficient cpu", "2 "+none)},
	"asks for nothing": {have: []string{"a|x-1|cpu: '2'", "b|x-2|cpu: '2'"}, want: "a"},
	"unknown storage":  {requests: "ephemeral-storage: 500Gi", want: "a"},
	"unknown instance": {requests: "cpu: '64'", want: "b",
		change: func(n []*corev1.Node) { delete(n[1].Status.Allocatable, corev1.ResourceCPU) }},
	"selector":      {more: ", nodeSelector: {disk: ssd-b}", want: "b"},
	"no such label": {more: ", nodeSelector: {disk: hdd}", want: words("2 node(s) didn't match Pod's node affinity/selector", "2 "+never)},
	"selector and full": {requests: "cpu: 1500m", more: ", nodeSelector: {disk: ssd-b}", have: []string{"b|x-1|cpu: 1"},
		want: words("1 Insufficient cpu, 1 node(s) didn't match Pod's node affinity/selector", "1 "+none+", 1 "+never)},
	"taint": {change: func(n []*corev1.Node) { n[0].Spec.Taints = taint("NoSchedule") }, want: "b"},
	"taints": {change: func(n []*corev1.Node) { n[0].Spec.Taints, n[1].Spec.Taints = taint("NoExecute"), taint("NoSchedule") },
		want: words("2 node(s) had untolerated taint(s)", "2 "+never)},
	"soft taint": {change: func(n []*corev1.Node) { n[0].Spec.Taints = taint("PreferNoSchedule") }, want: "a"},
	"tolerated": {change: func(n []*corev1.Node) { n[0].Spec.Taints = taint("NoSchedule") }, more: ", tolerations: [{operator: Exists}]",
		want: "a"},
	"drained": {change: func(n []*corev1.Node) { n[0].Spec.Unschedulable = true }, requests: "cpu: 3",
		want: words("1 Insufficient cpu, 1 node(s) were unschedulable", "2 "+never)},
	"apart": {more: required("podAntiAffinity", "web"), have: []string{"a|web-1|cpu: 1m"}, want: "b"},
	"apart everywhere": {more: required("podAntiAffinity", "web"), have: []string{"a|web-1|cpu: 1m", "b|web-2|cpu: 1m"},
		want: words("2 node(s) didn't match pod anti-affinity rules", "2 "+none)},
	"near":              {more: required("podAffinity", "web"), have: []string{"b|web-1|cpu: 1500m"}, want: "b"},
	"near nobody":       {more: required("podAffinity", "db"), want: words("2 node(s) didn't match pod affinity rules", "2 "+never)},
	"first of its kind": {more: required("podAffinity", "web"), want: "a"},
	"spread":            {more: spreading("kubernetes.io/hostname", ""), have: []string{"a|web-1|cpu: 1m"}, want: "b"},
	"spread and full": {more: spreading("kubernetes.io/hostname", ""), have: []string{"a|web-1|cpu: 1m", "b|x-1|cpu: '2'"}, requests: "cpu: 1",
		want: words("1 Insufficient cpu, 1 node(s) didn't match pod topology spread constraints", "2 "+none)},
	"no such topology": {more: spreading("rack", ""),
		want: words("2 node(s) didn't match pod topology spread constraints (missing required label)", "2 "+never)},
	"too few domains": {more: spreading("kubernetes.io/hostname", ", minDomains: 3"), have: []string{"a|web-1|cpu: 1m", "b|web-2|cpu: 1m"},
		want: words("2 node(s) didn't match pod topology spread constraints", "2 "+none)},
	"drained and spread": {more: spreading("kubernetes.io/hostname", ", matchLabelKeys: [hash]"), have: []string{"a|web-1|cpu: 1m"},
		change: func(n []*corev1.Node) { n[1].Spec.Unschedulable = true },
		want:   words("1 node(s) didn't match pod topology spread constraints, 1 node(s) were unschedulable", "1 "+none+", 1 "+never)},
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	for name, c := range placements {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.nodes == nil {
				c.nodes = []string{"a:2:8Gi:29", "b:2:8Gi:29"}
			}
			on := nodes(t, c.nodes...)
			if c.change != nil {
				c.change(on)
			}
			got, err := New(on, bound(t, c.have), nil).Schedule(pod(t, "web-new", c.requests, c.more))
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	if _, err := New(nil, nil, nil).Schedule(pod(t, "web-1", "", "")); !errors.Is(err, ErrNoNodes) {
		t.Errorf("a cluster without nodes: %v", err)
	}
}

func taint(effect corev1.TaintEffect) []corev1.Taint {
	return []corev1.Taint{{Key: "gpu", Value: "yes", Effect: effect}}
}

func bound(t *testing.T, list []string) []*corev1.Pod {
	t.Helper()
	out := make([]*corev1.Pod, len(list))
	for i, text := range list {
		part := strings.Split(text, "|")
		out[i] = pod(t, part[1], part[2], "")
		out[i].Spec.NodeName = part[0]
	}
	return out
}

// A pod needs its containers and native sidecars, or its largest init container
// with the sidecars that started before it.
// https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
func TestRequests(t *testing.T) {
	t.Parallel()
	const (
		sidecar = "{name: p, restartPolicy: Always, resources: {requests: {cpu: 50m}}}"
		large   = "{name: i, resources: {requests: {cpu: 400m}}}"
	)
	for name, c := range map[string]struct{ init, overhead, cpu string }{
		"containers":            {"", "", "300m"},
		"small init container":  {"{name: i, resources: {requests: {cpu: 250m}}}", "", "300m"},
		"large init container":  {large, "", "400m"},
		"init containers":       {large + ", {name: j, resources: {requests: {cpu: 350m}}}", "", "400m"},
		"sidecar":               {sidecar, "", "350m"},
		"sidecar and then init": {sidecar + ", " + large, "", "450m"},
		"init and then sidecar": {large + ", " + sidecar, "", "400m"},
		"limit without request": {"{name: p, restartPolicy: Always, resources: {limits: {cpu: 50m}}}", "", "300m"},
		"overhead":              {"", ", overhead: {cpu: 10m}", "310m"},
	} {
		p := parse[corev1.Pod](t, fmt.Sprintf(`{spec: {initContainers: [%s], containers: [
			{name: a, resources: {requests: {cpu: 100m}}}, {name: b, resources: {requests: {cpu: 200m}}}] %s}}`, c.init, c.overhead))
		wanted := requests(p)
		if got := wanted.Cpu().String(); got != c.cpu {
			t.Errorf("%s: %s, want %s", name, got, c.cpu)
		}
	}
}

// Preferences decide where there is room in several places.
func TestPreferences(t *testing.T) {
	t.Parallel()
	prefers := func(kind, app string) string {
		return fmt.Sprintf(`, affinity: {%s: {preferredDuringSchedulingIgnoredDuringExecution: [
			{weight: 1, podAffinityTerm: {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: %s}}}}]}}`, kind, app)
	}
	for name, c := range map[string]struct {
		have []string
		pods []string // their nodes
		more string
	}{
		"room":             {have: []string{"a|x-1|cpu: 1"}, pods: []string{"b"}},
		"nobody asks":      {pods: []string{"a", "b", "a"}},
		"replicas apart":   {more: prefers("podAntiAffinity", "web"), pods: []string{"a", "b", "a"}},
		"apart beats room": {have: []string{"a|web-1|cpu: 1m", "b|x-1|cpu: 1500m"}, more: prefers("podAntiAffinity", "web"), pods: []string{"b"}},
		"near beats room":  {have: []string{"b|cache-1|cpu: 1"}, more: prefers("podAffinity", "cache"), pods: []string{"b"}},
		"replicas spread":  {have: []string{"b|x-1|cpu: 600m"}, pods: []string{"a", "b"}},
		"soft spread beats room": {more: strings.Replace(spreading("topology.kubernetes.io/zone", ""), "DoNotSchedule", "ScheduleAnyway", 1),
			have: []string{"a|web-1|cpu: 1m", "b|x-1|cpu: 1"}, pods: []string{"b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := New(nodes(t, "a:2:8Gi:29", "b:2:8Gi:29"), bound(t, c.have), nil)
			for i, want := range c.pods {
				p := pod(t, fmt.Sprintf("web-%d", i+10), "cpu: 100m", c.more)
				got, err := cluster.Schedule(p)
				if err != nil || got != want {
					t.Fatalf("pod %d on %s (%v), want %s", i, got, err, want)
				}
				cluster.Bind(p, got)
			}
		})
	}
}

// A term speaks of the pod's own namespace unless it names others.
func TestNamespaces(t *testing.T) {
	t.Parallel()
	namespaces := map[string]labels.Set{"apps": {"team": "one"}, "other": {"team": "two"}}
	for name, c := range map[string]struct{ term, want string }{
		"own":      {``, "a"},
		"named":    {`, namespaces: [other]`, "b"},
		"selected": {`, namespaceSelector: {matchLabels: {team: two}}`, "b"},
		"another":  {`, namespaceSelector: {matchLabels: {team: three}}`, "a"},
		"all":      {`, namespaceSelector: {}`, "b"},
	} {
		there := pod(t, "web-1", "cpu: 1m", "")
		there.Namespace, there.Spec.NodeName, there.UID = "other", "a", types.UID("x")
		p := pod(t, "web-2", "cpu: 1m", strings.Replace(required("podAntiAffinity", "web"), "}}}]", "}} "+c.term+"}]", 1))
		on := nodes(t, "a:4:16Gi:29", "b:2:8Gi:29") // a has more room
		if got, err := New(on, []*corev1.Pod{there}, namespaces).Schedule(p); err != nil || got != c.want {
			t.Errorf("%s: on %s (%v), want %s", name, got, err, c.want)
		}
	}
	// those that are there may keep others away
	there := pod(t, "db-1", "cpu: 1m", required("podAntiAffinity", "web"))
	there.Spec.NodeName = "a"
	_, err := New(nodes(t, "a:2:8Gi:29"), []*corev1.Pod{there}, namespaces).Schedule(pod(t, "web-1", "", ""))
	if err == nil || !strings.HasPrefix(err.Error(), "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.") {
		t.Errorf("got %v", err)
	}
}
