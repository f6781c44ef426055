package components

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/names"
	"eks-lattice/internal/problem"
	"eks-lattice/internal/settings"
)

const secureAppType = "eks-lattice:index:SecureApp"

// SecureAppArgs configures an application and says who may call it.
type SecureAppArgs struct {
	// Name is the route's name and the first label of the host name. Empty means
	// the name of the component. It must be unique across the clusters of the
	// account and Region, because VPC Lattice knows the application as
	// <Name>-<Namespace>.
	Name      string       `setting:"name"`
	Namespace NamespaceRef `setting:",inline"`
	// Service publishes one that somebody else deploys. Nil means that the component
	// deploys pods with a Service.
	Service *ServiceRef `setting:"service"`
	// ServiceAccount of the pods. The namespace has to list it.
	ServiceAccount string `setting:"serviceAccount"`
	// Replicas is the number of pods.
	Replicas int `setting:"replicas"`
	// Port on which the application listens.
	Port int `setting:"port"`
	// Protocol that the application speaks: http or http2.
	Protocol string `setting:"protocol"`
	// HealthCheck is nil for what VPC Lattice does by itself.
	HealthCheck *HealthCheckArgs `setting:"healthCheck"`
	Container   ContainerArgs    `setting:",inline"`
	// SecretEnv keeps the values of Container.Env encrypted in the state.
	SecretEnv bool
	// Versions are deployed side by side, and share the requests by their weights.
	// Empty means one version, v1.
	Versions []VersionArgs `setting:"versions"`
	// Routes lead requests that they match elsewhere. The first one that matches
	// wins; all other requests are shared by weight.
	Routes []RouteArgs `setting:"routes"`
	// Labels of the pods, besides the ones that each pod of an application has.
	Labels map[string]string `setting:"labels"`
	// DirectAccess lets every pod of the cluster, and everything else with a route
	// to it, call the application directly, bypassing VPC Lattice and Allow.
	DirectAccess bool `setting:"directAccess"`
	// Allow lists the callers of the application. All others are refused.
	Allow []Caller `setting:"allow"`

	// ofPods are the paths of the arguments that were given beside Service, but do not
	// go with it.
	ofPods []string
}

// SecureApp is an application with a private name that only its callers reach.
type SecureApp struct {
	pulumi.ResourceState

	// URL is what callers use. It is http: the callers' proxies speak TLS, and they
	// can only sign what leaves the application in the clear.
	URL pulumi.StringOutput `pulumi:"url"`

	name string
	args *SecureAppArgs
	// service is the name of the Service that somebody else deploys, once it answers.
	service pulumi.StringInput
}

// NewSecureApp registers a SecureApp. It needs a kubernetes provider.
func NewSecureApp(ctx *pulumi.Context, name string, args *SecureAppArgs, opts ...pulumi.ResourceOption) (*SecureApp, error) {
	if args == nil {
		args = &SecureAppArgs{}
	}
	args = args.withDefaults(name)
	found := args.problems()
	args.Namespace.checkForApp(&found, args.DirectAccess || args.Service != nil)
	args.checkArchitecture(&found)
	if err := found.Err(fmt.Sprintf("secure app %q", name)); err != nil {
		return nil, err
	}
	a := &SecureApp{name: name, args: args}
	if err := ctx.RegisterComponentResource(secureAppType, name, a, opts...); err != nil {
		return nil, fmt.Errorf("registering secure app %q: %w", name, err)
	}
	if err := a.provision(ctx); err != nil {
		return nil, err
	}
	if err := ctx.RegisterResourceOutputs(a, pulumi.Map{"url": a.URL}); err != nil {
		return nil, fmt.Errorf("registering outputs of secure app %q: %w", name, err)
	}
	return a, nil
}

// Check returns an error that names everything that is wrong with the plain
// arguments. NewSecureApp calls it, too. The names of the application and of its
// namespace must be set.
func (a *SecureAppArgs) Check() error {
	return a.withDefaults("").problems().Err("secure app")
}

func (a *SecureAppArgs) withDefaults(name string) *SecureAppArgs {
	args := *a
	if args.Name == "" {
		args.Name = name
	}
	if args.Service != nil {
		args.ofPods = a.podArguments()
	} else if args.Container.Image == "" {
		args.Container.Image = names.DefaultAppImage
	}
	args.Allow = slices.Clone(args.Allow)
	args.Versions = slices.Clone(args.Versions)
	settings.Application.Bind(&args).SetDefaults()
	if args.Service != nil {
		args.ServiceAccount = a.ServiceAccount // whose pods have another one by default, as their owner likes
	}
	for i := range args.Versions {
		args.Versions[i].setDefaults(&args)
	}
	return &args
}

func (a *SecureAppArgs) problems() problem.List {
	found := append(settings.Application.Bind(a).Check(), a.serviceProblems()...)
	if a.Service == nil {
		found = append(found, a.Container.problems().Under("Container.")...)
		found = append(found, a.versionProblems()...)
		found = append(found, a.routeProblems()...)
	}
	return append(found, a.checkCallers()...)
}

func (a *SecureApp) cluster() ClusterRef { return a.args.Namespace.Cluster }

func (a *SecureApp) environment() EnvironmentRef { return a.cluster().Environment }

func (a *SecureApp) hostname() string { return names.Host(a.args.Name, a.environment().Domain) }

func (a *SecureApp) provision(ctx *pulumi.Context) error {
	before, err := a.newBackends(ctx)
	if err != nil {
		return err
	}
	route, err := a.newRoute(ctx, before)
	if err != nil {
		return err
	}
	if err := a.newAuthPolicy(ctx, route); err != nil {
		return err
	}
	a.URL = pulumi.String(a.url()).ToStringOutput()
	return nil
}

// newBackends creates what the route leads to, or finds it.
func (a *SecureApp) newBackends(ctx *pulumi.Context) (before []pulumi.Resource, err error) {
	if a.args.Service != nil {
		return a.newPublication(ctx)
	}
	for _, w := range a.workloads() {
		created, err := w.provision(ctx)
		if err != nil {
			return nil, err
		}
		before = append(before, created...)
	}
	return before, nil
}

// url is the address that callers use. A gRPC client takes the name of a target.
// https://github.com/grpc/grpc/blob/master/doc/naming.md
func (a *SecureApp) url() string {
	if a.args.Protocol == names.ProtocolGRPC {
		return "dns:///" + a.hostname() + ":80"
	}
	return "http://" + a.hostname()
}
