package eks

import (
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/aws/kms"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/iam"
)

// The calls of the provider are those of
// https://github.com/hashicorp/terraform-provider-aws/tree/v5.100.0/internal/service/eks
// and the actions, resources and condition keys those of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelastickubernetesservice.html

const (
	service          = "eks.amazonaws.com"
	nodeGroupService = "eks-nodegroup.amazonaws.com"
	nodeGroupRole    = "AWSServiceRoleForAmazonEKSNodegroup"
)

var (
	cluster, nodes = cloud.Self(Clusters), cloud.Self(NodeGroups)
	addon, entry   = cloud.Self(Addons), cloud.Self(Entries)
	association    = cloud.Self(Associations)
	ofItsCluster   = cloud.Of(Clusters, "clusterName")
)

var (
	_ = cloud.DefineCalls("aws:eks/cluster:Cluster", cloud.Calls{
		Create: append([]cloud.Call{
			cloud.Does("eks:CreateCluster").Tagged(),
			tagging(func(r *cloud.Request) string { return "cluster/" + r.Str("name") }),
			roles.Passing("roleArn", service),
			roles.ServiceLinked(service, "AWSServiceRoleForAmazonEKS"),
		}, usingKey("encryptionConfig")...),
		Read: cloud.Each(cluster, "eks:DescribeCluster"),
		Update: append(retagging(cluster,
			cloud.Does("eks:UpdateClusterVersion", cluster).Changing("version"),
			cloud.Does("eks:UpdateClusterConfig", cluster).Changing("vpcConfig", "enabledClusterLogTypes", "accessConfig", "upgradePolicy"),
			cloud.Does("eks:AssociateEncryptionConfig", cluster).Changing("encryptionConfig"),
			cloud.Does("eks:DescribeUpdate", cluster).
				Changing("version", "vpcConfig", "enabledClusterLogTypes", "accessConfig", "upgradePolicy", "encryptionConfig")),
			usingKey("encryptionConfig")...),
		Delete: cloud.Each(cluster, "eks:DeleteCluster", "eks:DescribeCluster"),
	})
	_ = cloud.DefineCalls("aws:eks/nodeGroup:NodeGroup", cloud.Calls{
		Create: append([]cloud.Call{
			cloud.Does("eks:CreateNodegroup", ofItsCluster).Tagged(),
			tagging(func(r *cloud.Request) string {
				return "nodegroup/" + r.Str("clusterName") + "/" + r.Str("nodeGroupName") + "/*"
			}),
			roles.Passing("nodeRoleArn", service),
			// EKS looks for its role in the caller's name.
			// https://eksctl.io/usage/minimum-iam-policies/
			cloud.Does("iam:GetRole", func(r *cloud.Request) []cloud.Target {
				return roles.Linked(r.Account, nodeGroupService, nodeGroupRole)
			}),
			roles.ServiceLinked(nodeGroupService, nodeGroupRole),
		}, launching()...),
		Read: cloud.Each(nodes, "eks:DescribeNodegroup"),
		Update: append(retagging(nodes,
			cloud.Does("eks:UpdateNodegroupVersion", nodes).Changing("version", "releaseVersion", "launchTemplate"),
			cloud.Does("eks:UpdateNodegroupConfig", nodes).Changing("labels", "scalingConfig", "taints", "updateConfig", "nodeRepairConfig"),
			cloud.Does("eks:DescribeUpdate", ofItsCluster, nodes).
				Changing("version", "releaseVersion", "launchTemplate", "labels", "scalingConfig", "taints", "updateConfig", "nodeRepairConfig")),
			launching()...),
		Delete: cloud.Each(nodes, "eks:DeleteNodegroup", "eks:DescribeNodegroup"),
	})
	_ = cloud.DefineCalls("aws:eks/addon:Addon", cloud.Calls{
		Create: []cloud.Call{
			cloud.Does("eks:CreateAddon", ofItsCluster).Tagged(),
			tagging(func(r *cloud.Request) string {
				return "addon/" + r.Str("clusterName") + "/" + r.Str("addonName") + "/*"
			}),
		},
		Read: cloud.Each(addon, "eks:DescribeAddon"),
		Update: retagging(addon,
			cloud.Does("eks:UpdateAddon", addon).Changing("addonVersion", "configurationValues", "serviceAccountRoleArn"),
			cloud.Does("eks:DescribeUpdate", ofItsCluster, addon).Changing("addonVersion", "configurationValues", "serviceAccountRoleArn")),
		Delete: cloud.Each(addon, "eks:DeleteAddon", "eks:DescribeAddon"),
	})
	_ = cloud.DefineCalls("aws:eks/accessEntry:AccessEntry", cloud.Calls{
		Create: []cloud.Call{
			cloud.Does("eks:CreateAccessEntry", ofItsCluster).Tagged(),
			tagging(func(r *cloud.Request) string {
				return entryPath(r.Account, r.Str("clusterName"), r.Str("principalArn")) + "*"
			}),
		},
		Read:   cloud.Each(entry, "eks:DescribeAccessEntry"),
		Update: retagging(entry, cloud.Does("eks:UpdateAccessEntry", entry).Changing("kubernetesGroups", "userName")),
		Delete: cloud.Each(entry, "eks:DeleteAccessEntry"),
	})
	_ = cloud.DefineCalls("aws:eks/accessPolicyAssociation:AccessPolicyAssociation", cloud.Calls{
		Create: cloud.Each(ofEntry, "eks:AssociateAccessPolicy"),
		Read:   cloud.Each(ofEntry, "eks:ListAssociatedAccessPolicies"),
		Update: cloud.Each(ofEntry, "eks:AssociateAccessPolicy"),
		Delete: cloud.Each(ofEntry, "eks:DisassociateAccessPolicy"),
	})
	_ = cloud.DefineCalls("aws:eks/podIdentityAssociation:PodIdentityAssociation", cloud.Calls{
		Create: append([]cloud.Call{
			cloud.Does("eks:CreatePodIdentityAssociation", ofItsCluster).Tagged(),
			tagging(func(r *cloud.Request) string { return "podidentityassociation/" + r.Str("clusterName") + "/*" }),
		}, handing()...),
		Read: cloud.Each(association, "eks:DescribePodIdentityAssociation"),
		Update: append(retagging(association,
			cloud.Does("eks:UpdatePodIdentityAssociation", association).Changing("roleArn", "disableSessionTags")),
			handing()...),
		Delete: cloud.Each(association, "eks:DeletePodIdentityAssociation"),
	})
)

