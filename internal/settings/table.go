package settings

import (
	"eks-lattice/internal/check"
	"eks-lattice/internal/names"
)

// The table of settings. What stands here once is the schema in Pulumi.yaml, the
// defaults of stacks and components, the checks, and the documentation.
var (
	everyStack  = &Section{Title: "Every stack"}
	environment = &Section{Title: "Stacks of role environment", Role: names.RoleEnvironment}
	cluster     = &Section{Title: "Stacks of role cluster", Role: names.RoleCluster}
	app         = &Section{Title: "Each application in apps", Fields: true}
	caller      = &Section{Title: "Each caller in allow", Fields: true}
)

// Table returns the sections in the order in which they are shown.
func Table() []*Section { return []*Section{everyStack, environment, cluster, app, caller} }

// Keys of every stack.
var (
	Role = in(everyStack, String{
		Key:         "role",
		Missing:     `is missing; set it to environment or cluster, with "pulumi config set role ROLE"`,
		Check:       check.OneOf(`is not a role of a stack, which "pulumi config set role ROLE" sets`, names.RoleEnvironment, names.RoleCluster),
		Description: "What the stack is: environment, which clusters share, or cluster. Required.",
	})
	Tags = in(everyStack, Map{
		Key:         "tags",
		Default:     map[string]string{},
		Check:       check.Tags,
		Description: "Tags of every AWS resource, besides pulumi-project and pulumi-stack.",
	})
)

// Fields of an application in Apps.
var (
	AppName = in(app, String{
		Key:         "name",
		Missing:     "is missing",
		Check:       check.RouteName,
		Description: "First label of the host name, at most 20 characters. Required, unique across clusters.",
	})
	AppNamespace = in(app, String{
		Key:         "namespace",
		Missing:     "is missing",
		Check:       check.AppNamespace,
		Description: "Namespace that the application runs in, at most 18 characters. Required.",
	})
	AppServiceAccount = in(app, String{
		Key:         "serviceAccount",
		Default:     names.DefaultServiceAccount,
		Check:       check.ServiceAccount,
		Description: "Service account that the pods run as.",
	})
	AppOwnImage = in(app, String{
		Key:         "image",
		Check:       check.Image,
		Description: "Image that listens on port 8090. Empty means appImage.",
	})
	AppReplicas = in(app, Int{
		Key:         "replicas",
		Default:     1,
		Check:       check.Between(1, 100, ""),
		Description: "Number of pods.",
	})
	AppDirectAccess = in(app, Bool{
		Key:         "directAccess",
		Description: "Lets every pod of the cluster call the application, past VPC Lattice and past allow.",
	})
	AppAllow = in(app, Objects{
		Key:         "allow",
		Item:        "caller",
		Missing:     "is empty: nobody could call the application; name a cluster and a namespace",
		Description: "Who may call the application. All others are refused. Required.",
	})
)

// Fields of a caller in AppAllow.
var (
	CallerCluster = in(caller, String{
		Key:         "cluster",
		Missing:     "is missing",
		Check:       check.ClusterName,
		Description: "Name of the caller's EKS cluster. Required.",
	})
	CallerNamespace = in(caller, String{
		Key:         "namespace",
		Missing:     "is missing",
		Check:       check.CallerNamespace,
		Description: "Namespace of the caller. Required.",
	})
	CallerServiceAccount = in(caller, String{
		Key:         "serviceAccount",
		Check:       check.ServiceAccount,
		Description: "Service account of the caller. Empty means any in the namespace.",
	})
)
