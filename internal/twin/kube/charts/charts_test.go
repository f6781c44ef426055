package charts

import (
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/obj"
)

func TestFind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, chart, version, repository, want, err string }{
		{"controller", "oci://public.ecr.aws/aws-application-networking-k8s/aws-gateway-controller-chart", "v2.1.3", "", Lattice, ""},
		{"mirror of images", "oci://mirror.example.com/charts/aws-gateway-controller-chart", "v2.1.3", "", Lattice, ""},
		{"repository", "kyverno", "3.9.1", "https://kyverno.github.io/kyverno/", Kyverno, ""},
		{"mirror", "external-dns", "1.21.1", "https://mirror.example.com", ExternalDNS, ""},
		{"newest", "external-dns", "", "https://mirror.example.com", ExternalDNS, ""},
		{"no repository", "kyverno", "3.9.1", "", "", `failed to download "kyverno" at version "3.9.1"`},
		{"version", "kyverno", "3.0.5", "https://kyverno.github.io/kyverno/", "",
			"the twin knows chart kyverno in version 3.9.1 only and cannot tell whether version 3.0.5 exists or what it does"},
		{"chart", "nginx", "1", "https://x.example.com", "", `chart "nginx" version "1" not found in https://x.example.com repository`},
		{"image", "oci://x.example.com/nginx", "1", "", "", `failed to download "oci://x.example.com/nginx" at version "1"`},
	} {
		found, err := Find(c.chart, c.version, c.repository)
		if found.Name != c.want || c.err != "" && (err == nil || err.Error() != c.err) {
			t.Errorf("%s: %q, %v", c.name, found.Name, err)
		}
	}
}

func TestUnknownValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		chart  string
		values obj.Map
		want   []string
	}{
		{Lattice, obj.Map{"awsRegion": "r", "defaultServiceNetwork": "",
			"deployment": obj.Map{"replicas": 1, "nodeSelector": obj.Map{"any": "thing"}}}, nil},
		{Lattice, obj.Map{"region": "r"}, []string{"region"}},
		{Lattice, obj.Map{"deployment": obj.Map{"replica": 1}}, []string{"deployment.replica"}},
		{Lattice, obj.Map{"image": "x"}, []string{"a map for image"}},
		{ExternalDNS, obj.Map{"sources": []any{"crd"}, "txtOwnerId": "x", "extraArgs": obj.Map{"a": "b"}}, nil},
		{ExternalDNS, obj.Map{"crdSourceKind": "x"}, []string{"crdSourceKind"}},
		{Kyverno, obj.Map{"admissionController": obj.Map{"replicas": 2},
			"config": obj.Map{"webhooks": obj.Map{"namespaceSelector": obj.Map{"matchLabels": obj.Map{}}}}}, nil},
		{Kyverno, obj.Map{"webhooksCleanup": obj.Map{"enable": false}}, []string{"webhooksCleanup.enable"}},
	} {
		i := slices.IndexFunc(all, func(x Chart) bool { return x.Name == c.chart })
		got := all[i].Unknown(c.values)
		if len(got) != len(c.want) {
			t.Errorf("%s %v: %v", c.chart, c.values, got)
			continue
		}
		for j, w := range c.want {
			if !strings.Contains(got[j], w) {
				t.Errorf("%s %v: %v", c.chart, c.values, got)
			}
		}
	}
}

// A number in a template loses its digits, which is why account ids are strings.
func TestNumbersInTemplates(t *testing.T) {
	t.Parallel()
	for v, want := range map[any]string{int64(123456789012): "1.23456789012e+11", "123456789012": "123456789012", int64(300): "300", nil: "",
		true: "true"} {
		if got := text(v); got != want {
			t.Errorf("%v renders as %s, want %s", v, got, want)
		}
	}
}
