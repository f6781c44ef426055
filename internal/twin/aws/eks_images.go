package aws

import (
	"regexp"
	"slices"
	"strings"

	"eks-lattice/internal/twin/law"
)

var (
	lawNodeChoices = law.New(law.References, "node-group-choices",
		"A node group's amiType and capacityType are among those that EKS knows, and its most is one node or more.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html")
	lawNodeArchitecture = law.New(law.References, "node-architecture",
		"The instance types of a node group have the architecture of its amiType, which is x86_64 when none is given.",
		"https://github.com/eksctl-io/eksctl/issues/7754")
	lawNodeVersion = law.New(law.References, "node-group-version",
		"A new node group has its cluster's version of Kubernetes, one that is there keeps its own or goes to the cluster's, and a cluster with nodes more than three versions behind is not upgraded.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html")
)

// amiTypes: https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html
var (
	amiTypes = []string{"AL2_x86_64", "AL2_x86_64_GPU", "AL2_ARM_64", "CUSTOM",
		"BOTTLEROCKET_ARM_64", "BOTTLEROCKET_x86_64", "BOTTLEROCKET_ARM_64_FIPS", "BOTTLEROCKET_x86_64_FIPS", "BOTTLEROCKET_ARM_64_NVIDIA", "BOTTLEROCKET_x86_64_NVIDIA",
		"WINDOWS_CORE_2019_x86_64", "WINDOWS_FULL_2019_x86_64", "WINDOWS_CORE_2022_x86_64", "WINDOWS_FULL_2022_x86_64",
		"AL2023_x86_64_STANDARD", "AL2023_ARM_64_STANDARD", "AL2023_x86_64_NEURON", "AL2023_x86_64_NVIDIA", "AL2023_ARM_64_NVIDIA"}
	capacityTypes = []string{"ON_DEMAND", "SPOT", "CAPACITY_BLOCK"}
)

func checkNodes(c *checker) {
	for property, values := range map[string][]string{"amiType": amiTypes, "capacityType": capacityTypes} {
		if s, ok := c.known(property); ok && !slices.Contains(values, s) {
			c.fail(property, "%s [law %s]", notOneOf(snake(property), values, s), lawNodeChoices.ID)
		}
	}
	if most, known := obj(c.in["scalingConfig"])["maxSize"].(float64); known && most < 1 {
		c.fail("scalingConfig.maxSize", "expected scaling_config.0.max_size to be at least (1), got %d [law %s]", int(most), lawNodeChoices.ID)
	}
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
	return lawNodeArchitecture.Refuse("InvalidParameterException", "[%s] is not a valid instance type for requested amiType %s", strings.Join(wrong, ", "), amiType)
}

// checkVersion takes the version that a node group is to have and the one that
// it has.
func checkVersion(c *EKSCluster, version, current string) error {
	if version == c.Version || version == current {
		return nil
	}
	return lawNodeVersion.Refuse("InvalidParameterException", "Requested Nodegroup version %s is invalid. Allowed version is %s", version, c.Version)
}

// oldestNodes is how many minor versions nodes may be behind:
// https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html
const oldestNodes = 3

// checkNodesFollow refuses to leave nodes too far behind a new version.
func (r *request) checkNodesFollow(c *EKSCluster, version string) error {
	var behind []string
	for _, ng := range r.NodeGroups(c.Name) {
		if slices.Index(versions, version)-slices.Index(versions, ng.Version) > oldestNodes {
			behind = append(behind, ng.Name)
		}
	}
	if len(behind) == 0 {
		return nil
	}
	return lawNodeVersion.Refuse("InvalidParameterException", "Nodegroups %s must be updated to match cluster version %s before updating cluster version", strings.Join(behind, ", "), c.Version)
}
