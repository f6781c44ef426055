package environment

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
	"eks-lattice/internal/problem"
)

// output is one output of an environment's stack.
type output struct {
	name string
	// write returns the value that the environment exports.
	write func(*components.Environment) pulumi.StringInput
	// read passes the value on to the stacks of clusters. It is nil for outputs
	// that only people and tools read.
	read func(*components.EnvironmentRef, value)
	// optional outputs may be empty.
	optional bool
}

// contract lists all outputs, with both ends of each.
var contract = []output{
	{
		name:  "accountId",
		write: func(e *components.Environment) pulumi.StringInput { return pulumi.String(e.Ref().Account.ID) },
		read:  func(r *components.EnvironmentRef, v value) { r.Account.ID = v.text },
	},
	{
		name:  "region",
		write: func(e *components.Environment) pulumi.StringInput { return pulumi.String(e.Ref().Account.Region) },
		read:  func(r *components.EnvironmentRef, v value) { r.Account.Region = v.text },
	},
	{
		name:  "partition",
		write: func(e *components.Environment) pulumi.StringInput { return pulumi.String(e.Ref().Account.Partition) },
		read:  func(r *components.EnvironmentRef, v value) { r.Account.Partition = v.text },
	},
	{
		name:  "domain",
		write: func(e *components.Environment) pulumi.StringInput { return pulumi.String(e.Ref().Domain) },
		read:  func(r *components.EnvironmentRef, v value) { r.Domain = v.text },
	},
	{
		name:  "serviceNetworkName",
		write: func(e *components.Environment) pulumi.StringInput { return pulumi.String(e.Ref().ServiceNetworkName) },
		read:  func(r *components.EnvironmentRef, v value) { r.ServiceNetworkName = v.text },
	},
	{
		name:  "serviceNetworkId",
		write: func(e *components.Environment) pulumi.StringInput { return e.ServiceNetworkID },
		read:  func(r *components.EnvironmentRef, v value) { r.ServiceNetworkID = v.input() },
	},
	{
		name:  "serviceNetworkArn",
		write: func(e *components.Environment) pulumi.StringInput { return e.ServiceNetworkARN },
	},
	{
		name:  "zoneId",
		write: func(e *components.Environment) pulumi.StringInput { return e.ZoneID },
		read:  func(r *components.EnvironmentRef, v value) { r.ZoneID = v.input() },
	},
	{
		name:  "zoneArn",
		write: func(e *components.Environment) pulumi.StringInput { return e.ZoneARN },
		read:  func(r *components.EnvironmentRef, v value) { r.ZoneARN = v.input() },
	},
	{
		name:  "certificateArn",
		write: func(e *components.Environment) pulumi.StringInput { return e.CertificateARN },
		read:  func(r *components.EnvironmentRef, v value) { r.CertificateARN = v.input() },
	},
	{
		name:  "caCertificate",
		write: func(e *components.Environment) pulumi.StringInput { return e.CACertificate },
		read:  func(r *components.EnvironmentRef, v value) { r.CACertificate = v.input() },
	},
	{
		name:     "caArn",
		write:    func(e *components.Environment) pulumi.StringInput { return e.CAARN },
		optional: true,
	},
	{
		name:  "clientRoleArn",
		write: func(e *components.Environment) pulumi.StringInput { return e.ClientRoleARN },
		read: func(r *components.EnvironmentRef, v value) {
			r.ClientRoleARN, r.ClientRoleName = v.input(), v.text[strings.LastIndex(v.text, "/")+1:]
		},
	},
}

// value is the value of an output.
type value struct {
	text   string
	secret bool
}

// input returns the value as an input of a resource, which is a secret if the
// output is one.
func (v value) input() pulumi.StringInput {
	text := pulumi.String(v.text).ToStringOutput()
	if v.secret {
		return pulumi.ToSecret(text).(pulumi.StringOutput)
	}
	return text
}

// Read reads the outputs of an environment from its stack, whose name is such as
// "environment" or "my-org/eks-lattice/environment". The program knows them
// while it runs, even in a preview. The error names every output that is
// missing or not a text.
func Read(ctx *pulumi.Context, stack string) (components.EnvironmentRef, error) {
	full := qualified(ctx, stack)
	where := fmt.Sprintf("stack %q", full)
	remedy := fmt.Sprintf("run `pulumi up --stack %s` first", stack)
	var found problem.List
	ref, err := pulumi.NewStackReference(ctx, full, nil)
	if err != nil {
		found.Missing(where, "cannot be read (%v); %s", err, remedy)
		return components.EnvironmentRef{}, found.Err("the environment")
	}
	var shared components.EnvironmentRef
	deployed := false
	for _, output := range contract {
		details, err := ref.GetOutputDetails(output.name)
		if err != nil {
			found = nil // the first failure stands for all
			found.Missing(where, "cannot be read (%v); %s", err, remedy)
			return components.EnvironmentRef{}, found.Err("the environment")
		}
		v, wrong := output.decode(details)
		if wrong != "" {
			found.Missing(where, "has %s; %s", wrong, remedy)
		}
		if output.read != nil {
			output.read(&shared, v)
		}
		deployed = deployed || details.Value != nil || details.SecretValue != nil
	}
	if !deployed {
		found = nil
		found.Missing(where, "has no outputs: it is not deployed yet; %s", remedy)
	}
	return shared, found.Err("the environment")
}

// decode returns the value of an output, and what is wrong with it.
func (o output) decode(details *pulumi.StackReferenceOutputDetails) (v value, wrong string) {
	content := details.Value
	if content == nil && details.SecretValue != nil {
		content, v.secret = details.SecretValue, true
	}
	text, isText := content.(string)
	v.text = text
	switch {
	case content == nil && !o.optional:
		return v, fmt.Sprintf("no output %q", o.name)
	case content != nil && !isText:
		return v, fmt.Sprintf("an output %q that is %s instead of a string", o.name, jsonType(content))
	case text == "" && !o.optional:
		return v, fmt.Sprintf("an output %q that is empty", o.name)
	}
	return v, ""
}

// qualified completes a stack's name with the organization and project of the
// running stack.
func qualified(ctx *pulumi.Context, stack string) string {
	if strings.Contains(stack, "/") {
		return stack
	}
	return ctx.Organization() + "/" + ctx.Project() + "/" + stack
}

// jsonType names the JSON type of a value. It does not show the value, which may
// be a secret.
func jsonType(content any) string {
	switch content.(type) {
	case float64, int:
		return "a number"
	case bool:
		return "a boolean"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	default:
		return fmt.Sprintf("a %T", content)
	}
}
