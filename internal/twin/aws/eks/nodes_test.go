package eks_test

import (
	"errors"
	"slices"
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

func TestNodeGroupReferences(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.ControlPlane("", nil)
	p.Up(awstest.Subnet, "shy", engine.Props{"vpcId": p.ID("vpc"), "cidrBlock": "10.0.31.0/24"})
	p.Up(awstest.RouteTableAssociation, "shy-table", engine.Props{"subnetId": p.ID("shy"), "routeTableId": p.ID("public")})
	with := func(over engine.Props) engine.Props { return p.NodeInputs("", over) }
	const id = "node-group-references"
	p.Refuses(id, invalid, "Following required service principals [ec2.amazonaws.com] were not found", awstest.NodeGroup,
		with(engine.Props{"nodeRoleArn": p.Get("cluster-role", "arn")}))
	p.Refuses(id, invalid, "subnet-0", awstest.NodeGroup, with(engine.Props{"subnetIds": []string{"subnet-0"}}))
	p.Refuses("node-group-needs-egress", "Ec2SubnetInvalidConfiguration", "does not automatically assign public IP addresses",
		awstest.NodeGroup,
		with(engine.Props{"subnetIds": []string{p.ID("shy")}}))
	p.Refuses("node-group-scaling", invalid, "desired capacity 6 can't be greater than max size 5", awstest.NodeGroup, with(sizes(1, 6, 5)))
	for _, name := range []string{"node-cni", "node-registry"} {
		in := p.Created[name].Inputs
		p.Down(name)
		p.Refuses("node-role-policies", "NodeCreationFailure", "Instances failed to join the kubernetes cluster", awstest.NodeGroup, with(nil))
		p.Up(awstest.RolePolicyAttachment, name, in)
	}
	p.Up(awstest.NodeGroup, "nodes", with(engine.Props{"nodeGroupName": "nodes"}))
	p.Refuses(id, inUse, "NodeGroup already exists with name nodes and cluster name eks-cluster", awstest.NodeGroup,
		with(engine.Props{"nodeGroupName": "nodes"}))
	if names := p.Account.EKS.NodeGroups("eks-cluster")[0].NodeNames(); len(names) != 2 || names[0] == names[1] {
		t.Errorf("nodes %v", names)
	}
	p.Change("nodes", sizes(2, 3, 5))
	if n := len(p.Account.EKS.NodeGroups("eks-cluster")[0].Nodes); n != 3 {
		t.Errorf("scaled to %d", n)
	}
}

func TestNodeGroupChoices(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.ControlPlane("", nil)
	with := func(over engine.Props) engine.Props { return p.NodeInputs("", over) }
	const id = "node-architecture"
	arm := engine.Props{"amiType": "AL2023_ARM_64_STANDARD"}
	unsaid := with(engine.Props{"instanceTypes": []string{"t4g.medium"}})
	delete(unsaid, "amiType")
	p.Refuses("node-group-choices", "", `expected ami_type to be one of ["AL2_x86_64" "AL2_x86_64_GPU"`, awstest.NodeGroup,
		with(engine.Props{"amiType": "AL2023_x86_64"}))
	p.Refuses("node-group-choices", "", "expected scaling_config.0.max_size to be at least (1), got 0", awstest.NodeGroup,
		with(sizes(0, 0, 0)))
	p.Refuses(id, invalid, "[m7g.large, c7gn.large] is not a valid instance type for requested amiType AL2023_x86_64_STANDARD",
		awstest.NodeGroup, with(engine.Props{"instanceTypes": []string{"m5.large", "m7g.large", "c7gn.large"}}))
	p.Refuses(id, invalid, "[t4g.medium] is not a valid instance type for requested amiType AL2023_x86_64_STANDARD", awstest.NodeGroup, unsaid)
	families := []string{"a1.large", "c6gn.large", "g4dn.xlarge", "g5.xlarge", "im4gn.large", "is4gen.large", "g5g.xlarge"}
	p.Refuses(id, invalid, "[g4dn.xlarge, g5.xlarge] is not a valid instance type for requested amiType AL2023_ARM_64_STANDARD",
		awstest.NodeGroup, with(cloud.Merge(arm, engine.Props{"instanceTypes": families})))
	p.Refuses("node-group-version", invalid, "Requested Nodegroup version 1.34 is invalid. Allowed version is 1.35", awstest.NodeGroup,
		with(engine.Props{"version": "1.34"}))
	p.Up(awstest.NodeGroup, "graviton", with(cloud.Merge(arm, engine.Props{"instanceTypes": []string{"m7g.large"}, "version": "1.35"})))
	if got := p.Get("graviton", "version"); got != "1.35" {
		t.Errorf("the version is %s", got)
	}
}

// Nodes follow their cluster, not at once, but before it is too far ahead.
func TestNodesFollowTheirCluster(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.ControlPlane("", engine.Props{"version": "1.31"})
	p.Up(awstest.NodeGroup, "nodes", p.NodeInputs("", engine.Props{"nodeGroupName": "nodes", "version": "1.31"}))
	const id = "node-group-version"
	p.Refused(p.Update("nodes", engine.Props{"version": "1.32"}), id, invalid,
		"Requested Nodegroup version 1.32 is invalid. Allowed version is 1.31")
	for _, v := range []string{"1.32", "1.33", "1.34"} {
		p.Change("cluster", engine.Props{"version": v})
	}
	p.Refused(p.Update("cluster", engine.Props{"version": "1.35"}), id, invalid,
		"Nodegroups nodes must be updated to match cluster version 1.34 before updating cluster version")
	p.Refused(p.Update("nodes", engine.Props{"version": "1.33"}), id, invalid, "Allowed version is 1.34")
	p.Change("nodes", engine.Props{"version": "1.34"})
	p.Change("cluster", engine.Props{"version": "1.35"})
}

func TestAddonVersionLookup(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	look := func(args engine.Props) any {
		out, err := p.Invoke("aws:eks/getAddonVersion:getAddonVersion", args)
		if err != nil {
			t.Fatal(err)
		}
		return out["version"]
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
	p.Account.EKS.Publish()
	if got := look(newest); got != "v1.12.4-eksbuild.100" {
		t.Errorf("the newest build of coredns is %v", got)
	}
	_, err := p.Invoke("aws:eks/getAddonVersion:getAddonVersion", engine.Props{"addonName": "coredns", "kubernetesVersion": "1.99"})
	p.Refused(err, "lookups-find", "", "EKS Add-On version info (coredns, 1.99)")
	_, err = p.Invoke("aws:ssm/getParameter:getParameter", engine.Props{"name": "/aws/service/eks/optimized-ami/1.99/recommended"})
	p.Refused(err, "lookups-find", "ParameterNotFound", "/1.99/")
}

func TestNodeReleases(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.ControlPlane("", engine.Props{"version": "1.34"})
	p.Up(awstest.NodeGroup, "nodes", p.NodeInputs("", nil))
	newest := func(version string) string {
		out, err := p.Invoke("aws:ssm/getParameter:getParameter", engine.Props{
			"name": "/aws/service/eks/optimized-ami/" + version + "/amazon-linux-2023/x86_64/standard/recommended/release_version"})
		if err != nil {
			t.Fatal(err)
		}
		return cloud.Text(out["insecureValue"])
	}
	node := func() string { return p.Account.EKS.NodeGroups("eks-cluster")[0].Nodes[0].InstanceID }
	before := node()
	if got := p.Get("nodes", "releaseVersion"); got != newest("1.34") {
		t.Errorf("the nodes have the release %s, want the newest, %s", got, newest("1.34"))
	}
	p.Account.EKS.Publish()
	if _, _, diff := p.Refresh("nodes"); len(diff.Keys) > 0 || node() != before {
		t.Errorf("a new release changed nodes by itself: %+v", diff)
	}
	p.Refused(p.Update("nodes", engine.Props{"releaseVersion": newest("1.35")}), "node-release", invalid,
		"Requested release version 1.35.1-20260901 is not valid for kubernetes version 1.34.")
	p.Change("nodes", engine.Props{"releaseVersion": newest("1.34")})
	if node() == before {
		t.Error("the nodes are the old ones")
	}
	upgraded := engine.Props{"version": "1.35", "releaseVersion": newest("1.35")}
	p.Refused(p.Update("nodes", upgraded), "node-group-version", invalid,
		"Requested Nodegroup version 1.35 is invalid. Allowed version is 1.34")
	p.Change("cluster", engine.Props{"version": "1.35"})
	p.Change("nodes", upgraded)
}

// Each old node is drained while all new ones exist; a node that cannot be
// drained stays, with the group's release.
func TestNodesAreDrained(t *testing.T) {
	t.Parallel()
	const refused = "Cannot evict pod as it would violate the pod's disruption budget."
	p := awstest.New(t)
	p.Cluster("")
	group := p.Account.EKS.NodeGroups("eks-cluster")[0]
	old, release := group.NodeNames(), group.Release
	p.Account.EKS.Publish()
	var drained []string
	p.Account.OnDrain = func(_ *world.Op, cluster, node string) error {
		if want := 4 - len(drained); cluster != "eks-cluster" || len(group.Nodes) != want {
			t.Errorf("%d nodes of %s are there while %s is drained, want %d", len(group.Nodes), cluster, node, want)
		}
		if len(drained) == 1 {
			return errors.New(refused)
		}
		drained = append(drained, node)
		return nil
	}
	newer := engine.Props{"releaseVersion": "1.35.1-20260901"}
	p.Refused(p.Update("nodes", newer), "node-updates-drain", "PodEvictionFailure", "would violate the pod's disruption budget")
	if group.Release != release || !slices.Contains(group.NodeNames(), old[1]) || slices.Contains(group.NodeNames(), old[0]) {
		t.Errorf("after an update that failed: release %s, nodes %v, were %v", group.Release, group.NodeNames(), old)
	}
	p.Account.OnDrain = nil
	p.Change("nodes", newer)
	if names := group.NodeNames(); len(names) != 2 || group.Release != "1.35.1-20260901" || slices.Contains(names, old[1]) {
		t.Errorf("after the update: release %s, nodes %v", group.Release, names)
	}
}

func TestNodeRoleConditions(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.ControlPlane("", nil)
	awstest.TryConditions(t, p.Get("cluster", "arn"), nil, "node-role-conditions", func(t *testing.T, _, condition string) error {
		t.Helper()
		p.Change("node-role", engine.Props{"assumeRolePolicy": awstest.TrustIf(awstest.NodeService, condition)})
		return p.Attempt(awstest.NodeGroup, p.NodeInputs("", nil))
	})
}

func TestNodesNeedEgress(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Cluster("")
	if urns, err := p.Account.EKS.EgressFromNodes("eks-cluster"); err != nil || !slices.Contains(urns, string(p.Created["nat"].URN)) {
		t.Errorf("the way out: %v %v", urns, err)
	}
	p.Down("private-out")
	_, err := p.Account.EKS.EgressFromNodes("eks-cluster")
	p.Refused(err, "nodes-need-egress", "", "no route to 0.0.0.0/0")
}

func TestLaunchTemplates(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.ControlPlane("", nil)
	p.Up(awstest.SecurityGroup, "own", engine.Props{"vpcId": p.ID("vpc")})
	p.Up(awstest.LaunchTemplate, "template", engine.Props{"name": "nodes", "updateDefaultVersion": true,
		"metadataOptions": engine.Props{"httpTokens": "required"}})
	p.Up(awstest.LaunchTemplate, "typed", engine.Props{"instanceType": "m5.large", "vpcSecurityGroupIds": []string{p.ID("own")}})
	by := func(name, version string, over engine.Props) engine.Props {
		return p.NodeInputs("", cloud.Merge(engine.Props{"launchTemplate": engine.Props{"id": p.ID(name), "version": version}}, over))
	}
	const id = "node-group-launch-template"
	p.Refuses(id, badRequest, "Could not find the specified version 2", awstest.NodeGroup, by("template", "2", nil))
	p.Refuses(id, invalid, "Disk size must be specified within the launch template.", awstest.NodeGroup,
		by("template", "1", engine.Props{"diskSize": 50}))
	p.Refuses(id, invalid, "Instance type can be specified either in EKS API or in launch template.", awstest.NodeGroup, by("typed", "1", nil))
	p.Up(awstest.NodeGroup, "nodes", by("template", "1", nil))
	before := p.Account.EKS.NodeGroups("eks-cluster")[0].Nodes[0].InstanceID

	p.Change("template", engine.Props{"metadataOptions": engine.Props{"httpTokens": "required", "httpPutResponseHopLimit": 1}})
	if got := cloud.Number(p.Created["template"].Outputs["latestVersion"]); got != 2 {
		t.Errorf("a change creates version %d", got)
	}
	p.Change("nodes", engine.Props{"launchTemplate": engine.Props{"id": p.ID("template"), "version": "2"}})
	nodes := p.Account.EKS.NodeGroups("eks-cluster")[0].Nodes
	if len(nodes) != 2 || nodes[0].InstanceID == before {
		t.Errorf("a new version of the template leaves the nodes as they are: %+v", nodes)
	}
	if _, diff := p.Diff("nodes", engine.Props{"launchTemplate": engine.Props{"id": p.ID("typed"), "version": "1"}}); len(diff.Replace) != 1 {
		t.Errorf("another template: %+v", diff)
	}
	p.Down("nodes", "template")

	// The template's own groups take the place of the cluster's.
	typed := by("typed", "$Latest", nil)
	delete(typed, "instanceTypes")
	p.Up(awstest.NodeGroup, "nodes", typed)
	if ng := p.Account.EKS.NodeGroups("eks-cluster")[0]; ng.GroupIDs[0] != p.ID("own") || ng.InstanceType != "m5.large" {
		t.Errorf("nodes carry %v and are %s", ng.GroupIDs, ng.InstanceType)
	}
}

func TestMetadataService(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.ControlPlane("", nil)
	for what, c := range map[string]struct {
		options engine.Props
		reached bool
	}{
		"one hop":              {engine.Props{"httpTokens": "required", "httpPutResponseHopLimit": 1}, false},
		"two hops":             {engine.Props{"httpTokens": "required", "httpPutResponseHopLimit": 2}, true},
		"requests without PUT": {engine.Props{"httpTokens": "optional", "httpPutResponseHopLimit": 1}, true},
		"switched off":         {engine.Props{"httpEndpoint": "disabled", "httpPutResponseHopLimit": 2}, false},
	} {
		p.Up(awstest.LaunchTemplate, "template", engine.Props{"metadataOptions": c.options})
		p.Up(awstest.NodeGroup, "nodes", p.NodeInputs("", engine.Props{"launchTemplate": engine.Props{"id": p.ID("template"), "version": "1"}}))
		node := p.Account.EKS.NodeGroups("eks-cluster")[0].Nodes[0]
		session, err := p.Account.EKS.NodeCredentials("eks-cluster", node.Name)
		if (err == nil) != c.reached || c.reached && !awstest.Contains(session.ARN, ":assumed-role/", "/"+node.InstanceID) {
			t.Errorf("%s: pods get %s: %v", what, session.ARN, err)
		}
		p.Down("nodes", "template")
	}
}
