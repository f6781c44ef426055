package eks

import (
	"regexp"
	"slices"
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

var (
	lawNodeGroupRefs = law.New(law.References, "node-group-references",
		"A node group needs an existing active cluster, subnets of its VPC, a role that trusts ec2.amazonaws.com "+
			"and a name that is unique in the cluster.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html")
	lawNodeChoices = law.New(law.References, "node-group-choices",
		"A node group's amiType and capacityType are among those that EKS knows, and its maximum is at least one node.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html")
	lawNodeArchitecture = law.New(law.References, "node-architecture",
		"The instance types of a node group have the architecture of its amiType, which is x86_64 when none is given.",
		"https://github.com/eksctl-io/eksctl/issues/7754")
	lawNodeVersion = law.New(law.References, "node-group-version",
		"A new node group has its cluster's version of Kubernetes, an existing one keeps its own or takes the cluster's, "+
			"and a cluster with nodes more than three versions behind is not upgraded.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html")
	lawNodeAMI = law.New(law.References, "node-ami-type",
		"Amazon Linux 2 images end with Kubernetes 1.32.",
		"https://docs.aws.amazon.com/eks/latest/userguide/eks-ami-deprecation-faqs.html")
	lawScaling = law.New(law.References, "node-group-scaling",
		"A node group's desired size lies between its minimum and its maximum.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupScalingConfig.html")
)

// amiTypes: https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html
var (
	amiTypes = []string{"AL2_x86_64", "AL2_x86_64_GPU", "AL2_ARM_64", "CUSTOM",
		"BOTTLEROCKET_ARM_64", "BOTTLEROCKET_x86_64", "BOTTLEROCKET_ARM_64_FIPS", "BOTTLEROCKET_x86_64_FIPS",
		"BOTTLEROCKET_ARM_64_NVIDIA", "BOTTLEROCKET_x86_64_NVIDIA",
		"WINDOWS_CORE_2019_x86_64", "WINDOWS_FULL_2019_x86_64", "WINDOWS_CORE_2022_x86_64", "WINDOWS_FULL_2022_x86_64",
		"AL2023_x86_64_STANDARD", "AL2023_ARM_64_STANDARD", "AL2023_x86_64_NEURON", "AL2023_x86_64_NVIDIA", "AL2023_ARM_64_NVIDIA"}
	capacityTypes = []string{"ON_DEMAND", "SPOT", "CAPACITY_BLOCK"}
)

func checkNodes(c *cloud.Checker) {
	for property, values := range map[string][]string{"amiType": amiTypes, "capacityType": capacityTypes} {
		if s, ok := c.Known(property); ok && !slices.Contains(values, s) {
			c.Break(lawNodeChoices, property, "%s", cloud.NotOneOf(cloud.Snake(property), values, s))
		}
	}
	if maximum, known := cloud.Object(c.In["scalingConfig"])["maxSize"].(float64); known && maximum < 1 {
		c.Break(lawNodeChoices, "scalingConfig.maxSize", "expected scaling_config.0.max_size to be at least (1), got %d", int(maximum))
	}
}

// putScaling takes over the group's sizes.
func (ng *NodeGroup) putScaling(r *cloud.Request) error {
	scaling := r.Obj("scalingConfig")
	minimum, desired, maximum := cloud.Number(scaling["minSize"]), cloud.Number(scaling["desiredSize"]), cloud.Number(scaling["maxSize"])
	switch {
	case minimum > desired:
		return lawScaling.Refuse("InvalidParameterException", "Minimum capacity %d can't be greater than desired size %d", minimum, desired)
	case desired > maximum:
		return lawScaling.Refuse("InvalidParameterException", "desired capacity %d can't be greater than max size %d", desired, maximum)
	}
	ng.Minimum, ng.Desired, ng.Maximum = minimum, desired, maximum
	return nil
}

// graviton matches the families of instances with processors of AWS's own:
// https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
var graviton = regexp.MustCompile(`^(a1|[a-z]+[0-9]+g[a-z]*)\.`)

func checkArchitecture(amiType string, types []string) error {
	var wrong []string
	for _, kind := range types {
		arm := graviton.MatchString(kind)
		if strings.Contains(amiType, "x86_64") && arm || strings.Contains(amiType, "ARM_64") && !arm {
			wrong = append(wrong, kind)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return lawNodeArchitecture.Refuse("InvalidParameterException",
		"[%s] is not a valid instance type for requested amiType %s", strings.Join(wrong, ", "), amiType)
}

// Architecture is that of the nodes, by the name that Kubernetes has for it.
func (ng *NodeGroup) Architecture() string {
	if strings.Contains(ng.AMIType, "ARM_64") {
		return "arm64"
	}
	return "amd64"
}

// checkVersion takes the version that a node group is to have and the one that
// it has.
func checkVersion(c *Cluster, version, current string) error {
	if version == c.Version || version == current {
		return nil
	}
	return lawNodeVersion.Refuse("InvalidParameterException",
		"Requested Nodegroup version %s is invalid. Allowed version is %s", version, c.Version)
}

// oldestNodes is how many minor versions nodes may be behind:
// https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html
const oldestNodes = 3

// checkNodesFollow refuses to leave nodes too far behind a new version.
func (c *Cluster) checkNodesFollow(r *cloud.Request, version string) error {
	var behind []string
	for _, ng := range (EKS{r.Account}).NodeGroups(c.Name) {
		if slices.Index(versions, version)-slices.Index(versions, ng.Version) > oldestNodes {
			behind = append(behind, ng.Name)
		}
	}
	if len(behind) == 0 {
		return nil
	}
	return lawNodeVersion.Refuse("InvalidParameterException",
		"Nodegroups %s must be updated to match cluster version %s before updating cluster version", strings.Join(behind, ", "), c.Version)
}

// check refuses a new node group that EKS refuses, or whose nodes would not join.
func (ng *NodeGroup) check(r *cloud.Request, c *Cluster) error {
	if strings.HasPrefix(ng.AMIType, "AL2_") && slices.Index(versions, c.Version) >= slices.Index(versions, "1.33") {
		return lawNodeAMI.Refuse("InvalidParameterException", "Requested AMI for this version %s is not supported", c.Version)
	}
	types := r.List("instanceTypes")
	if len(types) == 0 {
		types = []string{ng.InstanceType}
	}
	if err := checkArchitecture(ng.AMIType, types); err != nil {
		return err
	}
	if err := checkVersion(c, ng.Version, c.Version); err != nil {
		return err
	}
	role := roles.Roles.ByARN(r.Account, ng.RoleARN)
	if role == nil {
		return lawNodeGroupRefs.Refuse("InvalidParameterException", "The role with name %s cannot be found.", cloud.Tail(ng.RoleARN, "/"))
	}
	if !iam.Trusts(role.Trust, nodeService, "sts:AssumeRole") {
		return lawNodeGroupRefs.Refuse("InvalidParameterException", "Following required service principals [%s] "+
			"were not found in the trust relationships of nodeRole %s", nodeService, ng.RoleARN)
	}
	for _, id := range ng.SubnetIDs {
		if s := ec2.Subnets.Get(r.Account, id); s == nil || s.VPCID != c.VPCID {
			return lawNodeGroupRefs.Refuse("InvalidParameterException", "The subnet ID '%s' does not exist in the cluster's VPC %s", id, c.VPCID)
		}
	}
	if ng.Desired == 0 {
		return nil
	}
	return ng.join(r, c, role)
}
