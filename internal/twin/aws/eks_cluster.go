package aws

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// eksState is what EKS keeps.
type eksState struct {
	clusters     map[string]*EKSCluster             // by name
	nodeGroups   map[string]*NodeGroup              // by cluster:name
	addons       map[string]*Addon                  // by cluster:addon
	associations map[string]*PodIdentityAssociation // by id
	entries      map[string]*AccessEntry            // by cluster:principal
}

func newEKS() eksState {
	return eksState{
		clusters:     map[string]*EKSCluster{},
		nodeGroups:   map[string]*NodeGroup{},
		addons:       map[string]*Addon{},
		associations: map[string]*PodIdentityAssociation{},
		entries:      map[string]*AccessEntry{},
	}
}

// EKSCluster is an EKS cluster's control plane.
type EKSCluster struct {
	Meta
	RoleARN         string
	Endpoint        string
	CAPEM           string // the authority of the API's certificate, bare PEM
	VPCID           string
	SubnetIDs       []string
	SecurityGroupID string   // the cluster security group, which EKS makes and the nodes carry
	ExtraGroupIDs   []string // the groups that the program gave
	AuthMode        string   // "API", "API_AND_CONFIG_MAP", "CONFIG_MAP"
	Version         string
	CreatorARN      string
	CreatorIsAdmin  bool
	Status          string // "ACTIVE"
	ServiceCIDR     string
	SelfManaged     map[string]bool // the addons that EKS installed by itself and that still run
	LogTypes        []string        // of the control plane, that go to CloudWatch
	SupportType     string          // "STANDARD", "EXTENDED": what happens when standard support of the version ends
	supportGiven    bool            // the program said which
	KeyARN          string          // of the customer's key, empty for one that AWS owns
	PublicAccess    bool
	PrivateAccess   bool
	PublicCIDRs     []string // that the public endpoint admits
	created         string
}

var (
	lawClusterName = law.New(law.References, "cluster-name",
		"A cluster's name has at most 100 characters and is unique in its region.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html")
	lawClusterZones = law.New(law.References, "cluster-two-zones",
		"A cluster's subnets exist, belong to one VPC and lie in at least two availability zones.",
		"https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html")
	lawClusterZone = law.New(law.References, "cluster-zone-supported",
		"EKS puts no control plane into the zones use1-az3, usw1-az2 and cac1-az3.",
		"https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html")
	lawClusterRole = law.New(law.References, "cluster-role",
		"A cluster's role exists, trusts eks.amazonaws.com and carries AmazonEKSClusterPolicy.",
		"https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html")
	lawClusterDeletion = law.New(law.Deletion, "cluster-has-node-groups",
		"A cluster with node groups cannot be deleted.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteCluster.html")
	lawClusterRoleOutlives = law.New(law.Deletion, "cluster-role-outlives-cluster",
		"When the role or its policy goes before the cluster, EKS cannot remove the cluster's network interfaces and its security group.",
		"https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/eks_cluster")
	lawClusterGroupLeft = law.New(law.Deletion, "cluster-security-group-left",
		"The security group that EKS made goes with the cluster, unless something still uses it; then it stays and blocks the VPC.",
		"https://github.com/aws-ia/terraform-aws-eks-blueprints/pull/477")
)

var clusterKind = &kind{
	token:    "aws:eks/cluster:Cluster",
	required: []string{"roleArn", "vpcConfig"},
	forceNew: []string{"name", "roleArn", "bootstrapSelfManagedAddons", "kubernetesNetworkConfig", "outpostConfig"},
	lasting:  []string{"encryptionConfig"},
	sets:     []string{"vpcConfig.subnetIds", "vpcConfig.securityGroupIds", "vpcConfig.publicAccessCidrs", "enabledClusterLogTypes"},
	autoname: "name",
	nameMax:  100,
	defaults: engine.Props{"bootstrapSelfManagedAddons": true},
	check:    checkCluster,
	create:   createCluster,
	update:   updateCluster,
	remove:   deleteCluster,
	outputs:  clusterOutputs,
}

