package components

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"

	"eks-lattice/internal/names"
	"eks-lattice/internal/problem"
)

// ServiceRef names a Service in the namespace of an application, which somebody else
// deploys.
type ServiceRef struct {
	Name string `setting:"name"`
	// Port is the Service's, not that of its pods.
	Port int `setting:"port"`
}

// podArguments are the arguments about pods that are given. Whoever deploys the
// Service deploys its pods, too.
func (a *SecureAppArgs) podArguments() []string {
	c := &a.Container
	var given []string
	for _, argument := range []required{
		{"Replicas", a.Replicas != 0},
		{"Port", a.Port != 0},
		{"Container.Image", c.Image != ""},
		{"Container.Env", len(c.Env) > 0},
		{"Container.EnvFrom", len(c.EnvFrom) > 0},
		{"Container.Command", len(c.Command) > 0},
		{"Container.Args", len(c.Args) > 0},
		{"Container.Resources", c.Resources != nil},
		{"Versions", len(a.Versions) > 0},
		{"Routes", len(a.Routes) > 0},
		{"Labels", len(a.Labels) > 0},
		{"DirectAccess", a.DirectAccess},
	} {
		if argument.given {
			given = append(given, argument.path)
		}
	}
	return given
}

// serviceProblems reports arguments that a published Service does not have.
func (a *SecureAppArgs) serviceProblems() problem.List {
	var found problem.List
	for _, path := range a.ofPods {
		switch path {
		case "Port":
			found.Missing(path, "describes pods, which come from somebody else with the Service; delete it, %s is enough",
				problem.Path("Service.Port"))
		case "Routes":
			found.Missing(path, "lead to versions, which %s does not have; delete them", problem.Path("Service"))
		case "DirectAccess":
			found.Missing(path, "is about the network policy of the stack's own pods; delete it, because there is none for "+
				"a Service of somebody else")
		default:
			found.Missing(path, "describes pods, which come from somebody else with the Service; delete it, or %s", problem.Path("Service"))
		}
	}
	return found
}

// newPublication finds the Service, and says what VPC Lattice has to know of its pods.
// Everything else about them is the business of whoever deploys the Service: a network
// policy or a disruption budget of the stack's could contradict theirs.
//
// Before all of that comes what pods and a route need: an up that fails here has created
// everything that the pods behind the Service have to find when they are created.
func (a *SecureApp) newPublication(ctx *pulumi.Context) ([]pulumi.Resource, error) {
	before := slices.Concat(a.cluster().beforePods, a.args.Namespace.beforePods, a.cluster().beforeRoutes)
	a.warnOfFirstUp(ctx)
	// Not before the namespace is known, because nothing can depend on a read that is not
	// made: https://github.com/pulumi/pulumi/blob/v3.245.0/sdk/go/pulumi/context.go
	a.service = a.args.Namespace.existing().ToStringOutput().ApplyT(func(namespace string) (pulumi.StringOutput, error) {
		return a.findService(ctx, pulumi.ID(namespace+"/"+a.args.Service.Name), before)
	}).(pulumi.StringOutput)
	args := *a.args
	args.Port = 0 // nobody here knows the port of the pods
	policies, err := (&workload{a, names.DefaultVersion, &args}).newTargetGroupPolicy(
		ctx, a.args.Name+"-target-group-policy", a.service, a.labels(), before...)
	return append(before, policies...), err
}

// findService reads the Service. Its name is known once it is certain that somebody
// answers requests to it. Pulumi neither changes nor deletes what it reads. The names of
// what is read are all that users see if it is not there: the program does not hear of it.
func (a *SecureApp) findService(ctx *pulumi.Context, id pulumi.ID, before []pulumi.Resource) (name pulumi.StringOutput, err error) {
	service, err := corev1.GetService(ctx, a.name+"-service-of-others", id, nil,
		pulumi.Parent(a), pulumi.DependsOn(before)) // for which a read waits, although no state says so
	if err != nil {
		return name, fmt.Errorf("reading service %s: %w", id, err)
	}
	checked := service.Spec.ApplyT(func(spec corev1.ServiceSpec) (pulumi.ID, error) {
		return id, a.checkService(spec)
	}).(pulumi.IDOutput)
	var pods endpoints
	if err := ctx.ReadResource("kubernetes:core/v1:Endpoints", a.name+"-endpoints-of-others", checked, nil, &pods,
		pulumi.Parent(a)); err != nil {
		return name, fmt.Errorf("reading endpoints of service %s: %w", id, err)
	}
	return pods.Subsets.ApplyT(func(subsets []map[string]any) (string, error) {
		return a.args.Service.Name, a.checkEndpoints(subsets)
	}).(pulumi.StringOutput), nil
}

// endpoints are the pods behind a Service. The API is deprecated, and the SDK's type with
// it. But an EndpointSlice has a name that nobody knows, and the provider reads objects by
// their names. Kubernetes keeps both.
// https://kubernetes.io/blog/2025/04/24/endpoints-deprecation/
type endpoints struct {
	pulumi.CustomResourceState

	Subsets pulumi.MapArrayOutput `pulumi:"subsets"`
}

func (a *SecureApp) servicePath() string { return a.args.Namespace.Name + "/" + a.args.Service.Name }

// warnOfFirstUp says in a preview how an up ends that creates the namespace.
func (a *SecureApp) warnOfFirstUp(ctx *pulumi.Context) {
	if !ctx.DryRun() {
		return
	}
	_, end, _ := ctx.NewOutput() // for which the program waits
	go func() {
		defer end(nil)
		namespace, err := internals.UnsafeAwaitOutput(ctx.Context(), a.args.Namespace.existing().ToStringOutput())
		if err == nil && !namespace.Known {
			ctx.Log.Warn(fmt.Sprintf("Service %s is deployed by others, who need its namespace. If the Service is not there when this update has "+
				"created the namespace, the update creates everything else and fails. Deploy the Service then, and run `pulumi up` again.",
				a.servicePath()),
				&pulumi.LogArgs{Resource: a})
		}
	}()
}

// checkService reports a Service to which no route can lead.
func (a *SecureApp) checkService(spec corev1.ServiceSpec) error {
	if spec.Type != nil && *spec.Type == "ExternalName" {
		return fmt.Errorf("publishing %s: Service %s is of type ExternalName, which has no pods; give one that has", a.args.Name, a.servicePath())
	}
	var ports []string
	for _, port := range spec.Ports {
		if port.Protocol != nil && *port.Protocol != "TCP" {
			continue
		}
		if port.Port == a.args.Service.Port {
			return nil
		}
		ports = append(ports, strconv.Itoa(port.Port))
	}
	return fmt.Errorf("publishing %s: Service %s has no TCP port %d; give one of its own: %s", a.args.Name, a.servicePath(),
		a.args.Service.Port, strings.Join(ports, ", "))
}

// checkEndpoints reports a Service behind which nobody answers.
func (a *SecureApp) checkEndpoints(subsets []map[string]any) error {
	others := 0
	for _, subset := range subsets {
		if ready, _ := subset["addresses"].([]any); len(ready) > 0 {
			return nil
		}
		waiting, _ := subset["notReadyAddresses"].([]any)
		others += len(waiting)
	}
	if others > 0 {
		return fmt.Errorf("publishing %s: none of the %d pods behind Service %s is ready, so nobody would answer; wait until one is, and run "+
			"`pulumi up` again", a.args.Name, others, a.servicePath())
	}
	return fmt.Errorf("publishing %s: there is no running pod behind Service %s, so nobody would answer; look at its selector, start its "+
		"pods, and run `pulumi up` again", a.args.Name, a.servicePath())
}
