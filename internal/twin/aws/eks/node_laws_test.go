package eks_test

import (
	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law/lawtest"
	"eks-lattice/internal/twin/world"
	"errors"
)

// addon is a program with a control plane that creates an addon.
func addon(name string, over engine.Props) func(p *awstest.Program) error {
	return after(func(p *awstest.Program) error { return p.Try(awstest.Addon, name, p.AddonInputs("", name, over)) })
}

// bare creates a control plane without the addons that EKS installs by itself.
func bare(p *awstest.Program) { p.ControlPlane("", engine.Props{"bootstrapSelfManagedAddons": false}) }

var addonLaws = []lawtest.Counterexample{
	awstest.Refuses("addon-references", invalid, "is not supported", addon("no-such-addon", nil)),
	awstest.Refuses("addon-conflicts", "ConfigurationConflict",
		"Conflicts found when trying to apply. Will not continue due to resolve conflicts mode.",
		addon("vpc-cni", engine.Props{"resolveConflictsOnCreate": "NONE"})),
	awstest.Refuses("addon-version", invalid, "Addon version specified is not supported",
		addon("kube-proxy", engine.Props{"addonVersion": "1.2"})),
	awstest.Refuses("addon-configuration", invalid, "[$.enableNetworkPolicy: boolean found, string expected]",
		addon("vpc-cni", engine.Props{"configurationValues": `{"enableNetworkPolicy":true}`})),
	awstest.Refuses("coredns-needs-nodes", "", "(last state: 'DEGRADED', timeout: 20m0s)", addon("coredns", nil)),
	awstest.Refuses("coredns-needs-network", "", "kube-proxy does not run", func(p *awstest.Program) error {
		bare(p)
		p.Addon("", "vpc-cni")
		p.Up(awstest.NodeGroup, "nodes", p.NodeInputs("", nil))
		return p.Try(awstest.Addon, "coredns", p.AddonInputs("", "coredns", nil))
	}),
}

// nodes is a program with a control plane that creates a node group.
func nodes(over engine.Props) func(p *awstest.Program) error {
	return after(func(p *awstest.Program) error { return p.Try(awstest.NodeGroup, "nodes", p.NodeInputs("", over)) })
}

// sizes are a node group's scaling configuration.
func sizes(minimum, desired, maximum int) engine.Props {
	return engine.Props{"scalingConfig": engine.Props{"minSize": minimum, "desiredSize": desired, "maxSize": maximum}}
}

// elsewhere is a program with a control plane and one subnet more, with a route
// table or without, that creates a node group there.
func elsewhere(cidr, table string, over engine.Props) func(p *awstest.Program) error {
	return after(func(p *awstest.Program) error {
		p.Up(awstest.Subnet, "subnet", engine.Props{"vpcId": p.ID("vpc"), "cidrBlock": cidr})
		if table != "" {
			p.Up(awstest.RouteTableAssociation, "table", engine.Props{"subnetId": p.ID("subnet"), "routeTableId": p.ID(table)})
		}
		return p.Try(awstest.NodeGroup, "nodes", p.NodeInputs("", cloud.Merge(engine.Props{"subnetIds": []string{p.ID("subnet")}}, over)))
	})
}

