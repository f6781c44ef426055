package aws

import (
	"testing"

	"eks-lattice/internal/twin/engine"
)

func TestNodeGroupReferences(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.roles("")
	p.controlPlane("")
	p.up(tSubnet, "blind-a", engine.Props{"vpcId": p.id("vpc"), "cidrBlock": "10.0.30.0/24"})
	p.up(tSubnet, "shy", engine.Props{"vpcId": p.id("vpc"), "cidrBlock": "10.0.31.0/24"})
	p.up(tRTA, "shy-table", engine.Props{"subnetId": p.id("shy"), "routeTableId": p.id("public")})
	with := func(over engine.Props) engine.Props { return p.nodeInputs("", over) }
	p.refuseAll(t, []refusal{
		{"cluster", lawNodeGroupRefs, "ResourceNotFoundException", "No cluster found for name: nowhere.", tNodes, with(engine.Props{"clusterName": "nowhere"})},
		{"trust", lawNodeGroupRefs, "InvalidParameterException", "Following required service principals [ec2.amazonaws.com] were not found", tNodes, with(engine.Props{"nodeRoleArn": p.get("cluster-role", "arn")})},
		{"subnet", lawNodeGroupRefs, "InvalidParameterException", "subnet-0", tNodes, with(engine.Props{"subnetIds": []string{"subnet-0"}})},
		{"ami", lawNodeAMI, "InvalidParameterException", "Requested AMI for this version 1.35 is not supported", tNodes, with(engine.Props{"amiType": "AL2_x86_64"})},
		{"arm-image", lawNodeArchitecture, "InvalidParameterException", "[m5.large] is not a valid instance type for requested amiType AL2023_ARM_64_STANDARD", tNodes, with(engine.Props{"amiType": "AL2023_ARM_64_STANDARD"})},
		{"arm-instance", lawNodeArchitecture, "InvalidParameterException", "[c7gn.large] is not a valid instance type for requested amiType AL2023_x86_64_STANDARD", tNodes, with(engine.Props{"instanceTypes": []string{"m5.large", "c7gn.large"}})},
		{"no-route", lawNodesNeedEgress, "NodeCreationFailure", "Instances failed to join the kubernetes cluster", tNodes, with(engine.Props{"subnetIds": []string{p.id("blind-a")}})},
		{"no-address", lawNodesNeedEgress, "Ec2SubnetInvalidConfiguration", "does not automatically assign public IP addresses", tNodes, with(engine.Props{"subnetIds": []string{p.id("shy")}})},
	})
	p.up(tSubnet, "tiny", engine.Props{"vpcId": p.id("vpc"), "cidrBlock": "10.0.40.0/28"})
	p.up(tRTA, "tiny-table", engine.Props{"subnetId": p.id("tiny"), "routeTableId": p.id("private")})
	scaled := func(least, desired, most int) engine.Props {
		return engine.Props{"subnetIds": []string{p.id("tiny")}, "scalingConfig": engine.Props{"minSize": least, "desiredSize": desired, "maxSize": most}}
	}
	p.refuseAll(t, []refusal{
		{"min", lawScaling, "InvalidParameterException", "Minimum capacity 3 can't be greater than desired size 2", tNodes, with(scaled(3, 2, 5))},
		{"max", lawScaling, "InvalidParameterException", "desired capacity 6 can't be greater than max size 5", tNodes, with(scaled(1, 6, 5))},
		{"addresses", lawAddresses, "InsufficientFreeAddresses", "does not have enough available IP addresses", tNodes, with(scaled(1, 6, 6))},
	})
	for name, policy := range nodePolicies {
		in := p.made[name].in
		p.down(name)
		words := []string{"Instances failed to join the kubernetes cluster"}
		if name != "node-registry" {
			words = append(words, policy)
		}
		p.refused(lawNodeRole, "NodeCreationFailure", words, tNodes, "without-"+name, with(nil))
		p.up(tAttach, name, in)
	}
	p.up(tNodes, "nodes", with(engine.Props{"nodeGroupName": "nodes"}))
	p.refused(lawNodeGroupRefs, "ResourceInUseException", []string{"NodeGroup already exists with name nodes and cluster name eks-cluster"}, tNodes, "again", with(engine.Props{"nodeGroupName": "nodes"}))
	if names := p.a.NodeGroups("eks-cluster")[0].NodeNames(); len(names) != 2 || names[0] == names[1] {
		t.Errorf("nodes %v", names)
	}
	if err := p.update("nodes", engine.Props{"scalingConfig": engine.Props{"desiredSize": 3, "minSize": 2, "maxSize": 5}}); err != nil || len(p.a.NodeGroups("eks-cluster")[0].Nodes) != 3 {
		t.Errorf("scaling to 3: %v", err)
	}
}

