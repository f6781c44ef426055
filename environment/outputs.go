package environment

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
	"eks-lattice/internal/problem"
)

// Outputs is what an environment tells the stacks of its clusters. They are
// read while the program runs, in a preview as well.
type Outputs struct {
	AccountID, Region, Partition Value

	Domain             Value
	ServiceNetworkName Value
	ServiceNetworkID   Value
	ServiceNetworkARN  Value
	ZoneID             Value
	ZoneARN            Value
	CertificateARN     Value
	CACertificate      Value
	CAARN              Value // empty when AWS holds no CA
	ClientRoleARN      Value
}

// Value is one output. It stays a secret if the environment made it one.
type Value struct {
	text   string
	secret bool
}

// Plain returns the text, for what decides what is made.
func (v Value) Plain() string { return v.text }

// Input returns the text as an input of a resource.
func (v Value) Input() pulumi.StringOutput {
	text := pulumi.String(v.text).ToStringOutput()
	if v.secret {
		return pulumi.ToSecret(text).(pulumi.StringOutput)
	}
	return text
}

// source is where a value comes from when the environment writes it.
type source struct {
	config      *Config
	environment *components.Environment
}

// contract is the one list of the outputs' names, with both ends of each.
var contract = []struct {
	name     string
	optional bool
	read     func(*Outputs) *Value
	write    func(source) pulumi.StringInput
}{
	{name: "accountId",
		read:  func(o *Outputs) *Value { return &o.AccountID },
		write: func(s source) pulumi.StringInput { return pulumi.String(s.config.Args.Account.ID) }},
	{name: "region",
		read:  func(o *Outputs) *Value { return &o.Region },
		write: func(s source) pulumi.StringInput { return pulumi.String(s.config.Args.Account.Region) }},
	{name: "partition",
		read:  func(o *Outputs) *Value { return &o.Partition },
		write: func(s source) pulumi.StringInput { return pulumi.String(s.config.Args.Account.Partition) }},
	{name: "domain",
		read:  func(o *Outputs) *Value { return &o.Domain },
		write: func(s source) pulumi.StringInput { return pulumi.String(s.config.Args.Domain) }},
	{name: "serviceNetworkName",
		read:  func(o *Outputs) *Value { return &o.ServiceNetworkName },
		write: func(s source) pulumi.StringInput { return pulumi.String(s.config.Args.ServiceNetworkName) }},
	{name: "serviceNetworkId",
		read:  func(o *Outputs) *Value { return &o.ServiceNetworkID },
		write: func(s source) pulumi.StringInput { return s.environment.ServiceNetworkID }},
	{name: "serviceNetworkArn",
		read:  func(o *Outputs) *Value { return &o.ServiceNetworkARN },
		write: func(s source) pulumi.StringInput { return s.environment.ServiceNetworkARN }},
	{name: "zoneId",
		read:  func(o *Outputs) *Value { return &o.ZoneID },
		write: func(s source) pulumi.StringInput { return s.environment.ZoneID }},
	{name: "zoneArn",
		read:  func(o *Outputs) *Value { return &o.ZoneARN },
		write: func(s source) pulumi.StringInput { return s.environment.ZoneARN }},
	{name: "certificateArn",
		read:  func(o *Outputs) *Value { return &o.CertificateARN },
		write: func(s source) pulumi.StringInput { return s.environment.CertificateARN }},
	{name: "caCertificate",
		read:  func(o *Outputs) *Value { return &o.CACertificate },
		write: func(s source) pulumi.StringInput { return s.environment.CACertificate }},
	{name: "caArn", optional: true,
		read:  func(o *Outputs) *Value { return &o.CAARN },
		write: func(s source) pulumi.StringInput { return s.environment.CAARN }},
	{name: "clientRoleArn",
		read:  func(o *Outputs) *Value { return &o.ClientRoleARN },
		write: func(s source) pulumi.StringInput { return s.environment.ClientRoleARN }},
}

func export(ctx *pulumi.Context, s source) {
	for _, output := range contract {
		ctx.Export(output.name, output.write(s))
	}
}

// ReadOutputs reads the outputs of the environment stack of a name, such as
// "environment" or "my-org/eks-lattice/environment". It reports every output
// that is missing or not a text, and a stack that is not there.
func ReadOutputs(ctx *pulumi.Context, stack string) (*Outputs, problem.List) {
	var found problem.List
	full := qualified(ctx, stack)
	where := fmt.Sprintf("stack %q", full)
	remedy := fmt.Sprintf("run `pulumi up --stack %s` first", stack)
	ref, err := pulumi.NewStackReference(ctx, full, nil)
	if err != nil {
		found.Missing(where, "cannot be read (%v); %s", err, remedy)
		return nil, found
	}
	outputs, missing := &Outputs{}, 0
	for _, output := range contract {
		details, err := ref.GetOutputDetails(output.name)
		if err != nil {
			found = nil // the first failure stands for all
			found.Missing(where, "cannot be read (%v); %s", err, remedy)
			return nil, found
		}
		value, secret := details.Value, false
		if value == nil && details.SecretValue != nil {
			value, secret = details.SecretValue, true
		}
		text, isText := value.(string)
		*output.read(outputs) = Value{text: text, secret: secret}
		switch {
		case value == nil && output.optional:
		case value == nil:
			missing++
			found.Missing(where, "has no output %q; %s", output.name, remedy)
		case !isText:
			found.Missing(where, "has an output %q that is %s instead of a string; %s", output.name, kind(value), remedy)
		case text == "" && !output.optional:
			found.Missing(where, "has an output %q that is empty; %s", output.name, remedy)
		}
	}
	if missing == required() {
		found = nil
		found.Missing(where, "has no outputs: it is not deployed yet; %s", remedy)
	}
	return outputs, found
}

func required() int {
	count := 0
	for _, output := range contract {
		if !output.optional {
			count++
		}
	}
	return count
}

// qualified completes a stack's name with organization and project of the
// running stack.
func qualified(ctx *pulumi.Context, stack string) string {
	if strings.Contains(stack, "/") {
		return stack
	}
	return ctx.Organization() + "/" + ctx.Project() + "/" + stack
}

// kind names what JSON calls a value, without showing it: it may be a secret.
func kind(value any) string {
	switch value.(type) {
	case float64, int:
		return "a number"
	case bool:
		return "a boolean"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	default:
		return fmt.Sprintf("a %T", value)
	}
}
