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

	"eks-lattice/internal/twin/world"
)

// Server serves one backend to one engine, or to several.
type Server struct {
	plugin.UnimplementedProvider
	world   *world.World
	backend Backend
	version semver.Version

	mu        sync.Mutex
	instances map[string]*Instance // by the address of the engine's end of the connection
}

// Handshake asks for plain values: the engine knows which ones are secret, and marks
// them again in the answers.
func (s *Server) Handshake(context.Context, plugin.ProviderHandshakeRequest) (*plugin.ProviderHandshakeResponse, error) {
	return &plugin.ProviderHandshakeResponse{}, nil
}

// Attach receives the engine's address. The twin does not call the engine.
func (s *Server) Attach(string) error { return nil }

// GetPluginInfo returns the version of the provider that the backend simulates.
func (s *Server) GetPluginInfo(context.Context) (plugin.PluginInfo, error) {
	return plugin.PluginInfo{Version: &s.version}, nil
}

// SignalCancellation has nothing to cancel: no operation of the twin waits.
func (s *Server) SignalCancellation(context.Context) error { return nil }

// Close is called at the end of each connection.
func (s *Server) Close() error { return nil }

// CheckConfig accepts a provider's inputs unchanged.
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

// Configure records which provider uses this connection.
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

// Diff returns whether and how a resource changes.
func (s *Server) Diff(ctx context.Context, r plugin.DiffRequest) (plugin.DiffResult, error) {
	news := r.NewInputs
	for _, key := range r.IgnoreChanges { // the twin knows only top-level keys
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

// Create creates a resource. In a preview, it returns the inputs: all other outputs are
// unknown to the program.
func (s *Server) Create(ctx context.Context, r plugin.CreateRequest) (resp plugin.CreateResponse, err error) {
	if r.Preview {
		return plugin.CreateResponse{Properties: r.Properties, Status: resource.StatusOK}, nil
	}
	resp.Status = resource.StatusUnknown
	err = s.world.Do(world.Create, string(r.URN), func(op *world.Op) error {
		id, outputs, err := s.backend.Create(op, s.instance(ctx), r.URN, plain(r.Properties))
		if err != nil {
			return partial(err, id, nil, outputs)
		}
		resp = plugin.CreateResponse{ID: resource.ID(id), Properties: properties(outputs), Status: resource.StatusOK}
		return nil
	})
	return resp, err
}

// Update changes a resource in place. In a preview, it returns the old outputs with the
// new inputs: computed values stay, also those inside objects.
func (s *Server) Update(ctx context.Context, r plugin.UpdateRequest) (resp plugin.UpdateResponse, err error) {
	if r.Preview {
		return plugin.UpdateResponse{Properties: overlay(r.OldOutputs, r.NewInputs), Status: resource.StatusOK}, nil
	}
	resp.Status = resource.StatusUnknown
	err = s.world.Do(world.Update, string(r.URN), func(op *world.Op) error {
		outputs, err := s.backend.Update(op, s.instance(ctx), r.URN, string(r.ID),
			plain(r.OldInputs), plain(r.OldOutputs), plain(r.NewInputs))
		if err != nil {
			return partial(err, string(r.ID), nil, outputs)
		}
		resp = plugin.UpdateResponse{Properties: properties(outputs), Status: resource.StatusOK}
		return nil
	})
	return resp, err
}

func overlay(old, news resource.PropertyMap) resource.PropertyMap {
	out := old.Copy()
	for k, v := range news {
		if v.IsObject() && old[k].IsObject() {
			v = resource.NewProperty(overlay(old[k].ObjectValue(), v.ObjectValue()))
		}
		out[k] = v
	}
	return out
}

// partial reports a resource that exists although its operation failed: it was created,
// but was not ready in time. The engine keeps it in the state, so that a destroy deletes
// it. A failure that left nothing is returned unchanged.
func partial(err error, id string, inputs, outputs Props) error {
	if id == "" || outputs == nil {
		return err
	}
	details := &pulumirpc.ErrorResourceInitFailed{Id: id, Reasons: []string{err.Error()}}
	options := plugin.MarshalOptions{KeepUnknowns: true}
	var failed error
	if details.Properties, failed = plugin.MarshalProperties(properties(outputs), options); failed != nil {
		return errors.Join(err, failed)
	}
	if inputs != nil { // of a read: all others have those of the engine
		if details.Inputs, failed = plugin.MarshalProperties(properties(inputs), options); failed != nil {
			return errors.Join(err, failed)
		}
	}
	return rpcerror.WithDetails(rpcerror.New(codes.Unknown, err.Error()), details)
}

// Delete deletes a resource.
func (s *Server) Delete(ctx context.Context, r plugin.DeleteRequest) (plugin.DeleteResponse, error) {
	err := s.world.Do(world.Delete, string(r.URN), func(op *world.Op) error {
		return s.backend.Delete(op, s.instance(ctx), r.URN, string(r.ID), plain(r.Inputs), plain(r.Outputs))
	})
	if err != nil {
		return plugin.DeleteResponse{Status: resource.StatusUnknown}, err
	}
	return plugin.DeleteResponse{Status: resource.StatusOK}, nil
}

// Read looks a resource up, for a refresh or for a program. One that is not as it should be
// comes with the error.
func (s *Server) Read(ctx context.Context, r plugin.ReadRequest) (resp plugin.ReadResponse, err error) {
	err = s.world.Do(world.Read, string(r.URN), func(op *world.Op) error {
		inputs, outputs, err := s.backend.Read(op, s.instance(ctx), r.URN, string(r.ID), plain(r.Inputs), plain(r.State))
		if err != nil {
			return partial(err, string(r.ID), inputs, outputs)
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

// Invoke calls a function.
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

// GetMapping returns none: the twin bridges no Terraform provider.
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

// connection returns the address of the engine's end of the connection.
func connection(ctx context.Context) string {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return ""
	}
	return p.Addr.String()
}