func createCluster(r *request) (string, error) {
	name := r.str("name")
	if r.eks.clusters[name] != nil {
		return "", lawClusterName.Refuse("ResourceInUseException", "Cluster already exists with name: %s", name)
	}
	version := r.str("version")
	if version == "" {
		version = defaultVersion
	}
	if !slices.Contains(versions, version) {
		return "", lawClusterVersion.Refuse("InvalidParameterException", "unsupported Kubernetes version %s", version)
	}
	if err := r.supportAllows(version); err != nil {
		return "", err
	}
	vpc, subnets, err := r.clusterSubnets(texts(r.obj("vpcConfig")["subnetIds"]))
	if err != nil {
		return "", err
	}
	extra := texts(r.obj("vpcConfig")["securityGroupIds"])
	for _, id := range extra {
		if g := r.ec2.groups[id]; g == nil || g.VPCID != vpc.ID {
			return "", lawClusterZones.Refuse("InvalidParameterException", "The security group ID '%s' does not exist in VPC %s", id, vpc.ID)
		}
	}
	arn := r.arn("eks", r.region, r.ID, "cluster/"+name)
	role, err := r.clusterRole(arn)
	if err != nil {
		return "", err
	}
	for _, urn := range grants(role, "AmazonEKSClusterPolicy") {
		r.op.DependsOn(urn, lawClusterRole)
	}
	key, err := r.clusterKey()
	if err != nil {
		return "", err
	}
	id := strings.ToUpper(r.World.ID(r.urn, 32))
	c := &EKSCluster{
		Meta:    r.meta(id, arn, name),
		RoleARN: role.ARN, CAPEM: r.endpoints.caPEM(), VPCID: vpc.ID, SubnetIDs: subnets, ExtraGroupIDs: extra,
		Version: version, Status: "ACTIVE", CreatorARN: r.Caller().ARN, CreatorIsAdmin: true, AuthMode: "CONFIG_MAP",
		ServiceCIDR: serviceCIDR(r, vpc), SelfManaged: map[string]bool{}, created: r.now(),
	}
	c.Endpoint = r.endpoints.url(c, r.region)
	if access := r.obj("accessConfig"); access != nil {
		if mode := text(access["authenticationMode"]); mode != "" {
			c.AuthMode = mode
		}
		if v, given := access["bootstrapClusterCreatorAdminPermissions"].(bool); given {
			c.CreatorIsAdmin = v
		}
	}
	if c.AuthMode == "CONFIG_MAP" && !c.CreatorIsAdmin {
		return "", lawCreator.Refuse("InvalidParameterException", "bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP")
	}
	if r.flag("bootstrapSelfManagedAddons") {
		c.SelfManaged = map[string]bool{"vpc-cni": true, "kube-proxy": true, "coredns": true}
	}
	if err := r.setEndpointAccess(c); err != nil {
		return "", err
	}
	if err := r.clusterNetwork(c, vpc); err != nil {
		return "", err
	}
	if key != nil {
		c.KeyARN = key.ARN
	}
	r.eks.clusters[name] = c
	r.support(c)
	r.logControlPlane(c)
	if c.CreatorIsAdmin && c.AuthMode != "CONFIG_MAP" {
		r.eks.entries[name+":"+c.CreatorARN] = &AccessEntry{
			Meta: Meta{URN: r.urn, Region: r.region, ARN: r.entryARN(name, c.CreatorARN)}, Cluster: name, PrincipalARN: c.CreatorARN, Type: "STANDARD",
			Policies: []AccessPolicy{{PolicyARN: clusterAdminPolicy, Scope: "cluster"}},
		}
	}
	return name, nil
}

func updateCluster(r *request) error {
	c := r.eks.clusters[r.id]
	from, to := slices.Index(versions, c.Version), slices.Index(versions, r.str("version"))
	switch {
	case r.str("version") == "" || from == to:
	case to < 0:
		return lawClusterVersion.Refuse("InvalidParameterException", "unsupported Kubernetes version %s", r.str("version"))
	case to != from+1:
		return lawClusterVersion.Refuse("InvalidParameterException", "Unsupported Kubernetes minor version update from %s to %s", c.Version, r.str("version"))
	default:
		if err := r.checkNodesFollow(c, r.str("version")); err != nil {
			return err
		}
		if _, err := r.assumeForCluster(c.ARN, c.RoleARN); err != nil {
			return err
		}
		if err := r.checkKeyBeforeUpgrade(c); err != nil {
			return err
		}
		c.Version = r.str("version")
	}
	if c.KeyARN == "" {
		key, err := r.clusterKey()
		if err != nil {
			return err
		}
		if key != nil {
			c.KeyARN = key.ARN
		}
	}
	if err := r.setEndpointAccess(c); err != nil {
		return err
	}
	if mode := text(r.obj("accessConfig")["authenticationMode"]); mode != "" {
		c.AuthMode = mode
	}
	if err := r.supportAllows(c.Version); err != nil {
		return err
	}
	r.support(c)
	c.Tags = r.tags()
	r.logControlPlane(c)
	return nil
}

