package components

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/eks"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/check"
	"eks-lattice/internal/problem"
)

// NodesArgs configures the nodes of a cluster.
type NodesArgs struct {
	// InstanceTypes of one architecture, x86_64 or arm64.
	InstanceTypes []string `setting:"nodeInstanceTypes"`
	// CapacityType is ON_DEMAND or SPOT.
	CapacityType string `setting:"nodeCapacityType"`
	// Labels of the nodes in Kubernetes.
	Labels      map[string]string `setting:"nodeLabels"`
	MinSize     int               `setting:"nodeMinSize"`
	MaxSize     int               `setting:"nodeMaxSize"`
	DesiredSize int               `setting:"nodeDesiredSize"`
	// VolumeGiB is the size of a node's volume.
	VolumeGiB int `setting:"nodeVolumeGiB"`
	// ReleaseVersion of EKS's image, such as 1.35.2-20260801. Empty means the
	// newest one at each up.
	ReleaseVersion string `setting:"nodeReleaseVersion"`
}

// The architectures of nodes, by the names that Kubernetes has for them.
const (
	amd64 = "amd64"
	arm64 = "arm64"
)

// architecture is that of the first instance type; check refuses others.
func (a *NodesArgs) architecture() string {
	if len(a.InstanceTypes) > 0 && check.IsARM64(a.InstanceTypes[0]) {
		return arm64
	}
	return amd64
}

// nodeImages are EKS's Amazon Linux 2023 images by architecture: the type of a node
// group, and the name in the public parameters.
// https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html
var nodeImages = map[string]struct{ amiType, parameter string }{
	amd64: {"AL2023_x86_64_STANDARD", "x86_64"},
	arm64: {"AL2023_ARM_64_STANDARD", "arm64"},
}

// check reports arguments that do not fit together.
func (a *NodesArgs) check(found *problem.List) {
	for i, name := range a.InstanceTypes {
		if check.IsARM64(name) != check.IsARM64(a.InstanceTypes[0]) {
			found.Add(fmt.Sprintf("Nodes.InstanceTypes[%d]", i), name, "has another architecture than %s, and a node group has one image; "+
				"give types of one architecture", problem.Path("Nodes.InstanceTypes[0]"))
		}
	}
	const minimum, maximum = problem.Path("Nodes.MinSize"), problem.Path("Nodes.MaxSize")
	switch {
	case a.MaxSize < a.MinSize:
		found.Add("Nodes.MaxSize", a.MaxSize, "must not be less than %s, which is %d", minimum, a.MinSize)
	case a.DesiredSize > 0 && a.DesiredSize < a.MinSize, a.DesiredSize > a.MaxSize:
		found.Add("Nodes.DesiredSize", a.DesiredSize, "must be between %s and %s, which are %d and %d", minimum, maximum, a.MinSize, a.MaxSize)
	}
}

// cniConfiguration enables the enforcement of network policies. Without it,
// policies have no effect. The schema requires a string, not a boolean.
// https://github.com/aws/amazon-vpc-cni-k8s/blob/v1.20.4/charts/aws-vpc-cni/values.yaml
//
// It is never disabled again: the policies have a finalizer of the controller
// that enforces them. https://github.com/aws/amazon-network-policy-controller-k8s
const cniConfiguration = `{"enableNetworkPolicy":"true"}`

