package eks

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/aws/kms"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var (
	lawClusterName = law.New(law.References, "cluster-name",
		"A cluster's name has at most 100 characters and is unique in its Region.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html")
	lawClusterDeletion = law.New(law.Deletion, "cluster-has-node-groups",
		"A cluster with node groups cannot be deleted.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteCluster.html")
	lawCreator = law.New(law.Access, "creator-of-a-config-map-cluster",
		"With authentication mode CONFIG_MAP the creator of a cluster is its administrator: "+
			"bootstrapClusterCreatorAdminPermissions cannot be false.",
		"https://github.com/terraform-aws-modules/terraform-aws-eks/issues/3026")
)

var _ = cloud.Use(NodeGroups, Clusters, cloud.InUse{Law: lawClusterDeletion, Code: "ResourceInUseException",
	Format: "Cluster has nodegroups attached (%[2]s)",
}, func(ng *NodeGroup) []string { return []string{ng.Cluster} }, func(ng *NodeGroup) string { return ng.Name })

var _ = cloud.DefineType(cloud.Type[*Cluster]{
	Schema: cloud.Schema{
		Token:     "aws:eks/cluster:Cluster",
		Required:  []string{"roleArn", "vpcConfig"},
		ForceNew:  []string{"name", "roleArn", "bootstrapSelfManagedAddons", "kubernetesNetworkConfig", "outpostConfig"},
		Permanent: map[string]law.Law{"encryptionConfig": lawClusterKeyStays},
		Sets:      []string{"vpcConfig.subnetIds", "vpcConfig.securityGroupIds", "vpcConfig.publicAccessCidrs", "enabledClusterLogTypes"},
		Autoname:  "name",
		NameMax:   100,
		Defaults:  engine.Props{"bootstrapSelfManagedAddons": true},
		Refers: []cloud.Reference{
			{Property: "vpcConfig.subnetIds", To: ec2.Subnets, Missing: cloud.Missing{Law: lawClusterZones,
				Code: "InvalidParameterException", Format: "The subnet ID '%s' does not exist"}},
			{Property: "vpcConfig.securityGroupIds", To: ec2.Groups, Missing: cloud.Missing{Law: lawClusterZones,
				Code: "InvalidParameterException", Format: "The security group ID '%s' does not exist"}},
		},
		// 8m33s in https://github.com/DevopsArtFactory/terraform-provisioning/pull/47,
		// 10m06s in https://github.com/terraform-aws-modules/terraform-aws-eks/pull/3218; deletion: estimate.
		Takes: cloud.Durations{Create: 560 * time.Second, Update: 8 * time.Minute, Delete: 3 * time.Minute},
		Check: func(c *cloud.Checker) { checkSupport(c); checkLogTypes(c) },
	},
	Table:  Clusters,
	Create: createCluster,
	Update: func(r *cloud.Request, c *Cluster) error {
		if err := c.putVersion(r); err != nil {
			return err
		}
		if err := c.putKey(r); err != nil {
			return err
		}
		if err := c.putEndpointAccess(r); err != nil {
			return err
		}
		if mode := cloud.Text(r.Obj("accessConfig")["authenticationMode"]); mode != "" {
			c.AuthMode = mode
		}
		c.putLogs(r)
		return nil
	},
	Delete:  deleteCluster,
	Outputs: clusterOutputs,
})

func createCluster(r *cloud.Request) (*Cluster, error) {
	name := r.Str("name")
	if Clusters.Get(r.Account, name) != nil {
		return nil, lawClusterName.Refuse("ResourceInUseException", "Cluster already exists with name: %s", name)
	}
	c := &Cluster{
		Meta: r.Meta(name, r.ARN("eks", "cluster/"+name), name), UID: strings.ToUpper(r.Digits(32)), CAPEM: apis.In(r.Account).caPEM(),
		Status: "ACTIVE", CreatorARN: r.Caller().Entity(), SelfManaged: map[string]bool{}, created: r.Now(),
	}
	c.Endpoint = apis.In(r.Account).url(c)
	if r.Flag("bootstrapSelfManagedAddons") {
		c.SelfManaged = map[string]bool{"vpc-cni": true, "kube-proxy": true, "coredns": true}
	}
	for _, put := range []func(*cloud.Request) error{
		c.putVersion, c.putSubnets, c.putRole, c.putKey, c.putCreator, c.putEndpointAccess, c.createNetwork,
	} {
		if err := put(r); err != nil {
			return nil, err
		}
	}
	Clusters.Put(r.Account, c)
	c.putLogs(r)
	if c.CreatorIsAdmin && c.AuthMode != modeConfigMap {
		entry := newEntry(r.Account, c, c.CreatorARN)
		entry.URN, entry.Type = r.URN, "STANDARD"
		entry.Policies = []AccessPolicy{{PolicyARN: clusterAdminPolicy, Scope: "cluster"}}
		Entries.Put(r.Account, entry)
	}
	return c, nil
}

