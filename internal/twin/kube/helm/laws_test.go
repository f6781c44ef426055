package helm_test

import (
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/helm"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
)

// with is the inputs of a release with another value.
func with(in engine.Props, key string, value any) engine.Props {
	in[key] = value
	return in
}

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, []lawtest.Counterexample{
		{Law: helm.LawChart, Break: func(t *testing.T) law.Law {
			t.Helper()
			return kubetest.New(t).Refused(helm.Check(with(kubetest.KyvernoChart(nil), "chart", "kivverno")), helm.LawChart,
				`chart "kivverno" version "3.9.1" not found in https://kyverno.github.io/kyverno/ repository; check the chart name and repository `+
					`configuration.`)
		}},
		{Law: helm.LawChartVersion, Break: func(t *testing.T) law.Law {
			t.Helper()
			return kubetest.New(t).Refused(helm.Check(with(kubetest.KyvernoChart(nil), "version", "9.9.9")), helm.LawChartVersion,
				"the twin knows chart kyverno in version 3.9.1 only")
		}},
		{Law: helm.LawValues, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			return h.Refused(h.TryRelease("one", "dns", kubetest.ExternalDNSChart(h, "one", engine.Props{"interval": 5})), helm.LawValues,
				"values don't meet the specifications of the schema(s) in the following chart(s):\nexternal-dns:", "'/interval'")
		}},
		{Law: helm.LawReleaseName, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			h.Release("one", "kyverno", kubetest.KyvernoChart(nil))
			return h.Refused(h.TryRelease("one", "again", kubetest.KyvernoChart(nil)), helm.LawReleaseName,
				"cannot re-use a name that is still in use")
		}},
		{Law: helm.LawReleaseReady, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			h.Apply("one", "hook", keeper("CREATE"))
			return h.Refused(h.TryRelease("one", "dns", kubetest.ExternalDNSChart(h, "one", nil)), helm.LawReleaseReady,
				"failed to become available within allocated timeout", `failed calling webhook "keeper.example.com"`)
		}},
		{Law: helm.LawReleaseGone, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			h.Release("one", "dns", kubetest.ExternalDNSChart(h, "one", nil))
			hold(h, "example.com/hold")
			met := h.Refused(h.Delete("dns"), helm.LawReleaseGone, "uninstallation completed with 1 error(s): context deadline exceeded",
				`ServiceAccount "external-dns/external-dns"`, "example.com/hold")
			hold(h)
			h.Down("dns")
			return met
		}},
	})
}
