// Package recorder runs Pulumi programs in unit tests without an engine and
// records what they send to it.
package recorder

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	awseks "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/eks"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Options say how a program is run.
type Options struct {
	// Stack is the running stack; empty means "test". The project is eks-lattice
	// and the organization "organization".
	Stack string
	// Config holds full keys, such as "eks-lattice:role".
	Config map[string]string
	// SecretKeys are the encrypted keys of Config.
	SecretKeys []string
	// Preview leaves outputs unknown, except those that are inputs.
	Preview bool
	// Outputs of other stacks, by the stacks' full names. A resource.Secret is a
	// secret output.
	Outputs map[string]resource.PropertyMap
	// Objects are Kubernetes objects that the program reads: properties by
	// type and id, separated by a space. All others do not exist.
	Objects map[string]resource.PropertyMap
}

// Recording holds what a program sent.
type Recording struct {
	mu        sync.Mutex
	options   Options
	resources []*Resource
	calls     []pulumi.MockCallArgs
	reads     []string
}

// Resource is one registration.
type Resource struct {
	URN  string
	Type string
	Name string
	// Reads is the id of a resource that the program only reads.
	Reads    string
	Inputs   resource.PropertyMap
	Parent   string // URN
	Provider string // URN, without the id
	// Providers are the URNs that a component passes to its children, by package.
	Providers map[string]string
	// DependsOn are the URNs of all dependencies, explicit or through inputs.
	DependsOn           []string
	Protect             bool
	DeleteBeforeReplace bool
	// Options of the same names. Timeouts are such as "15m".
	IgnoreChanges                []string
	DeletedWith                  string // URN
	CreateTimeout, DeleteTimeout string
}

// Run runs a program and returns what it sent, and the program's error.
func Run(tb testing.TB, options Options, program pulumi.RunFunc) (*Recording, error) {
	tb.Helper()
	if options.Stack == "" {
		options.Stack = "test"
	}
	r := &Recording{options: options}
	var failure error // of the program, before Pulumi wraps it
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		if err := standIn(ctx); err != nil {
			return err
		}
		failure = program(ctx)
		return failure
	}, pulumi.WithMocksWithOrganization("organization", "eks-lattice", options.Stack, r), func(info *pulumi.RunInfo) {
		info.DryRun = options.Preview
		info.Config = options.Config
		info.ConfigSecretKeys = options.SecretKeys
	})
	if failure != nil {
		err = failure
	}
	return r, err
}

const standInName = "stand-in"

// standIn registers the EKS cluster that the EKS component's output refers to, and
// waits until it is known. A mock of the component cannot register resources.
func standIn(ctx *pulumi.Context) error {
	cluster, err := awseks.NewCluster(ctx, standInName, &awseks.ClusterArgs{
		RoleArn:   pulumi.String("arn:aws:iam::123456789012:role/eks"),
		VpcConfig: awseks.ClusterVpcConfigArgs{SubnetIds: pulumi.StringArray{}},
	})
	if err != nil {
		return err
	}
	known := make(chan struct{})
	cluster.URN().ApplyT(func(urn pulumi.URN) pulumi.URN {
		close(known)
		return urn
	})
	<-known
	return nil
}