// newNodes creates the managed node group, and the add-ons before and after it.
func (c *LatticeCluster) newNodes(ctx *pulumi.Context) error {
	// DaemonSets: created before the first node, they run on it from its start. The
	// CNI deletes the node's network interfaces when the node is deleted.
	before := c.plane.nodePolicies // a node needs these to join, and to clean up
	for _, addon := range []string{"vpc-cni", "kube-proxy"} {
		resource, err := c.newAddon(ctx, addon)
		if err != nil {
			return err
		}
		before = append(before, resource)
	}
	// Nodes join without it. Only pods with credentials of their own depend on it.
	agent, err := c.newAddon(ctx, "eks-pod-identity-agent")
	if err != nil {
		return err
	}
	template, err := c.newLaunchTemplate(ctx)
	if err != nil {
		return err
	}
	nodes, err := eks.NewNodeGroup(ctx, c.name+"-nodes", &eks.NodeGroupArgs{
		ClusterName:    c.plane.name,
		NodeRoleArn:    c.plane.nodeRoleARN,
		SubnetIds:      c.network.onlineIDs,
		Version:        pulumi.String(c.args.KubernetesVersion),
		ReleaseVersion: pulumi.String(c.versions.nodeRelease),
		AmiType:        pulumi.String(nodeImages[c.args.Nodes.architecture()].amiType),
		InstanceTypes:  pulumi.ToStringArray(c.args.Nodes.InstanceTypes),
		CapacityType:   pulumi.String(c.args.Nodes.CapacityType),
		Labels:         pulumi.ToStringMap(c.args.Nodes.Labels),
		LaunchTemplate: eks.NodeGroupLaunchTemplateArgs{
			Id:      template.ID(),
			Version: pulumi.Sprintf("%d", template.LatestVersion),
		},
		ScalingConfig: eks.NodeGroupScalingConfigArgs{
			MinSize:     pulumi.Int(c.args.Nodes.MinSize),
			MaxSize:     pulumi.Int(c.args.Nodes.MaxSize),
			DesiredSize: pulumi.Int(c.args.Nodes.DesiredSize),
		},
		Tags: nameTag(c.args.ClusterName),
	}, pulumi.Parent(c), pulumi.DependsOn(before), timeouts(nodeGroupTimeout))
	if err != nil {
		return fmt.Errorf("creating node group: %w", err)
	}
	// A Deployment: without nodes, EKS waits twenty minutes for it and gives up.
	c.dns, err = c.newAddon(ctx, "coredns", nodes)
	if err != nil {
		return err
	}
	c.reachable = append(c.reachable, nodes, agent)
	return nil
}

// newLaunchTemplate configures what a node group cannot: the tags of a node's
// resources, and that pods do not reach the node's metadata service. That service
// has the node's credentials, which a pod without its own would use.
// https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
func (c *LatticeCluster) newLaunchTemplate(ctx *pulumi.Context) (*ec2.LaunchTemplate, error) {
	tags := nameTag(c.args.ClusterName + "-node")
	for key, value := range c.args.Tags {
		tags[key] = pulumi.String(value)
	}
	var tagged ec2.LaunchTemplateTagSpecificationArray
	for _, resource := range []string{"instance", "volume", "network-interface"} {
		tagged = append(tagged, ec2.LaunchTemplateTagSpecificationArgs{ResourceType: pulumi.String(resource), Tags: tags})
	}
	template, err := ec2.NewLaunchTemplate(ctx, c.name+"-nodes", &ec2.LaunchTemplateArgs{
		UpdateDefaultVersion: pulumi.Bool(true),
		MetadataOptions: ec2.LaunchTemplateMetadataOptionsArgs{
			HttpEndpoint: pulumi.String("enabled"),
			HttpTokens:   pulumi.String("required"),
			// Pods are one hop further away than processes in the node's network.
			HttpPutResponseHopLimit: pulumi.Int(1),
		},
		BlockDeviceMappings: ec2.LaunchTemplateBlockDeviceMappingArray{ec2.LaunchTemplateBlockDeviceMappingArgs{
			DeviceName: pulumi.String("/dev/xvda"),
			Ebs: ec2.LaunchTemplateBlockDeviceMappingEbsArgs{
				VolumeType:          pulumi.String("gp3"),
				VolumeSize:          pulumi.Int(c.args.Nodes.VolumeGiB),
				Encrypted:           pulumi.String("true"),
				DeleteOnTermination: pulumi.String("true"),
			},
		}},
		TagSpecifications: tagged,
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("creating launch template: %w", err)
	}
	return template, nil
}

func (c *LatticeCluster) newAddon(ctx *pulumi.Context, addon string, after ...pulumi.Resource) (pulumi.Resource, error) {
	args := &eks.AddonArgs{
		ClusterName:  c.plane.name,
		AddonName:    pulumi.String(addon),
		AddonVersion: pulumi.String(c.versions.addons[addon]),
		// EKS installs unmanaged copies in every new cluster; the add-on takes them over.
		ResolveConflictsOnCreate: pulumi.String("OVERWRITE"),
		ResolveConflictsOnUpdate: pulumi.String("OVERWRITE"),
	}
	if addon == "vpc-cni" {
		args.ConfigurationValues = pulumi.String(cniConfiguration)
	}
	resource, err := eks.NewAddon(ctx, c.name+"-"+addon, args, pulumi.Parent(c), pulumi.DependsOn(after))
	if err != nil {
		return nil, fmt.Errorf("installing add-on %s: %w", addon, err)
	}
	return resource, nil
}
