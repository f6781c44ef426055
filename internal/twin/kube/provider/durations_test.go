package provider

import (
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
)

func TestDrains(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		spec string
		want time.Duration
	}{
		{`{containers: [{name: a}]}`, 0},
		{`{containers: [{name: a, lifecycle: {preStop: {sleep: {seconds: 15}}}}, {name: b, lifecycle: {preStop: {sleep: {seconds: 20}}}}]}`,
			20 * time.Second},
		{`{terminationGracePeriodSeconds: 90, containers: [{name: a, lifecycle: {preStop: {sleep: {seconds: 75}}}}]}`, 75 * time.Second},
	} {
		for kind, path := range map[string][]string{"Deployment": {"spec", "template", "spec"}, "Pod": {"spec"}} {
			var pod obj.Map
			if err := yaml.Unmarshal([]byte(c.spec), &pod); err != nil {
				t.Fatal(err)
			}
			o := &api.Object{Key: api.Key{Kind: kind}, Content: obj.Map{}}
			obj.Set(o.Content, pod, path...)
			if got := drains(o); got != c.want {
				t.Errorf("%s %s drains for %s, want %s", kind, c.spec, got, c.want)
			}
		}
	}
}