func TestNodeGroupChoices(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.cluster("")
	with := func(over engine.Props) engine.Props { return p.nodeInputs("", over) }
	for words, over := range map[string]engine.Props{
		`expected ami_type to be one of ["AL2_x86_64" "AL2_x86_64_GPU"`:                                          {"amiType": "AL2023_x86_64"},
		`expected capacity_type to be one of ["ON_DEMAND" "SPOT" "CAPACITY_BLOCK"], got spot [law node-group-ch`: {"capacityType": "spot"},
		`expected scaling_config.0.max_size to be at least (1), got 0`:                                           {"scalingConfig": engine.Props{"minSize": 0, "desiredSize": 0, "maxSize": 0}},
	} {
		if _, err := p.try(tNodes, "choice", with(over)); err == nil || !contains(err.Error(), words, lawNodeChoices.ID) {
			t.Errorf("%v: %v", over, err)
		}
	}
	broken(lawNodeChoices)
	arm := engine.Props{"amiType": "AL2023_ARM_64_STANDARD"}
	unsaid := with(engine.Props{"instanceTypes": []string{"t4g.medium"}})
	delete(unsaid, "amiType")
	p.refuseAll(t, []refusal{
		{"arm-on-x86", lawNodeArchitecture, "InvalidParameterException", "[m7g.large] is not a valid instance type for requested amiType AL2023_x86_64_STANDARD", tNodes,
			with(engine.Props{"instanceTypes": []string{"m5.large", "m7g.large"}})},
		{"default", lawNodeArchitecture, "InvalidParameterException", "[t4g.medium] is not a valid instance type for requested amiType AL2023_x86_64_STANDARD", tNodes, unsaid},
		{"x86-on-arm", lawNodeArchitecture, "InvalidParameterException", "[g4dn.xlarge, g5.xlarge] is not a valid instance type for requested amiType AL2023_ARM_64_STANDARD", tNodes,
			with(merge(arm, engine.Props{"instanceTypes": []string{"a1.large", "c6gn.large", "g4dn.xlarge", "g5.xlarge", "im4gn.large", "is4gen.large", "g5g.xlarge"}}))},
		{"newer", lawNodeVersion, "InvalidParameterException", "Requested Nodegroup version 1.36 is invalid. Allowed version is 1.35", tNodes, with(engine.Props{"version": "1.36"})},
		{"older", lawNodeVersion, "InvalidParameterException", "Requested Nodegroup version 1.34 is invalid. Allowed version is 1.35", tNodes, with(engine.Props{"version": "1.34"})},
	})
	p.up(tNodes, "graviton", with(merge(arm, engine.Props{"instanceTypes": []string{"m7g.large"}, "version": "1.35"})))
	if got := p.get("graviton", "version"); got != "1.35" {
		t.Errorf("the version is %s", got)
	}
}

// Nodes follow their cluster, not at once, but before it gets too far.
func TestNodesFollowTheirCluster(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.roles("")
	p.up(tCluster, "cluster", p.clusterInputs("", engine.Props{"version": "1.31"}))
	p.up(tNodes, "nodes", p.nodeInputs("", engine.Props{"nodeGroupName": "nodes", "version": "1.31"}))
	p.broke(p.update("nodes", engine.Props{"version": "1.32"}), lawNodeVersion, "InvalidParameterException", "Requested Nodegroup version 1.32 is invalid. Allowed version is 1.31")
	for _, v := range []string{"1.32", "1.33", "1.34"} {
		if err := p.update("cluster", engine.Props{"version": v}); err != nil {
			t.Fatal(err)
		}
	}
	p.broke(p.update("cluster", engine.Props{"version": "1.35"}), lawNodeVersion, "InvalidParameterException",
		"Nodegroups nodes must be updated to match cluster version 1.34 before updating cluster version")
	p.broke(p.update("nodes", engine.Props{"version": "1.33"}), lawNodeVersion, "InvalidParameterException", "Allowed version is 1.34")
	if err := p.update("nodes", engine.Props{"version": "1.34"}); err != nil || p.get("nodes", "version") != "1.34" {
		t.Errorf("following the cluster: %v, version %s", err, p.get("nodes", "version"))
	}
	if err := p.update("cluster", engine.Props{"version": "1.35"}); err != nil {
		t.Error(err)
	}
}

func TestNodesNeedEgress(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.cluster("")
	if _, err := p.a.EgressFromNodes("eks-cluster"); err != nil {
		t.Fatal(err)
	}
	p.down("private-out")
	_, err := p.a.EgressFromNodes("eks-cluster")
	p.broke(err, lawEgress, "", "no route to 0.0.0.0/0")
}
