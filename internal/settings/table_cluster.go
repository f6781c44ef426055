package settings

import (
	"eks-lattice/internal/check"
	"eks-lattice/internal/names"
)

// Cluster has the keys of stacks of role cluster.
var Cluster = (&Section{Title: "Stacks of role cluster", Role: names.RoleCluster}).with(
	String{
		Key:         "environmentStack",
		Default:     "environment",
		Check:       check.StackName,
		Description: "Stack of the environment, by its name or as organization/project/stack.",
	},
	String{
		Key:         "clusterName",
		Check:       check.ClusterName,
		Description: "Name of the EKS cluster, at most 36 characters. Empty means eks- and the stack's name.",
	},
	String{
		Key:         "kubernetesVersion",
		Default:     "1.35",
		Check:       check.KubernetesVersion,
		Description: "Version of Kubernetes, 1.31 or newer.",
	},
	Bool{
		Key: "extendedSupport",
		Description: "Keeps the cluster at its version after standard support ends, at six times the price. " +
			"Otherwise EKS upgrades it then.",
	},
	String{
		Key:     "vpcCidr",
		Default: "10.0.0.0/16",
		// A public subnet is 1/256 of the VPC, and a subnet is at least a /28.
		Check:       check.CIDR(16, 20, "10.0.0.0/16"),
		Description: "Range of the cluster's VPC, /16 to /20. All clusters may have the same.",
	},
	Int{
		Key:         "availabilityZones",
		Default:     3,
		Check:       check.Between(2, 3, ": EKS needs at least two"),
		Description: "Number of availability zones, 2 or 3.",
	},
	Bool{
		Key:         "natGatewayPerZone",
		Description: "One NAT gateway in each zone instead of one for all.",
	},
	Bool{
		Key:         "flowLogs",
		Description: "Writes the flow logs of the VPC to CloudWatch Logs.",
	},
	Int{
		Key:         "flowLogRetentionDays",
		Default:     30,
		Check:       check.Retention,
		Description: "Retention of flow logs in days, one of the periods of CloudWatch Logs.",
	},
	String{
		Key: "transitGatewayId",
		Check: check.Matches(`^tgw-([0-9a-f]{8}|[0-9a-f]{17})$`,
			"is not the id of a transit gateway; give one such as tgw-0123456789abcdef0"),
		Description: "Transit gateway that leads to the networks in privateAccessCidrs. Needs a vpcCidr that no other network there has.",
	},
	Strings{
		Key:     "nodeInstanceTypes",
		Default: []string{"m5.large"},
		Check: check.All(check.NotEmpty("; give a type such as m5.large"),
			check.AtMost(20, "EKS accepts no more"), // https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
			check.Each(check.InstanceType)),
		Description: "EC2 instance types of the nodes, all of them x86_64, or all of them arm64 (Graviton), such as m7g.large.",
	},
	String{
		Key:     "nodeCapacityType",
		Default: "ON_DEMAND",
		Check:   check.OneOf("is not a capacity type of EKS", "ON_DEMAND", "SPOT"),
		Description: "ON_DEMAND or SPOT. AWS may take a spot node away after two minutes, which is less than pods need to drain, " +
			"so some calls fail then.",
	},
	Map{
		Key:         "nodeLabels",
		Default:     map[string]string{},
		Check:       check.NodeLabels,
		Description: "Labels of the nodes in Kubernetes.",
	},
	Int{
		Key:         "nodeMinSize",
		Default:     2,
		Check:       check.AtLeast(1, ": the controllers need a node"),
		Description: "Minimum number of nodes.",
	},
	Int{
		Key:     "nodeMaxSize",
		Default: 5,
		// https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html
		Check:       check.Between(1, 450, ": EKS accepts 450 nodes in a group"),
		Description: "Maximum number of nodes. Nothing here scales between minimum and maximum; it is the limit for an autoscaler that you add.",
	},
	Int{
		Key:         "nodeDesiredSize",
		Default:     2,
		Check:       check.AtLeast(1, ": the controllers need a node"),
		Description: "Number of nodes.",
	},
	Int{
		Key:     "nodeVolumeGiB",
		Default: 20,
		// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html
		Check:       check.Between(20, 65536, ": EKS's image needs 20, and gp3 has at most 64 TiB"),
		Description: "Size of a node's volume in GiB. It holds container images, logs and emptyDir volumes.",
	},
	String{
		Key:         "nodeReleaseVersion",
		Check:       check.NodeRelease,
		Description: "Release of EKS's image for the nodes, such as 1.35.2-20260801. Empty means the newest one at each up.",
	},
	Map{
		Key:     "addonVersions",
		Default: map[string]string{},
		Check:   check.AddonVersions,
		Description: "Versions of the EKS add-ons by name: vpc-cni, kube-proxy, eks-pod-identity-agent, coredns. " +
			"The others get the newest version at each up.",
	},
	Strings{
		Key:     "publicAccessCidrs",
		Default: []string{"0.0.0.0/0"},
		Check: check.All(
			check.AtMost(40, "EKS accepts no more"), // https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html
			check.Each(check.PublicCIDR)),
		Description: "Networks that may reach the cluster's API over the Internet. Yours must be among them. " +
			"An empty list disables the public endpoint.",
	},
	Strings{
		Key:         "privateAccessCidrs",
		Default:     []string{},
		Check:       check.Each(check.ConnectedCIDR),
		Description: "Networks connected to the VPC that may reach the cluster's API inside it.",
	},
	Bool{
		Key: "customerManagedKey",
		Description: "Encrypts the data of the Kubernetes API with a KMS key of the stack, instead of one of AWS's. " +
			"Can be turned on later, never off.",
	},
	Strings{
		Key:     "clusterLogTypes",
		Default: []string{},
		Check: check.Each(check.OneOf("is not a log of the control plane",
			"api", "audit", "authenticator", "controllerManager", "scheduler")),
		Description: "Logs of the control plane that go to CloudWatch Logs: api, audit, authenticator, controllerManager, scheduler.",
	},
	Int{
		Key:         "clusterLogRetentionDays",
		Default:     30,
		Check:       check.Retention,
		Description: "Retention of the control plane's logs in days, one of the periods of CloudWatch Logs.",
	},
	Strings{
		Key:     "adminPrincipalArns",
		Default: []string{},
		Check:   check.Each(check.PrincipalARN),
		Description: "IAM roles and users who administer the cluster, besides its creator. " +
			"Do not list the cluster's creator; EKS rejects duplicates.",
	},
	String{
		Key:         "imageMirror",
		Check:       check.ImageMirror,
		Description: "Registry, with or without a path, to prefix to every container image.",
	},
	String{
		Key:         "chartMirror",
		Check:       check.ChartMirror,
		Description: "Location of all Helm charts, as oci://host/path or https://host/path. Empty means their own origins.",
	},
	String{
		Key:         "appImage",
		Default:     names.DefaultAppImage,
		Check:       check.Image,
		Description: "Image of applications without an image of their own. It listens on their port.",
	},
	String{
		Key:         "envoyImage",
		Check:       check.Image,
		Description: "Image of the signing proxy. Empty means the pinned one.",
	},
	String{
		Key:         "iptablesImage",
		Check:       check.Image,
		Description: "Image that sets up the redirect to the proxy. Empty means the pinned one.",
	},
	Objects{
		Key:    "namespaces",
		Item:   "namespace",
		Fields: Namespace,
		Description: "Namespaces for pods that call applications and are none: name (at most 18 characters) and " +
			"optionally serviceAccounts.",
	},
	Objects{
		Key:    "apps",
		Item:   "application",
		Fields: Application,
		Description: "Applications: name (at most 20 characters, unique across clusters), namespace (at most 18), " +
			"allow (callers, each with cluster, namespace and optionally serviceAccount), " +
			"and optional fields, see docs/configuration.md.",
	},
)
