package tls

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/environment"
	"eks-lattice/internal/recorder"
)

// stack is an environment whose keys and certificates the real provider makes.
type stack struct {
	provider  *provider
	born      time.Time
	resources []*recorder.Resource // in order of registration
	state     map[string]attributes
	// outputs are the provider's, by those that the recorder gave the program.
	outputs map[string]string
}

// newStack records what the program sends for a self-managed CA.
func newStack(t *testing.T, caValidityYears int) *stack {
	t.Helper()
	p, err := newProvider(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := recorder.Run(t, recorder.Options{Stack: "environment", Config: map[string]string{
		"aws:region": recorder.Region, "eks-lattice:role": "environment", "eks-lattice:domain": "example.com",
		"eks-lattice:caMode": "self-managed", "eks-lattice:caValidityYears": strconv.Itoa(caValidityYears),
	}}, environment.Run)
	if err != nil {
		t.Fatal(err)
	}
	s := &stack{provider: p, born: p.now, state: map[string]attributes{}, outputs: map[string]string{}}
	for _, res := range r.Resources() {
		if strings.HasPrefix(res.Type, "tls:") {
			s.resources = append(s.resources, res)
		}
	}
	return s
}

func (s *stack) resource(name string) *recorder.Resource {
	for _, r := range s.resources {
		if r.Name == name {
			return r
		}
	}
	return &recorder.Resource{} // whose use fails
}

// up plans and applies each resource as Pulumi's engine does, and tells what was
// done to those that exist already and do not stay as they are.
func (s *stack) up(t *testing.T) map[string]string {
	t.Helper()
	done := map[string]string{}
	for _, r := range s.resources {
		typ := typeName(r.Type)
		config, err := s.provider.configuration(typ, s.inputs(r))
		if err != nil {
			t.Fatal(err)
		}
		prior := s.state[r.Name]
		plan, err := s.provider.plan(t.Context(), typ, prior, config)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case prior != nil && len(plan.changes) == 0 && len(plan.replaces) == 0:
			continue
		case prior != nil && len(plan.replaces) == 0:
			done[r.Name] = "updated: " + strings.Join(plan.changes, ", ")
		case prior != nil: // the engine creates the new one before it deletes the old
			done[r.Name] = "replaced for " + strings.Join(plan.replaces, ", ")
			prior = nil
			if plan, err = s.provider.plan(t.Context(), typ, nil, config); err != nil {
				t.Fatal(err)
			}
		}
		if s.state[r.Name], err = s.provider.apply(t.Context(), typ, prior, config, plan); err != nil {
			t.Fatal(err)
		}
		s.publish(r)
	}
	return done
}

// inputs are those of a resource, with the real outputs of others.
func (s *stack) inputs(r *recorder.Resource) resource.PropertyMap {
	out := resource.PropertyMap{}
	for k, v := range r.Inputs {
		if v.IsSecret() {
			v = v.SecretValue().Element
		}
		if v.IsString() && s.outputs[v.StringValue()] != "" {
			v = resource.NewProperty(s.outputs[v.StringValue()])
		}
		out[k] = v
	}
	return out
}

// publish makes a resource's outputs known to those that use them.
func (s *stack) publish(r *recorder.Resource) {
	state := s.state[r.Name]
	switch r.Type {
	case "tls:index/privateKey:PrivateKey":
		s.outputs["key of "+r.Name] = state.text("private_key_pem")
	case "tls:index/certRequest:CertRequest":
		s.outputs["request of "+r.Name] = state.text("cert_request_pem")
	case "tls:index/selfSignedCert:SelfSignedCert":
		s.outputs[recorder.CACertificate] = state.text("cert_pem")
	}
}
