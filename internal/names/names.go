// Package names holds the names that follow from the configuration alone. It
// imports no SDK, so that latticectl calls applications by the program's own
// names without compiling what the program is made of.
package names

// The roles of a stack.
const (
	RoleEnvironment = "environment"
	RoleCluster     = "cluster"
)

// DefaultServiceAccount is the account that every namespace has.
const DefaultServiceAccount = "default"

// Cluster is the EKS cluster of a stack that names none.
func Cluster(stack string) string { return "eks-" + stack }

// Workload is an application's Deployment and Service. The version is part of
// it, so that a route can lead to several versions at once.
func Workload(app string) string { return app + "-v1" }

// Host is an application's name in the environment's domain.
func Host(app, domain string) string { return app + "." + domain }