var nodeLaws = []lawtest.Counterexample{
	awstest.Refuses("node-group-references", notFound, "No cluster found for name: nowhere.", nodes(engine.Props{"clusterName": "nowhere"})),
	awstest.Refuses("node-group-choices", "", `expected capacity_type to be one of ["ON_DEMAND" "SPOT" "CAPACITY_BLOCK"], got spot`,
		nodes(engine.Props{"capacityType": "spot"})),
	awstest.Refuses("node-ami-type", invalid, "Requested AMI for this version 1.35 is not supported",
		nodes(engine.Props{"amiType": "AL2_x86_64"})),
	awstest.Refuses("node-architecture", invalid, "[m5.large] is not a valid instance type for requested amiType AL2023_ARM_64_STANDARD",
		nodes(engine.Props{"amiType": "AL2023_ARM_64_STANDARD"})),
	awstest.Refuses("node-group-version", invalid, "Requested Nodegroup version 1.36 is invalid. Allowed version is 1.35",
		func(p *awstest.Program) error {
			return updating("nodes", "1.35", engine.Props{"version": "1.36"})(p)
		}),
	awstest.Refuses("node-release", invalid, "Requested release version 1.35.9-20991201 is not valid for kubernetes version 1.34.",
		updating("nodes", "1.34", engine.Props{"releaseVersion": "1.35.9-20991201"})),
	awstest.Refuses("node-updates-drain", "PodEvictionFailure",
		"Reached max retries while trying to evict pods from nodes in node group nodes",
		func(p *awstest.Program) error {
			p.Cluster("")
			p.Account.OnDrain = func(*world.Op, string, string) error { return errors.New("Cannot evict pod") }
			p.Account.EKS.Publish()
			return p.Update("nodes", engine.Props{"releaseVersion": "1.35.1-20260901"})
		}),
	awstest.Refuses("node-group-scaling", invalid, "Minimum capacity 3 can't be greater than desired size 2", nodes(sizes(3, 2, 5))),
	awstest.Refuses("subnet-free-addresses", "InsufficientFreeAddresses", "does not have enough available IP addresses",
		elsewhere("10.0.40.0/28", "private", sizes(1, 6, 6))),
	awstest.Refuses("node-group-needs-egress", "NodeCreationFailure", "Instances failed to join the kubernetes cluster",
		elsewhere("10.0.30.0/24", "", nil)),
	awstest.Refuses("node-role-policies", "NodeCreationFailure", "lacks AmazonEKSWorkerNodePolicy", after(func(p *awstest.Program) error {
		p.Down("node-worker")
		return p.Try(awstest.NodeGroup, "nodes", p.NodeInputs("", nil))
	})),
	awstest.Refuses("node-role-conditions", "NodeCreationFailure", "EC2 cannot assume the role", after(func(p *awstest.Program) error {
		p.Change("node-role", engine.Props{"assumeRolePolicy": awstest.TrustIf(awstest.NodeService,
			`{"StringEquals":{"aws:SourceAccount":"123456789012"}}`)})
		return p.Try(awstest.NodeGroup, "nodes", p.NodeInputs("", nil))
	})),
	awstest.Refuses("nodes-need-cni", "NodeCreationFailure", "Unhealthy nodes in the kubernetes cluster", func(p *awstest.Program) error {
		bare(p)
		return p.Try(awstest.NodeGroup, "nodes", p.NodeInputs("", nil))
	}),
	awstest.Refuses("node-group-launch-template", badRequest, "with template ID lt-0, does not exist.",
		nodes(engine.Props{"launchTemplate": engine.Props{"id": "lt-0", "version": "1"}})),
	awstest.Refuses("metadata-hop-limit", "EC2MetadataError", "timed out", after(func(p *awstest.Program) error {
		p.Up(awstest.NodeGroup, "nodes", p.NodeInputs("", nil))
		_, err := p.Account.EKS.NodeCredentials("eks-cluster", p.Account.EKS.NodeGroups("eks-cluster")[0].Nodes[0].Name)
		return err
	})),
}

// association gives the pods of apps a role.
func association(p *awstest.Program, role string) engine.Props {
	return engine.Props{"clusterName": p.ID("cluster"), "namespace": "apps", "serviceAccount": "default", "roleArn": p.Get(role, "arn")}
}

// associated is a program with a cluster whose pods have the role app.
func associated(program func(p *awstest.Program) error) func(p *awstest.Program) error {
	return func(p *awstest.Program) error {
		p.Cluster("")
		p.Role("app", awstest.PodIdentityService)
		p.Up(awstest.PodIdentityAssociation, "apps", association(p, "app"))
		return program(p)
	}
}

// asking asks for the credentials of a pod.
func asking(p *awstest.Program) error {
	_, _, err := p.Account.EKS.AssumeRoleForPodIdentity("eks-cluster", "apps", "default", "demo", "uid")
	return err
}

var podIdentityLaws = []lawtest.Counterexample{
	awstest.Refuses("association-references", notFound, "No cluster found for name: nowhere.", associated(func(p *awstest.Program) error {
		return p.Try(awstest.PodIdentityAssociation, "x", cloud.Merge(association(p, "app"), engine.Props{"clusterName": "nowhere"}))
	})),
	awstest.Refuses("role-trusts-pod-identity", invalid, "Trust policy of the role provided is invalid.",
		associated(func(p *awstest.Program) error {
			return p.Try(awstest.PodIdentityAssociation, "x", cloud.Merge(association(p, "node-role"), engine.Props{"namespace": "x"}))
		})),
	awstest.Refuses("association-once", inUse, "Association already exists: a-", associated(func(p *awstest.Program) error {
		return p.Try(awstest.PodIdentityAssociation, "twice", association(p, "app"))
	})),
	awstest.Refuses("role-conditions", "AccessDeniedException",
		"Unauthorized Exception! EKS does not have permissions to assume the associated role.", associated(func(p *awstest.Program) error {
			p.Change("app", engine.Props{"assumeRolePolicy": awstest.TrustIf(awstest.PodIdentityService,
				`{"StringEquals":{"aws:SourceAccount":"210987654321"}}`)})
			return asking(p)
		})),
	awstest.Refuses("node-role-may-assume", "AccessDeniedException", "eks-auth:AssumeRoleForPodIdentity",
		associated(func(p *awstest.Program) error {
			p.Down("node-worker")
			return asking(p)
		})),
	awstest.Refuses("sessions-end-with-their-role", "UnrecognizedClientException", "security token included in the request is invalid",
		associated(func(p *awstest.Program) error {
			session, _, err := p.Account.EKS.AssumeRoleForPodIdentity("eks-cluster", "apps", "default", "demo", "uid")
			if err != nil {
				return err
			}
			p.Down("app")
			_, err = p.Account.EKS.WithRole(session, session.RoleID)
			return err
		})),
}
