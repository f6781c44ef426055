package tls

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-provider-tls/upstream"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// provider is the real one, spoken to as Pulumi's bridge does.
type provider struct {
	server  tfprotov6.ProviderServer
	schemas map[string]*tfprotov6.Schema
	now     time.Time
}

func newProvider(ctx context.Context) (*provider, error) {
	p := &provider{now: time.Now()}
	p.server = upstream.Serve(func() time.Time { return p.now })
	schema, err := p.server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, fmt.Errorf("getting the provider's schema: %w", err)
	}
	p.schemas = schema.ResourceSchemas
	return p, failure(schema.Diagnostics)
}

// plan is what the provider would do to a resource.
type plan struct {
	planned *tfprotov6.DynamicValue
	// changes and replaces are the attributes that change, and those of them
	// that an update cannot change.
	changes, replaces []string
}

// attributes are the state or the configuration of a resource.
type attributes map[string]tftypes.Value

func (a attributes) text(name string) string {
	var s string
	if err := a[name].As(&s); err != nil {
		return err.Error()
	}
	return s
}

func (a attributes) boolean(name string) string {
	var b bool
	if err := a[name].As(&b); err != nil {
		return err.Error()
	}
	return strconv.FormatBool(b)
}

// plan compares a resource's state, nil before it is created, with its inputs.
func (p *provider) plan(ctx context.Context, typeName string, prior, config attributes) (*plan, error) {
	typ := p.schemas[typeName].ValueType()
	before, after, given := null(typ), p.proposed(typeName, prior, config), tftypes.NewValue(typ, map[string]tftypes.Value(config))
	if prior != nil {
		before = tftypes.NewValue(typ, map[string]tftypes.Value(prior))
	}
	values, err := dynamic(typ, before, after, given)
	if err != nil {
		return nil, err
	}
	resp, err := p.server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: typeName, PriorState: values[0], ProposedNewState: values[1], Config: values[2],
	})
	if err == nil {
		err = failure(resp.Diagnostics)
	}
	if err != nil {
		return nil, fmt.Errorf("planning %s: %w", typeName, err)
	}
	out := &plan{planned: resp.PlannedState}
	planned, err := resp.PlannedState.Unmarshal(typ)
	if err != nil {
		return nil, fmt.Errorf("reading the plan of %s: %w", typeName, err)
	}
	differences, err := before.Diff(planned)
	if err != nil {
		return nil, fmt.Errorf("comparing %s: %w", typeName, err)
	}
	for _, d := range differences {
		out.changes = add(out.changes, d.Path)
	}
	for _, path := range resp.RequiresReplace {
		out.replaces = add(out.replaces, path)
	}
	return out, nil
}

// apply carries a plan out.
func (p *provider) apply(ctx context.Context, typeName string, prior, config attributes, plan *plan) (attributes, error) {
	typ := p.schemas[typeName].ValueType()
	before := null(typ)
	if prior != nil {
		before = tftypes.NewValue(typ, map[string]tftypes.Value(prior))
	}
	values, err := dynamic(typ, before, tftypes.NewValue(typ, map[string]tftypes.Value(config)))
	if err != nil {
		return nil, err
	}
	resp, err := p.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: typeName, PriorState: values[0], PlannedState: plan.planned, Config: values[1],
	})
	if err == nil {
		err = failure(resp.Diagnostics)
	}
	if err != nil {
		return nil, fmt.Errorf("applying %s: %w", typeName, err)
	}
	return read(resp.NewState, typ)
}

// refresh reads a resource again.
func (p *provider) refresh(ctx context.Context, typeName string, state attributes) (attributes, error) {
	typ := p.schemas[typeName].ValueType()
	values, err := dynamic(typ, tftypes.NewValue(typ, map[string]tftypes.Value(state)))
	if err != nil {
		return nil, err
	}
	resp, err := p.server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: typeName, CurrentState: values[0]})
	if err == nil {
		err = failure(resp.Diagnostics)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", typeName, err)
	}
	return read(resp.NewState, typ)
}

// proposed is the configuration, with the state's values for what is computed and
// not configured: what Terraform and Pulumi's bridge propose to a plan.
func (p *provider) proposed(typeName string, prior, config attributes) tftypes.Value {
	proposed := maps.Clone(config)
	for _, a := range p.schemas[typeName].Block.Attributes {
		if a.Computed && proposed[a.Name].IsNull() && prior != nil {
			proposed[a.Name] = prior[a.Name]
		}
	}
	return tftypes.NewValue(p.schemas[typeName].ValueType(), map[string]tftypes.Value(proposed))
}

// configuration turns Pulumi's inputs into the provider's. Its only block, subject,
// is a list there and an object here.
func (p *provider) configuration(typeName string, inputs resource.PropertyMap) (attributes, error) {
	fields := map[string]any{}
	for key, value := range inputs.Mappable() {
		if nested, isObject := value.(map[string]any); isObject {
			block := map[string]any{}
			for k, v := range nested {
				block[snake(k)] = v
			}
			value = []any{block}
		}
		fields[snake(key)] = value
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("encoding inputs of %s: %w", typeName, err)
	}
	return read(&tfprotov6.DynamicValue{JSON: raw}, p.schemas[typeName].ValueType())
}

// typeName is the provider's name of a Pulumi type.
func typeName(token string) string {
	name := token[strings.LastIndex(token, ":")+1:]
	return "tls_" + snake(string(unicode.ToLower(rune(name[0])))+name[1:])
}

func snake(camel string) string {
	var b strings.Builder
	for _, r := range camel {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func null(typ tftypes.Type) tftypes.Value { return tftypes.NewValue(typ, nil) }

func dynamic(typ tftypes.Type, values ...tftypes.Value) ([]*tfprotov6.DynamicValue, error) {
	out := make([]*tfprotov6.DynamicValue, len(values))
	for i, v := range values {
		d, err := tfprotov6.NewDynamicValue(typ, v)
		if err != nil {
			return nil, fmt.Errorf("encoding a value: %w", err)
		}
		out[i] = &d
	}
	return out, nil
}

func read(d *tfprotov6.DynamicValue, typ tftypes.Type) (attributes, error) {
	value, err := d.Unmarshal(typ)
	if err != nil {
		return nil, fmt.Errorf("decoding a value: %w", err)
	}
	out := attributes{}
	if err := value.As((*map[string]tftypes.Value)(&out)); err != nil {
		return nil, fmt.Errorf("decoding a value: %w", err)
	}
	return out, nil
}

// add adds the attribute that a path begins with.
func add(names []string, path *tftypes.AttributePath) []string {
	if len(path.Steps()) == 0 {
		return names // the resource itself
	}
	name, isAttribute := path.Steps()[0].(tftypes.AttributeName)
	if isAttribute && !slices.Contains(names, string(name)) {
		names = append(names, string(name))
	}
	slices.Sort(names)
	return names
}

func failure(diagnostics []*tfprotov6.Diagnostic) error {
	var failures []error
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			failures = append(failures, fmt.Errorf("%s: %s", d.Summary, d.Detail))
		}
	}
	return errors.Join(failures...)
}
