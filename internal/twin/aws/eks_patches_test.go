package aws

import (
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

// upgradable is a cluster of 1.34 with nodes and addons.
func upgradable(t *testing.T) *program {
	t.Helper()
	p := newProgram(t)
	p.vpc("")
	p.roles("")
	p.up(tCluster, "cluster", p.clusterInputs("", engine.Props{"version": "1.34"}))
	for _, name := range []string{"vpc-cni", "kube-proxy"} {
		p.up(tAddon, name, engine.Props{"clusterName": "eks-cluster", "addonName": name, "resolveConflictsOnCreate": "OVERWRITE"})
	}
	p.up(tNodes, "nodes", p.nodeInputs("", nil))
	return p
}

func TestAddonVersions(t *testing.T) {
	t.Parallel()
	p := upgradable(t)
	if got := p.get("kube-proxy", "addonVersion"); got != "v1.34.0-eksbuild.2" {
		t.Errorf("without a version kube-proxy is %s, want the default", got)
	}
	newer := engine.Props{"addonVersion": "v1.35.2-eksbuild.1"}
	p.broke(p.update("kube-proxy", newer), lawAddonVersion, "InvalidParameterException", "Addon version specified is not supported")
	p.refused(lawAddonVersion, "InvalidParameterException", []string{"coredns v1.13.1-eksbuild.1 with Kubernetes 1.34"}, tAddon, "coredns",
		engine.Props{"clusterName": "eks-cluster", "addonName": "coredns", "addonVersion": "v1.13.1-eksbuild.1", "resolveConflictsOnCreate": "OVERWRITE"})
	if err := p.update("cluster", engine.Props{"version": "1.35"}); err != nil {
		t.Fatal(err)
	}
	if _, out, _ := p.refresh("kube-proxy"); out["addonVersion"] != "v1.34.0-eksbuild.2" {
		t.Errorf("the upgrade of the cluster made kube-proxy %v", out["addonVersion"])
	}
	if err := p.update("kube-proxy", newer); err != nil {
		t.Error(err)
	}
}

func TestAddonVersionLookup(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	look := func(args engine.Props) any {
		return p.invoke("aws:eks/getAddonVersion:getAddonVersion", args)["version"]
	}
	newest := engine.Props{"addonName": "coredns", "kubernetesVersion": "1.34", "mostRecent": true}
	for want, args := range map[string]engine.Props{
		"v1.11.4-eksbuild.24": {"addonName": "coredns", "kubernetesVersion": "1.34"},
		"v1.12.4-eksbuild.1":  newest,
		"v1.35.2-eksbuild.1":  {"addonName": "kube-proxy", "kubernetesVersion": "1.35", "mostRecent": true},
	} {
		if got := look(args); got != want {
			t.Errorf("%v: got %v, want %s", args, got, want)
		}
	}
	p.a.Publish()
	if got := look(newest); got != "v1.12.4-eksbuild.100" {
		t.Errorf("the newest build of coredns is %v", got)
	}
	_ = p.a.World.Do(world.Read, "", func(op *world.Op) error {
		_, err := p.a.Backend().Invoke(op, p.inst, "aws:eks/getAddonVersion:getAddonVersion", engine.Props{"addonName": "coredns", "kubernetesVersion": "1.99"})
		p.broke(err, lawLookup, "", "EKS Add-On version info (coredns, 1.99)")
		_, err = p.a.Backend().Invoke(op, p.inst, "aws:ssm/getParameter:getParameter", engine.Props{"name": "/aws/service/eks/optimized-ami/1.99/recommended"})
		p.broke(err, lawLookup, "ParameterNotFound", "/1.99/")
		return nil
	})
}

func TestNodeReleases(t *testing.T) {
	t.Parallel()
	p := upgradable(t)
	newest := func(version string) string {
		return text(p.invoke("aws:ssm/getParameter:getParameter", engine.Props{
			"name": "/aws/service/eks/optimized-ami/" + version + "/amazon-linux-2023/x86_64/standard/recommended/release_version"})["insecureValue"])
	}
	nodes := func() string { return p.a.NodeGroups("eks-cluster")[0].Nodes[0].InstanceID }
	first, before := newest("1.34"), nodes()
	if got := p.get("nodes", "releaseVersion"); got != first {
		t.Errorf("the nodes have the release %s, want the newest, %s", got, first)
	}
	p.a.Publish()
	if _, _, diff := p.refresh("nodes"); len(diff.Keys) > 0 || nodes() != before {
		t.Errorf("a new release changed nodes by itself: %+v", diff)
	}
	p.broke(p.update("nodes", engine.Props{"releaseVersion": newest("1.35")}), lawNodeRelease, "InvalidParameterException",
		"Requested release version 1.35.1-20260901 is not valid for kubernetes version 1.34.")
	if err := p.update("nodes", engine.Props{"releaseVersion": newest("1.34")}); err != nil || nodes() == before {
		t.Errorf("the nodes are those of before: %v", err)
	}
	p.broke(p.update("nodes", engine.Props{"version": "1.35", "releaseVersion": newest("1.35")}), lawNodeVersion, "InvalidParameterException",
		"Requested Nodegroup version 1.35 is invalid. Allowed version is 1.34")
	if err := p.update("cluster", engine.Props{"version": "1.35"}); err != nil {
		t.Fatal(err)
	}
	if err := p.update("nodes", engine.Props{"version": "1.35", "releaseVersion": newest("1.35")}); err != nil {
		t.Error(err)
	}
}