// The lookups.
var (
	_ = cloud.DefineCalls("aws:eks/getCluster:getCluster", cloud.Calls{Read: []cloud.Call{
		cloud.Does("eks:DescribeCluster", func(r *cloud.Request) []cloud.Target {
			return []cloud.Target{{ARN: r.ARN("eks", "cluster/"+r.Str("name"))}}
		}),
	}})
	_ = cloud.DefineCalls("aws:eks/getClusterVersions:getClusterVersions", cloud.Calls{Read: cloud.Reads("eks:DescribeClusterVersions")})
	_ = cloud.DefineCalls("aws:eks/getAddonVersion:getAddonVersion", cloud.Calls{Read: cloud.Reads("eks:DescribeAddonVersions")})
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
	_ = cloud.DefineCalls("aws:ssm/getParameter:getParameter", cloud.Calls{Read: []cloud.Call{
		cloud.Does("ssm:GetParameter", func(r *cloud.Request) []cloud.Target {
			return []cloud.Target{{ARN: r.Account.ARN("ssm", r.Region, "", "parameter"+r.Str("name"))}}
		}),
	}})
)

// tagging is the permission that EKS wants for the tags of a creating call.
func tagging(resource func(r *cloud.Request) string) cloud.Call {
	on := func(r *cloud.Request) []cloud.Target { return []cloud.Target{{ARN: r.ARN("eks", resource(r))}} }
	return cloud.Does("eks:TagResource", on).Tagged().Tagging()
}

func retagging(self cloud.On, others ...cloud.Call) []cloud.Call {
	return append(others, cloud.Does("eks:TagResource", self).Retagging(), cloud.Does("eks:UntagResource", self).Untagging())
}

// usingKey are the calls to the key of a cluster that EKS makes in its creator's name.
// https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html
func usingKey(input string) []cloud.Call {
	key := func(r *cloud.Request) []cloud.Target {
		if k := kms.Keys.ByARN(r.Account, cloud.Text(cloud.Object(r.Obj(input)["provider"])["keyArn"])); k != nil {
			return []cloud.Target{cloud.Existing(k.Info())}
		}
		return nil
	}
	given := func(r *cloud.Request) bool { return r.Has(input) && r.Changed(input) }
	return []cloud.Call{cloud.Does("kms:DescribeKey", key).When(given), cloud.Does("kms:CreateGrant", key).When(given)}
}

// handing are the permissions to give pods a role.
// https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html
func handing() []cloud.Call {
	return []cloud.Call{
		cloud.Does("iam:GetRole", roles.Given("roleArn")).Changing("roleArn"),
		roles.Passing("roleArn", "pods.eks.amazonaws.com").Changing("roleArn"),
	}
}

// ofEntry is the access entry of a principal, which an association names.
func ofEntry(r *cloud.Request) []cloud.Target {
	found := Entries.Get(r.Account, r.Str("clusterName")+":"+r.Str("principalArn"))
	if found == nil {
		return nil
	}
	return []cloud.Target{cloud.Existing(found.Info())}
}

// launching are the permissions for the instances of a launch template, which EKS
// wants of whoever gives it one.
// https://github.com/aws-samples/terraform-eks-code/issues/13
func launching() []cloud.Call {
	given := func(r *cloud.Request) bool { return r.Has("launchTemplate") && r.Changed("launchTemplate") }
	return []cloud.Call{
		cloud.Does("ec2:RunInstances", launched, cloud.Of(ec2.LaunchTemplates, "launchTemplate.id"), cloud.Of(ec2.Subnets, "subnetIds"), image).
			When(given),
		cloud.Does("ec2:CreateTags", launched).When(given).
			With(func(*cloud.Request) iam.Context { return iam.Context{"ec2:createaction": {"RunInstances"}} }),
	}
}

// launched are the resources of an instance, with the template's tags.
func launched(r *cloud.Request) (list []cloud.Target) {
	t := ec2.LaunchTemplates.Get(r.Account, cloud.Text(r.Obj("launchTemplate")["id"]))
	for _, kind := range []string{"instance", "volume", "network-interface"} {
		target := cloud.Target{ARN: r.ARN("ec2", kind+"/*"), Keys: iam.Context{}}
		if t != nil {
			for key, value := range t.LaunchTags(kind) {
				target.Keys.Set("aws:RequestTag/"+key, value)
			}
		}
		list = append(list, target)
	}
	return list
}

// image is the one that EKS chooses.
func image(r *cloud.Request) []cloud.Target {
	return []cloud.Target{{ARN: r.Account.ARN("ec2", r.Region, "", "image/*")}}
}