func deleteCluster(r *request) error {
	c := r.eks.clusters[r.id]
	if groups := r.NodeGroups(c.Name); len(groups) > 0 {
		return lawClusterDeletion.Refuse("ResourceInUseException", "Cluster has nodegroups attached (%s)", groups[0].Name)
	}
	role := r.roleByARN(c.RoleARN)
	if role != nil && len(grants(role, "AmazonEKSClusterPolicy")) > 0 {
		r.op.DependsOn(role.URN, lawClusterRoleOutlives)
		for _, urn := range grants(role, "AmazonEKSClusterPolicy") {
			r.op.DependsOn(urn, lawClusterRoleOutlives)
		}
		r.dropENIs("eks:"+c.Name, nil)
		if g := r.ec2.groups[c.SecurityGroupID]; g != nil && r.groupUse(g) == "" {
			delete(r.ec2.groups, g.ID)
		}
	}
	for key, addon := range r.eks.addons {
		if addon.Cluster == c.Name {
			delete(r.eks.addons, key)
		}
	}
	for key, entry := range r.eks.entries {
		if entry.Cluster == c.Name {
			delete(r.eks.entries, key)
		}
	}
	for key, assoc := range r.eks.associations {
		if assoc.Cluster == c.Name {
			delete(r.eks.associations, key)
		}
	}
	if g := r.logs[c.logGroup()]; g != nil && len(c.LogTypes) > 0 {
		r.op.DependsOn(g.URN, lawControlPlaneLogs)
	}
	if key := r.keyByARN(c.KeyARN); key != nil {
		r.op.DependsOn(key.URN, lawClusterKeyOutlives)
	}
	delete(r.eks.clusters, r.id)
	return nil
}

func clusterOutputs(r *request) engine.Props {
	c := r.eks.clusters[r.id]
	if c == nil {
		return nil
	}
	ca := engine.Props{"data": base64.StdEncoding.EncodeToString([]byte(c.CAPEM))}
	vpcConfig := merge(r.obj("vpcConfig"), engine.Props{"endpointPrivateAccess": c.PrivateAccess, "endpointPublicAccess": c.PublicAccess, "publicAccessCidrs": list(c.PublicCIDRs)})
	vpcConfig["clusterSecurityGroupId"], vpcConfig["vpcId"] = c.SecurityGroupID, c.VPCID
	vpcConfig["subnetIds"], vpcConfig["securityGroupIds"] = list(c.SubnetIDs), list(c.ExtraGroupIDs)
	return engine.Props{
		"arn": c.ARN, "roleArn": c.RoleARN, "tagsAll": c.tagsAll(), "endpoint": c.Endpoint, "certificateAuthority": ca, "certificateAuthorities": []any{ca},
		"createdAt": c.created, "platformVersion": "eks.1", "status": c.Status, "version": c.Version, "clusterId": "",
		"identities": []any{engine.Props{"oidcs": []any{engine.Props{
			"issuer": fmt.Sprintf("https://oidc.eks.%s.amazonaws.com/id/%s", c.Region, c.ID)}}}},
		"accessConfig": engine.Props{"authenticationMode": c.AuthMode, "bootstrapClusterCreatorAdminPermissions": c.CreatorIsAdmin},
		"kubernetesNetworkConfig": engine.Props{"ipFamily": "ipv4", "serviceIpv4Cidr": c.ServiceCIDR, "serviceIpv6Cidr": "",
			"elasticLoadBalancing": engine.Props{"enabled": false}},
		"upgradePolicy": engine.Props{"supportType": c.SupportType}, "vpcConfig": vpcConfig,
		"encryptionConfig": c.encryptionOutput(),
	}
}
