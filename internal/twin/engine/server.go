// Package engine joins a backend of the twin to the Pulumi engine: it serves
// the resource provider protocol on loopback, to which the engine attaches by
// PULUMI_DEBUG_PROVIDERS.
package engine

import (
	"context"
	"errors"
	"sync"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil/rpcerror"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"

	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// Instance is one configured provider of a Pulumi program: an explicit one, a
// default one, or one that a component made. The engine opens a connection for
// each, which is how the twin keeps them apart.
type Instance struct {
	URN    string // empty for the engine's own default provider in older engines
	Config Props  // the provider's inputs: region, kubeconfig, ...
}

// Props are the properties of a resource as plain Go values: nil, bool,
// float64, string, []any and map[string]any. Secrets are bare. While a program
// is only previewed a value can be resource.Computed.
type Props = map[string]any

// Failure is one input that Check refuses.
type Failure struct {
	Property string
	Reason   string
	Law      law.Law // that the input breaks, if it is one of the twin's
}

// Refused is an input that a law refuses.
func Refused(property string, err error) Failure {
	var r *law.RefusalError
	if errors.As(err, &r) && r.Code == "" {
		return Failure{Property: property, Reason: r.Message, Law: r.Law}
	}
	return Failure{Property: property, Reason: err.Error()}
}

// Change says how a resource goes from its old to its new inputs.
type Change struct {
	Keys                []string // the top-level inputs that differ; none means no change
	Replace             []string // those of Keys that cannot be updated in place
	DeleteBeforeReplace bool
	Law                 law.Law // why it is replaced, or where a difference comes from; the zero Law for a plain change
}

// Backend is a provider package of the twin: aws, kubernetes, tls.
// Create, Update, Delete and Read run inside world.Do, one at a time. A Create
// or Update that fails, but leaves the resource there, returns its outputs (and
// Create its id) with the error.
type Backend interface {
	Name() string
	Version() string
	// Check completes and validates inputs. olds is nil for a new resource.
	Check(inst *Instance, urn resource.URN, olds, news Props) (Props, []Failure, error)
	Diff(inst *Instance, urn resource.URN, oldInputs, oldOutputs, newInputs Props) (Change, error)
	Create(op *world.Op, inst *Instance, urn resource.URN, inputs Props) (id string, outputs Props, err error)
	Update(op *world.Op, inst *Instance, urn resource.URN, id string, oldInputs, oldOutputs, newInputs Props) (Props, error)
	Delete(op *world.Op, inst *Instance, urn resource.URN, id string, inputs, outputs Props) error
	// Read returns nil outputs when the resource is gone.
	Read(op *world.Op, inst *Instance, urn resource.URN, id string, inputs, outputs Props) (newInputs, newOutputs Props, err error)
	Invoke(op *world.Op, inst *Instance, token string, args Props) (Props, error)
}

// Server serves one backend to one engine, or to several.
type Server struct {
	plugin.UnimplementedProvider
	world   *world.World
	backend Backend
	version semver.Version

	mu        sync.Mutex
	instances map[string]*Instance // by the address of the engine's end of the connection
}

// Handshake accepts plain values: the engine keeps the secrets and marks them
// again in what the twin answers.
func (s *Server) Handshake(context.Context, plugin.ProviderHandshakeRequest) (*plugin.ProviderHandshakeResponse, error) {
	return &plugin.ProviderHandshakeResponse{}, nil
}

// Attach is how the engine introduces itself; the twin does not call it back.
func (s *Server) Attach(string) error { return nil }

// GetPluginInfo answers with the version that the backend stands for.
func (s *Server) GetPluginInfo(context.Context) (plugin.PluginInfo, error) {
	return plugin.PluginInfo{Version: &s.version}, nil
}

// SignalCancellation has nothing to cancel: no operation of the twin waits.
func (s *Server) SignalCancellation(context.Context) error { return nil }

// Close is called with each connection's end.
func (s *Server) Close() error { return nil }

// CheckConfig takes a provider's inputs as they are.
func (s *Server) CheckConfig(_ context.Context, r plugin.CheckConfigRequest) (plugin.CheckConfigResponse, error) {
	return plugin.CheckConfigResponse{Properties: r.News}, nil
}

// DiffConfig compares a provider's inputs.
func (s *Server) DiffConfig(_ context.Context, r plugin.DiffConfigRequest) (plugin.DiffConfigResponse, error) {
	if d := r.OldInputs.Diff(r.NewInputs); d != nil {
		return plugin.DiffResult{Changes: plugin.DiffSome, ChangedKeys: d.Keys()}, nil
	}
	return plugin.DiffResult{Changes: plugin.DiffNone}, nil
}

// Configure remembers which provider speaks on this connection.
func (s *Server) Configure(ctx context.Context, r plugin.ConfigureRequest) (plugin.ConfigureResponse, error) {
	inst := &Instance{Config: plain(r.Inputs)}
	if r.URN != nil {
		inst.URN = string(*r.URN)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instances[connection(ctx)] = inst
	return plugin.ConfigureResponse{}, nil
}

// Check completes and validates the inputs of a resource.
func (s *Server) Check(ctx context.Context, r plugin.CheckRequest) (plugin.CheckResponse, error) {
	var olds Props
	if r.Olds != nil {
		olds = plain(r.Olds)
	}
	inputs, failures, err := s.backend.Check(s.instance(ctx), r.URN, olds, plain(r.News))
	if err != nil {
		return plugin.CheckResponse{}, err
	}
	resp := plugin.CheckResponse{Properties: properties(inputs)}
	for _, f := range failures {
		reason := f.Reason
		if f.Law.ID != "" {
			reason += " [law " + f.Law.ID + "]"
		}
		resp.Failures = append(resp.Failures, plugin.CheckFailure{Property: resource.PropertyKey(f.Property), Reason: reason})
	}
	return resp, nil
}

// Diff says whether and how a resource changes.
func (s *Server) Diff(ctx context.Context, r plugin.DiffRequest) (plugin.DiffResult, error) {
	news := r.NewInputs
	for _, key := range r.IgnoreChanges { // the twin knows top-level keys only, and says so
		k := resource.PropertyKey(key)
		if old, ok := r.OldInputs[k]; ok {
			news = news.Copy()
			news[k] = old
		}
	}
	change, err := s.backend.Diff(s.instance(ctx), r.URN, plain(r.OldInputs), plain(r.OldOutputs), plain(news))
	if err != nil {
		return plugin.DiffResult{}, err
	}
	d := plugin.DiffResult{Changes: plugin.DiffNone, DeleteBeforeReplace: change.DeleteBeforeReplace}
	if len(change.Keys) > 0 {
		d.Changes = plugin.DiffSome
	}
	for _, k := range change.Keys {
		d.ChangedKeys = append(d.ChangedKeys, resource.PropertyKey(k))
	}
	for _, k := range change.Replace {
		d.ReplaceKeys = append(d.ReplaceKeys, resource.PropertyKey(k))
	}
	return d, nil
}

// Create makes a resource. In a preview it echoes the inputs: what they do not
// hold is unknown to the program.
func (s *Server) Create(ctx context.Context, r plugin.CreateRequest) (resp plugin.CreateResponse, err error) {
	if r.Preview {
		return plugin.CreateResponse{Properties: r.Properties, Status: resource.StatusOK}, nil
	}
	resp.Status = resource.StatusUnknown
	err = s.world.Do(world.Create, string(r.URN), func(op *world.Op) error {
		id, outputs, err := s.backend.Create(op, s.instance(ctx), r.URN, plain(r.Properties))
		if err != nil {
			return partial(err, id, outputs)
		}
		resp = plugin.CreateResponse{ID: resource.ID(id), Properties: properties(outputs), Status: resource.StatusOK}
		return nil
	})
	return resp, err
}

// Update changes a resource in place. A preview shows what it has with the new
// inputs laid over: what it computed itself stays, inside of objects too.
func (s *Server) Update(ctx context.Context, r plugin.UpdateRequest) (resp plugin.UpdateResponse, err error) {
	if r.Preview {
		return plugin.UpdateResponse{Properties: laidOver(r.OldOutputs, r.NewInputs), Status: resource.StatusOK}, nil
	}
	resp.Status = resource.StatusUnknown
	err = s.world.Do(world.Update, string(r.URN), func(op *world.Op) error {
		outputs, err := s.backend.Update(op, s.instance(ctx), r.URN, string(r.ID),
			plain(r.OldInputs), plain(r.OldOutputs), plain(r.NewInputs))
		if err != nil {
			return partial(err, string(r.ID), outputs)
		}
		resp = plugin.UpdateResponse{Properties: properties(outputs), Status: resource.StatusOK}
		return nil
	})
	return resp, err
}

func laidOver(old, news resource.PropertyMap) resource.PropertyMap {
	out := old.Copy()
	for k, v := range news {
		if v.IsObject() && old[k].IsObject() {
			v = resource.NewProperty(laidOver(old[k].ObjectValue(), v.ObjectValue()))
		}
		out[k] = v
	}
	return out
}

// partial tells the engine of a resource that is there although its operation
// failed: made, but not ready in time. The engine keeps it in the state, so that
// a destroy finds it. A failure that left nothing goes on as it is.
func partial(err error, id string, outputs Props) error {
	if id == "" || outputs == nil {
		return err
	}
	state, marshalErr := plugin.MarshalProperties(properties(outputs), plugin.MarshalOptions{KeepUnknowns: true})
	if marshalErr != nil {
		return errors.Join(err, marshalErr)
	}
	return rpcerror.WithDetails(rpcerror.New(codes.Unknown, err.Error()), &pulumirpc.ErrorResourceInitFailed{
		Id: id, Properties: state, Reasons: []string{err.Error()},
	})
}

// Delete removes a resource.
func (s *Server) Delete(ctx context.Context, r plugin.DeleteRequest) (plugin.DeleteResponse, error) {
	err := s.world.Do(world.Delete, string(r.URN), func(op *world.Op) error {
		return s.backend.Delete(op, s.instance(ctx), r.URN, string(r.ID), plain(r.Inputs), plain(r.Outputs))
	})
	if err != nil {
		return plugin.DeleteResponse{Status: resource.StatusUnknown}, err
	}
	return plugin.DeleteResponse{Status: resource.StatusOK}, nil
}

// Read looks a resource up, for refresh.
func (s *Server) Read(ctx context.Context, r plugin.ReadRequest) (resp plugin.ReadResponse, err error) {
	err = s.world.Do(world.Read, string(r.URN), func(op *world.Op) error {
		inputs, outputs, err := s.backend.Read(op, s.instance(ctx), r.URN, string(r.ID), plain(r.Inputs), plain(r.State))
		if err != nil {
			return err
		}
		if outputs != nil {
			resp.ReadResult = plugin.ReadResult{ID: r.ID, Inputs: properties(inputs), Outputs: properties(outputs)}
		}
		return nil
	})
	resp.Status = resource.StatusOK
	if err != nil {
		resp.Status = resource.StatusUnknown
	}
	return resp, err
}

// Invoke answers a data source.
func (s *Server) Invoke(ctx context.Context, r plugin.InvokeRequest) (resp plugin.InvokeResponse, err error) {
	err = s.world.Do(world.Read, string(r.Tok), func(op *world.Op) error {
		ret, err := s.backend.Invoke(op, s.instance(ctx), string(r.Tok), plain(r.Args))
		if err != nil {
			return err
		}
		resp.Properties = properties(ret)
		return nil
	})
	return resp, err
}

// GetMapping has none: the twin bridges no Terraform provider.
func (s *Server) GetMapping(context.Context, plugin.GetMappingRequest) (plugin.GetMappingResponse, error) {
	return plugin.GetMappingResponse{}, nil
}

func (s *Server) instance(ctx context.Context) *Instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	if inst := s.instances[connection(ctx)]; inst != nil {
		return inst
	}
	return &Instance{Config: Props{}}
}

// connection names the engine's end of the connection.
func connection(ctx context.Context) string {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return ""
	}
	return p.Addr.String()
}
