package eks

import (
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var (
	lawNodeEntry = law.New(law.Access, "nodes-access-entry",
		"Nodes reach the API by the access entry of their role. EKS creates it with the node group when it does not exist, "+
			"so a program that creates its own does so before the nodes and keeps it until they are deleted.",
		"https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html")
	lawNodesOutlive = law.New(law.Deletion, "cni-outlives-nodes",
		"When the VPC CNI is deleted before the nodes, its network interfaces stay behind and block security groups, subnets and VPC.",
		"https://github.com/aws-ia/terraform-aws-eks-blueprints/pull/477")
	lawNodeRoleOutlives = law.New(law.Deletion, "node-role-outlives-nodes",
		"The policies of the nodes' role must outlive the node group, or EKS cannot delete instances and network interfaces.",
		"https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/eks_node_group")
	lawNodeDrain = law.New(law.References, "node-updates-drain",
		"EKS drains each node that an update replaces. An update fails when a disruption budget keeps pods on a node for 15 minutes.",
		"https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html")
	lawRoleProfile = law.New(law.Deletion, "role-in-instance-profile",
		"The role of a managed node group cannot be deleted: EKS keeps it in an instance profile while the group exists.",
		"https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html")
)

var _ = cloud.Use(NodeGroups, roles.Roles, cloud.InUse{Law: lawRoleProfile, Code: "DeleteConflict",
	Format: "Cannot delete entity, must remove roles from instance profile first. (%[2]s)",
}, func(ng *NodeGroup) []string { return []string{cloud.Tail(ng.RoleARN, "/")} },
	func(ng *NodeGroup) string { return "node group " + ng.Name })

var _ = cloud.DefineType(cloud.Type[*NodeGroup]{
	Schema: cloud.Schema{
		Token:    "aws:eks/nodeGroup:NodeGroup",
		Required: []string{"clusterName", "nodeRoleArn", "scalingConfig", "subnetIds"},
		ForceNew: []string{"clusterName", "nodeGroupName", "nodeRoleArn", "subnetIds", "amiType", "instanceTypes", "capacityType", "diskSize",
			"remoteAccess", "launchTemplate.id", "launchTemplate.name"},
		Sets:     []string{"subnetIds"},
		Autoname: "nodeGroupName",
		NameMax:  63,
		Refers:   ofCluster(lawNodeGroupRefs),
		// 1m48s to 1m59s in https://github.com/DevopsArtFactory/terraform-provisioning/pull/46; deletion: estimate.
		Takes: cloud.Durations{Create: 115 * time.Second, Update: 5 * time.Minute, Delete: 4 * time.Minute},
		Check: checkNodes,
	},
	Table:  NodeGroups,
	Create: createNodeGroup,
	Update: updateNodeGroup,
	Delete: deleteNodeGroup,
	Outputs: func(r *cloud.Request, ng *NodeGroup) engine.Props {
		disk := r.Or("diskSize", 20)
		if ng.Template != "" {
			disk = 0 // the template's business
		}
		return engine.Props{
			"arn": ng.ARN, "amiType": ng.AMIType, "diskSize": disk, "capacityType": r.Or("capacityType", "ON_DEMAND"),
			"instanceTypes": r.Or("instanceTypes", []any{ng.InstanceType}),
			"status":        "ACTIVE", "version": ng.Version, "releaseVersion": ng.Release, "nodeGroupNamePrefix": "", "labels": ng.Labels,
			"scalingConfig": engine.Props{"minSize": ng.Minimum, "desiredSize": ng.Desired, "maxSize": ng.Maximum},
			"nodeRoleArn":   ng.RoleARN, "subnetIds": cloud.List(ng.SubnetIDs),
			"updateConfig":     r.Or("updateConfig", engine.Props{"maxUnavailable": 1, "maxUnavailablePercentage": 0}),
			"nodeRepairConfig": r.Or("nodeRepairConfig", engine.Props{"enabled": false}),
			"resources": []any{engine.Props{"remoteAccessSecurityGroupId": "",
				"autoscalingGroups": []any{engine.Props{"name": "eks-" + ng.Name + "-" + cloud.Tail(ng.ARN, "/")}}}},
		}
	},
})

func createNodeGroup(r *cloud.Request) (*NodeGroup, error) {
	c, name := Clusters.Get(r.Account, r.Str("clusterName")), r.Str("nodeGroupName")
	key := c.Name + ":" + name
	if NodeGroups.Get(r.Account, key) != nil {
		return nil, lawNodeGroupRefs.Refuse("ResourceInUseException",
			"NodeGroup already exists with name %s and cluster name %s", name, c.Name)
	}
	ng := &NodeGroup{
		Meta:    r.Meta(key, r.ARN("eks", "nodegroup/"+c.Name+"/"+name+"/"+r.Digits(36)), name),
		Cluster: c.Name, RoleARN: r.Str("nodeRoleArn"), SubnetIDs: r.List("subnetIds"),
		AMIType: cloud.Text(r.Or("amiType", "AL2023_x86_64_STANDARD")), InstanceType: "t3.medium",
		Version: cloud.Text(r.Or("version", c.Version)), Labels: labels(r),
	}
	if types := r.List("instanceTypes"); len(types) > 0 {
		ng.InstanceType = types[0]
	}
	if err := ng.putScaling(r); err != nil {
		return nil, err
	}
	var err error
	if ng.Release, err = nodeRelease(r.Account, r.Str("releaseVersion"), ng.Version); err != nil {
		return nil, err
	}
	if err := ng.putTemplate(r, c); err != nil {
		return nil, err
	}
	if err := ng.check(r, c); err != nil {
		return nil, err
	}
	ng.scale(r, ng.Desired)
	if entry := Entries.Get(r.Account, c.Name+":"+ng.RoleARN); entry != nil {
		r.Op.DependsOn(entry.URN, lawNodeEntry)
	} else if c.AuthMode != modeConfigMap {
		entry := newEntry(r.Account, c, ng.RoleARN)
		entry.Type, entry.Groups, entry.Username = "EC2_LINUX", []string{"system:nodes"}, "system:node:{{EC2PrivateDNSName}}"
		Entries.Put(r.Account, entry)
	}
	return ng, nil
}

func updateNodeGroup(r *cloud.Request, ng *NodeGroup) error {
	c := Clusters.Get(r.Account, ng.Cluster)
	version := cloud.Text(r.Or("version", ng.Version))
	if err := checkVersion(c, version, ng.Version); err != nil {
		return err
	}
	release := r.Str("releaseVersion")
	if release == "" && version == ng.Version {
		release = ng.Release
	}
	release, err := nodeRelease(r.Account, release, version)
	if err != nil {
		return err
	}
	ng.Labels = labels(r)
	if err := ng.putScaling(r); err != nil {
		return err
	}
	if err := ng.putTemplate(r, c); err != nil {
		return err
	}
	if r.Changed("launchTemplate") || release != ng.Release {
		if err := ng.roll(r); err != nil {
			return err
		}
	}
	ng.Version, ng.Release = version, release
	ng.scale(r, ng.Desired)
	return nil
}

func labels(r *cloud.Request) map[string]string {
	labels := map[string]string{}
	for k, v := range r.Obj("labels") {
		labels[k] = cloud.Text(v)
	}
	return labels
}

func deleteNodeGroup(r *cloud.Request, ng *NodeGroup) error {
	urn, ok := EKS{r.Account}.AddonRuns(ng.Cluster, "vpc-cni")
	if ok {
		r.Op.DependsOn(urn, lawNodesOutlive)
	}
	if role := roles.Roles.ByARN(r.Account, ng.RoleARN); role != nil {
		for _, urn := range roles.Grants(role, "AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy", "AmazonEKS_CNI_Policy") {
			r.Op.DependsOn(urn, lawNodeRoleOutlives)
		}
	}
	ng.stop(r.Account, ok)
	NodeGroups.Delete(r.Account, ng.ID)
	if entry := Entries.Get(r.Account, ng.Cluster+":"+ng.RoleARN); entry != nil {
		r.Op.DependsOn(entry.URN, lawNodeEntry)
		if entry.URN == "" {
			Entries.Delete(r.Account, entry.ID)
		}
	}
	return nil
}
