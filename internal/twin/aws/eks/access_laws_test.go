package eks_test

import (
	"net/netip"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/eks"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law/lawtest"
	"eks-lattice/internal/twin/world"
)

// endpoints are a cluster's inputs with endpoints.
func endpoints(p *awstest.Program, config engine.Props) engine.Props {
	return p.ClusterInputs("", engine.Props{"vpcConfig": cloud.Merge(engine.Props{"subnetIds": p.PrivateSubnets("")}, config)})
}

// reached creates a cluster with endpoints and connects to its API.
func reached(p *awstest.Program, config engine.Props, from eks.Deployer) error {
	p.VPC("")
	p.Roles("")
	p.Up(awstest.Cluster, "cluster", endpoints(p, config))
	p.Account.EKS.DeployFrom(from)
	return reach(p)
}

// reach connects to the cluster's API as an operation of the engine would.
func reach(p *awstest.Program) error {
	p.T.Helper()
	return p.Account.World.Do(world.Create, string(awstest.URN("kubernetes:core/v1:Namespace", "client")), func(op *world.Op) error {
		return p.Account.EKS.Reach(op, p.Account.EKS.ClusterByName("eks-cluster"))
	})
}

var private = engine.Props{"endpointPublicAccess": false, "endpointPrivateAccess": true}

var endpointLaws = []lawtest.Counterexample{
	awstest.Refuses("endpoint-access", invalid, "Private and public endpoint access cannot be false", func(p *awstest.Program) error {
		p.VPC("")
		p.Roles("")
		return p.Try(awstest.Cluster, "cluster", endpoints(p, engine.Props{"endpointPublicAccess": false, "endpointPrivateAccess": false}))
	}),
	awstest.Refuses("public-endpoint-admits", "", "i/o timeout (the public endpoint of eks-cluster does not admit 203.0.113.7)",
		func(p *awstest.Program) error {
			return reached(p, engine.Props{"publicAccessCidrs": []string{"198.51.100.0/24"}},
				eks.Deployer{PublicAddress: netip.MustParseAddr("203.0.113.7")})
		}),
	awstest.Refuses("private-endpoint-is-inside", "", "the deployer is on the Internet", func(p *awstest.Program) error {
		return reached(p, private, eks.Deployer{})
	}),
}

// entry is the access entry of a role.
func entry(p *awstest.Program, role string, over engine.Props) engine.Props {
	return cloud.Merge(engine.Props{"clusterName": p.ID("cluster"), "principalArn": p.Get(role, "arn")}, over)
}

// policy is the association of the administrator's policy with a role.
func policy(p *awstest.Program, role string, over engine.Props) engine.Props {
	return entry(p, role, cloud.Merge(engine.Props{"policyArn": admin, "accessScope": engine.Props{"type": "cluster"}}, over))
}

var accessLaws = []lawtest.Counterexample{
	awstest.Refuses("access-entry-references", invalid, "The specified principalArn is invalid", after(func(p *awstest.Program) error {
		return p.Try(awstest.AccessEntry, "nobody", engine.Props{"clusterName": p.ID("cluster"),
			"principalArn": "arn:aws:iam::123456789012:role/nobody"})
	})),
	awstest.Refuses("access-policy-references", notFound, "principalArn could not be found", after(func(p *awstest.Program) error {
		return p.Try(awstest.AccessPolicyAssociation, "early", policy(p, "node-role", nil))
	})),
	// The component creates the entry of the nodes' role before the nodes.
	awstest.DependsBy("nodes-access-entry", "nodes", "entry", world.Create, func(p *awstest.Program) {
		p.ControlPlane("", nil)
		p.Up(awstest.AccessEntry, "entry", entry(p, "node-role", engine.Props{"type": "EC2_LINUX"}))
		p.Up(awstest.NodeGroup, "nodes", p.NodeInputs("", nil))
	}),
}
