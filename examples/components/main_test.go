package main

import (
	"strings"
	"testing"

	"eks-lattice/internal/recorder"
)

func TestDeploy(t *testing.T) {
	t.Parallel()
	for _, preview := range []bool{true, false} {
		options := recorder.Options{Config: map[string]string{"aws:region": recorder.Region}, Preview: preview}
		r, err := recorder.Run(t, options, deploy)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, res := range r.Resources() {
			if strings.HasPrefix(res.Type, "eks-lattice:") {
				got = append(got, strings.TrimPrefix(res.Type, "eks-lattice:index:")+" "+res.Name)
			}
		}
		const want = "Environment environment, LatticeCluster eks-shop, AppNamespace shop, SecureApp orders"
		if strings.Join(got, ", ") != want {
			t.Errorf("preview %t: created %v, want %s", preview, got, want)
		}
	}
}
