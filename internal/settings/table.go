package settings

import (
	"eks-lattice/internal/check"
	"eks-lattice/internal/names"
)

// The table of settings is the source of the schema in Pulumi.yaml, of the
// defaults of stacks and components, of the checks and of the documentation.

// Table returns the sections in the order of the documentation.
func Table() []*Section {
	return []*Section{Stack, Environment, Cluster, Namespace, Application, Service, HealthCheck, EnvSource, Resources, Version, Route, Caller}
}

// Stack has the keys of every stack.
var Stack = (&Section{Title: "Every stack"}).with(
	String{
		Key:     "role",
		Missing: `is missing; set it to environment or cluster, with "pulumi config set role ROLE"`,
		Check: check.OneOf(`is not a role of a stack, which "pulumi config set role ROLE" sets`,
			names.RoleEnvironment, names.RoleCluster),
		Description: "What the stack is: environment, which clusters share, or cluster. Required.",
	},
	Map{
		Key:         "tags",
		Default:     map[string]string{},
		Check:       check.Tags,
		Description: "Tags of every AWS resource, besides pulumi-project and pulumi-stack.",
	},
	String{
		Key:   "permissionsBoundaryArn",
		Check: check.PolicyARN,
		Description: "Policy that limits what the roles of the stack may do, whatever their own policies allow. " +
			"policies/boundary.json is one.",
	},
)

// Namespace has the fields of an item of namespaces.
var Namespace = (&Section{Title: "Each namespace in namespaces", Fields: true}).with(
	String{
		Key:         "name",
		Missing:     "is missing",
		Check:       check.CallerNamespace,
		Description: "Name of the namespace, at most 18 characters. Required.",
	},
	Strings{
		Key:     "serviceAccounts",
		Default: []string{names.DefaultServiceAccount},
		Check: check.All(check.NotEmpty(": no pod could call anything; give the service accounts of its pods"),
			check.Each(check.ServiceAccount)),
		Description: "Service accounts whose pods may call. The stack creates them.",
	},
)

// Caller has the fields of an item of allow.
var Caller = (&Section{Title: "Each caller in allow", Fields: true}).with(
	String{
		Key:         "cluster",
		Check:       check.ClusterName,
		Description: "Name of the caller's EKS cluster. Required, unless role is given.",
	},
	String{
		Key:         "namespace",
		Check:       check.CallerNamespace,
		Description: "Namespace of the caller. Required, unless role is given.",
	},
	String{
		Key:         "serviceAccount",
		Check:       check.ServiceAccount,
		Description: "Service account of the caller. Empty means any in the namespace.",
	},
	String{
		Key:   "role",
		Check: check.RoleARN,
		Description: "ARN of an IAM role of the environment's account, instead of cluster and namespace: " +
			"of a caller that signs its requests itself, such as a Lambda function.",
	},
	Strings{
		Key:         "methods",
		Default:     []string{},
		Check:       check.Each(check.Method),
		Description: "HTTP methods that the caller may use, such as GET. Empty means any.",
	},
	Strings{
		Key:         "paths",
		Default:     []string{},
		Check:       check.Each(check.Path),
		Description: "Paths that the caller may request, such as /v1/*. An asterisk stands for any text, slashes included. Empty means any.",
	},
)
