package settings

import (
	"eks-lattice/internal/check"
	"eks-lattice/internal/names"
)

// Keys of stacks of role cluster.
var (
	EnvironmentStack = in(cluster, String{
		Key:         "environmentStack",
		Default:     "environment",
		Check:       check.StackName,
		Description: "Stack of the environment, by its name or as organization/project/stack.",
	})
	ClusterName = in(cluster, String{
		Key:         "clusterName",
		Missing:     "is missing",
		Check:       check.ClusterName,
		Description: "Name of the EKS cluster, at most 36 characters. Empty means eks- and the stack's name.",
	})
	KubernetesVersion = in(cluster, String{
		Key:         "kubernetesVersion",
		Default:     "1.35",
		Check:       check.KubernetesVersion,
		Description: "Version of Kubernetes, 1.31 or newer.",
	})
	ExtendedSupport = in(cluster, Bool{
		Key:         "extendedSupport",
		Description: "Keeps the cluster at its version when standard support of that ends, at six times the price. Otherwise EKS upgrades it then.",
	})
	VPCCIDR = in(cluster, String{
		Key:     "vpcCidr",
		Default: "10.0.0.0/16",
		// a public subnet is 1/256 of the VPC, and AWS makes none smaller than a /28
		Check:       check.CIDR(16, 20, "10.0.0.0/16"),
		Description: "Range of the cluster's VPC, /16 to /20. All clusters may have the same.",
	})
	AvailabilityZones = in(cluster, Int{
		Key:         "availabilityZones",
		Default:     3,
		Check:       check.Between(2, 3, ": EKS wants two at least"),
		Description: "Number of availability zones, 2 or 3.",
	})
	NATGatewayPerZone = in(cluster, Bool{
		Key:         "natGatewayPerZone",
		Description: "One NAT gateway in each zone instead of one for all.",
	})
	FlowLogs = in(cluster, Bool{
		Key:         "flowLogs",
		Description: "Writes who talks to whom in the VPC to CloudWatch Logs.",
	})
	FlowLogRetentionDays = in(cluster, Int{
		Key:         "flowLogRetentionDays",
		Default:     30,
		Check:       check.Retention,
		Description: "How many days flow logs stay, one of the periods that CloudWatch Logs knows.",
	})
	TransitGatewayID = in(cluster, String{
		Key:         "transitGatewayId",
		Check:       check.Matches(`^tgw-([0-9a-f]{8}|[0-9a-f]{17})$`, "is not the id of a transit gateway; give one such as tgw-0123456789abcdef0"),
		Description: "Transit gateway that leads to the networks in privateAccessCidrs. Needs a vpcCidr that no other network there has.",
	})
	NodeInstanceTypes = in(cluster, Strings{
		Key:     "nodeInstanceTypes",
		Default: []string{"m5.large"},
		Check: check.All(check.NotEmpty("; give a type such as m5.large"),
			check.AtMost(20, "EKS takes no more"), // https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
			check.Each(check.InstanceType)),
		Description: "EC2 instance types of the nodes, x86_64.",
	})
	NodeMinSize = in(cluster, Int{
		Key:         "nodeMinSize",
		Default:     2,
		Check:       check.Least(1, ": the controllers need a node"),
		Description: "Minimum number of nodes.",
	})
	NodeMaxSize = in(cluster, Int{
		Key:     "nodeMaxSize",
		Default: 5,
		// https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html
		Check:       check.Between(1, 450, ": EKS takes 450 nodes in a group"),
		Description: "Maximum number of nodes. Nothing here scales between the two; it is the limit for an autoscaler that you add.",
	})
	NodeDesiredSize = in(cluster, Int{
		Key:         "nodeDesiredSize",
		Default:     2,
		Description: "Number of nodes.",
	})
	NodeReleaseVersion = in(cluster, String{
		Key:         "nodeReleaseVersion",
		Check:       check.NodeRelease,
		Description: "Release of EKS's image for the nodes, such as 1.35.2-20260801. Empty means the newest one at each up.",
	})
	AddonVersions = in(cluster, Map{
		Key:         "addonVersions",
		Default:     map[string]string{},
		Check:       check.AddonVersions,
		Description: "Versions of the EKS add-ons by name: vpc-cni, kube-proxy, eks-pod-identity-agent, coredns. One that is not given is the newest at each up.",
	})
	PublicAccessCIDRs = in(cluster, Strings{
		Key:     "publicAccessCidrs",
		Default: []string{"0.0.0.0/0"},
		Check: check.All(
			check.AtMost(40, "EKS takes no more"), // https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html
			check.Each(check.PublicCIDR)),
		Description: "Networks that may reach the cluster's API over the Internet. Yours must be among them. An empty list closes that way.",
	})
	PrivateAccessCIDRs = in(cluster, Strings{
		Key:         "privateAccessCidrs",
		Default:     []string{},
		Check:       check.Each(check.ConnectedCIDR),
		Description: "Networks connected to the VPC that may reach the cluster's API inside it.",
	})
	CustomerManagedKey = in(cluster, Bool{
		Key:         "customerManagedKey",
		Description: "Has a KMS key of the stack's own encrypt what the Kubernetes API stores, instead of one of AWS's. Can be turned on later, never off.",
	})
	ClusterLogTypes = in(cluster, Strings{
		Key:         "clusterLogTypes",
		Default:     []string{},
		Check:       check.Each(check.OneOf("is not a log of the control plane", "api", "audit", "authenticator", "controllerManager", "scheduler")),
		Description: "Logs of the control plane that go to CloudWatch Logs: api, audit, authenticator, controllerManager, scheduler.",
	})
	ClusterLogRetentionDays = in(cluster, Int{
		Key:         "clusterLogRetentionDays",
		Default:     30,
		Check:       check.Retention,
		Description: "How many days logs of the control plane stay, one of the periods that CloudWatch Logs knows.",
	})
	AdminPrincipalARNs = in(cluster, Strings{
		Key:     "adminPrincipalArns",
		Default: []string{},
		Check:   check.Each(check.PrincipalARN),
		Description: "IAM roles and users who administer the cluster, besides the one who creates it. " +
			"Do not list the cluster's creator; EKS rejects duplicates.",
	})
	ImageMirror = in(cluster, String{
		Key:         "imageMirror",
		Check:       check.ImageMirror,
		Description: "Registry, with or without a path, that is put before every container image.",
	})
	ChartMirror = in(cluster, String{
		Key:         "chartMirror",
		Check:       check.ChartMirror,
		Description: "Place of all Helm charts, as oci://host/path or https://host/path. Empty means their own origins.",
	})
	AppImage = in(cluster, String{
		Key:         "appImage",
		Default:     names.DefaultAppImage,
		Check:       check.Image,
		Description: "Image of applications that name none. It listens on port 8090.",
	})
	EnvoyImage = in(cluster, String{
		Key:         "envoyImage",
		Check:       check.Image,
		Description: "Image of the signing proxy. Empty means the pinned one.",
	})
	IptablesImage = in(cluster, String{
		Key:         "iptablesImage",
		Check:       check.Image,
		Description: "Image that sets up the redirect to the proxy. Empty means the pinned one.",
	})
	Apps = in(cluster, Objects{
		Key:  "apps",
		Item: "application",
		Description: "Applications: name (at most 20 characters, unique across clusters), namespace (at most 18), " +
			"allow (callers, each with cluster, namespace and optionally serviceAccount), and optionally serviceAccount, image, replicas, directAccess.",
	})
)