// NewResource implements pulumi.MockResourceMonitor.
func (r *Recording) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	if args.ReadRPC != nil {
		outputs, err := r.read(args)
		return args.ID, outputs, err
	}
	rpc := args.RegisterRPC
	res := &Resource{
		URN:                 r.urn(rpc.GetParent(), args.TypeToken, args.Name),
		Type:                args.TypeToken,
		Name:                args.Name,
		Inputs:              args.Inputs,
		Parent:              rpc.GetParent(),
		Provider:            withoutID(args.Provider),
		Providers:           map[string]string{},
		DependsOn:           dependencies(args),
		Protect:             rpc.GetProtect(),
		DeleteBeforeReplace: rpc.GetDeleteBeforeReplace(),
		IgnoreChanges:       rpc.GetIgnoreChanges(),
		DeletedWith:         rpc.GetDeletedWith(),
		CreateTimeout:       rpc.GetCustomTimeouts().GetCreate(),
		DeleteTimeout:       rpc.GetCustomTimeouts().GetDelete(),
	}
	for name, ref := range rpc.GetProviders() {
		res.Providers[name] = withoutID(ref)
	}
	r.mu.Lock()
	r.resources = append(r.resources, res)
	r.mu.Unlock()

	outputs := args.Inputs.Copy()
	r.known(args, outputs)
	if r.options.Preview {
		return "", outputs, nil
	}
	complete(args, outputs)
	if args.TypeToken == "kubernetes:core/v1:Namespace" {
		return outputs["metadata"].ObjectValue()["name"].StringValue(), outputs, nil
	}
	return args.Name + "-id", outputs, nil
}

func dependencies(args pulumi.MockResourceArgs) []string {
	set := map[string]bool{}
	for _, urn := range args.RegisterRPC.GetDependencies() {
		set[urn] = true
	}
	for _, property := range args.RegisterRPC.GetPropertyDependencies() {
		for _, urn := range property.GetUrns() {
			set[urn] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// urn returns a URN in Pulumi's format.
func (r *Recording) urn(parent, typ, name string) string {
	parentType := tokens.Type("")
	if urn := resource.URN(parent); urn != "" && urn.QualifiedType() != resource.RootStackType {
		parentType = urn.QualifiedType()
	}
	return string(resource.NewURN(tokens.QName(r.options.Stack), "eks-lattice", parentType, tokens.Type(typ), name))
}

func withoutID(provider string) string {
	if i := strings.LastIndex(provider, "::"); i >= 0 {
		return provider[:i]
	}
	return provider
}

// Resources returns all registrations except the stand-in's, in order.
func (r *Recording) Resources() []*Resource {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.resources), func(res *Resource) bool { return res.Name == standInName })
}

// Reads returns the names of the stacks that the program read, in order.
func (r *Recording) Reads() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.reads)
}

// OfType returns the registrations of a type.
func (r *Recording) OfType(token string) []*Resource {
	return slices.DeleteFunc(r.Resources(), func(res *Resource) bool { return res.Type != token })
}

// Get returns the resource of a type and name. It ends the test if the resource
// does not exist.
func (r *Recording) Get(tb testing.TB, token, name string) *Resource {
	tb.Helper()
	for _, res := range r.OfType(token) {
		if res.Name == name {
			return res
		}
	}
	tb.Fatalf("no %s named %q was registered", token, name)
	return nil
}

// Calls returns the arguments of all calls of a function, in order.
func (r *Recording) Calls(token string) []resource.PropertyMap {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []resource.PropertyMap
	for _, call := range r.calls {
		if call.Token == token {
			all = append(all, call.Args)
		}
	}
	return all
}

// Called returns the functions that the program called, in order.
func (r *Recording) Called() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var tokens []string
	for _, call := range r.calls {
		tokens = append(tokens, call.Token)
	}
	return tokens
}

// Closure returns the URNs of everything that must exist before a resource: its
// dependencies, provider and parents, and theirs in turn.
func (r *Recording) Closure(urn string) map[string]bool {
	byURN := map[string]*Resource{}
	for _, res := range r.Resources() {
		byURN[res.URN] = res
	}
	seen := map[string]bool{}
	var visit func(string)
	visit = func(urn string) {
		res, ok := byURN[urn]
		if !ok || seen[urn] {
			return
		}
		seen[urn] = true
		for _, next := range append([]string{res.Provider, res.Parent}, res.DependsOn...) {
			visit(next)
		}
	}
	if res, ok := byURN[urn]; ok {
		for _, next := range append([]string{res.Provider, res.Parent}, res.DependsOn...) {
			visit(next)
		}
	}
	return seen
}