// putCreator takes over how a new cluster knows its users.
func (c *Cluster) putCreator(r *cloud.Request) error {
	c.AuthMode, c.CreatorIsAdmin = modeConfigMap, true
	access := r.Obj("accessConfig")
	if mode := cloud.Text(access["authenticationMode"]); mode != "" {
		c.AuthMode = mode
	}
	if v, given := access["bootstrapClusterCreatorAdminPermissions"].(bool); given {
		c.CreatorIsAdmin = v
	}
	if c.AuthMode == modeConfigMap && !c.CreatorIsAdmin {
		return lawCreator.Refuse("InvalidParameterException",
			"bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP")
	}
	return nil
}

func deleteCluster(r *cloud.Request, c *Cluster) error {
	c.deleteNetwork(r)
	service := EKS{r.Account}
	for _, x := range service.Addons(c.Name) {
		Addons.Delete(r.Account, x.ID)
	}
	for _, x := range service.AccessEntries(c.Name) {
		Entries.Delete(r.Account, x.ID)
	}
	for _, x := range service.Associations(c.Name) {
		Associations.Delete(r.Account, x.ID)
	}
	c.dependsOnLogs(r)
	if key := kms.Keys.ByARN(r.Account, c.KeyARN); key != nil {
		r.Op.DependsOn(key.URN, lawClusterKeyOutlives)
	}
	Clusters.Delete(r.Account, c.ID)
	return nil
}

func clusterOutputs(r *cloud.Request, c *Cluster) engine.Props {
	ca := engine.Props{"data": base64.StdEncoding.EncodeToString([]byte(c.CAPEM))}
	return engine.Props{
		"arn": c.ARN, "roleArn": c.RoleARN, "endpoint": c.Endpoint, "certificateAuthority": ca, "certificateAuthorities": []any{ca},
		"createdAt": c.created, "platformVersion": "eks.1", "status": c.Status, "version": c.Version, "clusterId": "",
		"identities": []any{engine.Props{"oidcs": []any{engine.Props{
			"issuer": fmt.Sprintf("https://oidc.eks.%s.amazonaws.com/id/%s", c.Region, c.UID)}}}},
		"accessConfig": engine.Props{"authenticationMode": c.AuthMode, "bootstrapClusterCreatorAdminPermissions": c.CreatorIsAdmin},
		"kubernetesNetworkConfig": engine.Props{"ipFamily": "ipv4", "serviceIpv4Cidr": c.ServiceCIDR, "serviceIpv6Cidr": "",
			"elasticLoadBalancing": engine.Props{"enabled": false}},
		"upgradePolicy": engine.Props{"supportType": c.SupportType}, "encryptionConfig": c.encryptionOutput(),
		"vpcConfig": cloud.Merge(r.Obj("vpcConfig"), engine.Props{
			"endpointPrivateAccess": c.PrivateAccess, "endpointPublicAccess": c.PublicAccess, "publicAccessCidrs": cloud.List(c.PublicCIDRs),
			"clusterSecurityGroupId": c.SecurityGroupID, "vpcId": c.VPCID,
			"subnetIds": cloud.List(c.SubnetIDs), "securityGroupIds": cloud.List(c.ExtraGroupIDs),
		}),
	}
}

var _ = cloud.DefineFunction("aws:eks/getCluster:getCluster", func(r *cloud.Request) (engine.Props, error) {
	c := Clusters.Get(r.Account, r.Str("name"))
	if c == nil {
		return nil, cloud.LawLookup.Refuse("ResourceNotFoundException", "No cluster found for name: %s.", r.Str("name"))
	}
	out := clusterOutputs(r, c)
	return engine.Props{"id": c.Name, "name": c.Name, "arn": c.ARN, "endpoint": c.Endpoint,
		"certificateAuthorities": out["certificateAuthorities"],
		"roleArn":                c.RoleARN, "status": c.Status, "version": c.Version, "platformVersion": "eks.1",
		"identities": out["identities"],
		"vpcConfig":  out["vpcConfig"], "accessConfigs": []any{out["accessConfig"]}, "tags": c.Tags}, nil
})
