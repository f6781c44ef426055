package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil/rpcerror"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/structpb"

	"eks-lattice/internal/twin/world"
)

// echo is a backend that answers with what it was asked.
type echo struct{}

func (echo) Name() string    { return "echo" }
func (echo) Version() string { return "1.2.3" }
func (echo) Check(_ *Instance, _ resource.URN, _, news Props) (Props, []Failure, error) {
	if news["bad"] != nil {
		return news, []Failure{{Property: "bad", Reason: "is bad"}}, nil
	}
	return news, nil, nil
}
func (echo) Diff(_ *Instance, _ resource.URN, oldInputs, _, newInputs Props) (Change, error) {
	if oldInputs["name"] != newInputs["name"] {
		return Change{Keys: []string{"name"}, Replace: []string{"name"}, DeleteBeforeReplace: true}, nil
	}
	return Change{}, nil
}
func (echo) Create(_ *world.Op, inst *Instance, _ resource.URN, inputs Props) (string, Props, error) {
	out := Props{"whose": inst.Config["who"], "secretIsPlain": fmt.Sprintf("%T", inputs["secret"]), "name": inputs["name"]}
	switch inputs["fail"] {
	case "with nothing":
		return "", nil, errors.New("refused")
	case "half-way":
		return "half", out, errors.New("not ready in time")
	}
	return "made", out, nil
}
func (echo) Update(_ *world.Op, _ *Instance, _ resource.URN, _ string, _, _, news Props) (Props, error) {
	return news, nil
}
func (echo) Delete(*world.Op, *Instance, resource.URN, string, Props, Props) error {
	return errors.New("in use")
}
func (echo) Read(_ *world.Op, _ *Instance, _ resource.URN, id string, in, out Props) (Props, Props, error) {
	if id == "gone" {
		return nil, nil, nil
	}
	return in, out, nil
}
func (echo) Invoke(_ *world.Op, inst *Instance, token string, _ Props) (Props, error) {
	return Props{"token": token, "whose": inst.Config["who"]}, nil
}

const urn = "urn:pulumi:s::p::echo:index:Thing::x"

var secret = map[string]any{"secret": &resource.Secret{Element: resource.NewProperty("s3cret")}}

// dial opens a connection and configures it, as the engine does for each provider.
func dial(t *testing.T, port int, who string) pulumirpc.ResourceProviderClient {
	t.Helper()
	conn, err := grpc.NewClient(fmt.Sprintf("127.0.0.1:%d", port), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // the test is over
	client := pulumirpc.NewResourceProviderClient(conn)
	if _, err := client.Handshake(t.Context(), &pulumirpc.ProviderHandshakeRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: object(t, map[string]any{"who": who})}); err != nil {
		t.Fatal(err)
	}
	return client
}

func object(t *testing.T, m map[string]any) *structpb.Struct {
	t.Helper()
	s, err := plugin.MarshalProperties(resource.NewPropertyMapFromMap(m), plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func serve(t *testing.T) (*world.World, int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	w := world.New()
	port, err := Serve(ctx, w, echo{})
	if err != nil {
		t.Fatal(err)
	}
	return w, port
}

// Engines that connect side by side: a matter of the race detector.
func TestEnginesSideBySide(t *testing.T) {
	t.Parallel()
	_, port := serve(t)
	for i := range 8 {
		who := fmt.Sprintf("engine %d", i)
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			client := dial(t, port, who)
			resp, err := client.Create(t.Context(), &pulumirpc.CreateRequest{Urn: urn, Properties: object(t, secret)})
			if err != nil {
				t.Fatal(err)
			}
			if whose := resp.GetProperties().AsMap()["whose"]; whose != who {
				t.Errorf("the provider of %s answered as that of %v", who, whose)
			}
		})
	}
}

func TestInstancesAreKeptApart(t *testing.T) {
	t.Parallel()
	_, port := serve(t)
	ann, bob := dial(t, port, "ann"), dial(t, port, "bob")
	for who, client := range map[string]pulumirpc.ResourceProviderClient{"ann": ann, "bob": bob} {
		resp, err := client.Create(t.Context(), &pulumirpc.CreateRequest{Urn: urn, Properties: object(t, secret)})
		if err != nil {
			t.Fatal(err)
		}
		out := resp.GetProperties().AsMap()
		if out["whose"] != who || out["secretIsPlain"] != "string" {
			t.Errorf("the provider of %s answered %v", who, out)
		}
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	w, port := serve(t)
	client := dial(t, port, "ann")
	create := func(fail string) error {
		_, err := client.Create(t.Context(), &pulumirpc.CreateRequest{Urn: urn, Properties: object(t, map[string]any{"fail": fail})})
		return err
	}
	half, ok := rpcerror.FromError(create("half-way"))
	if !ok || len(half.Details()) != 1 {
		t.Fatalf("a resource that is there but not ready: %v, want its state with the error", half)
	}
	detail, ok := half.Details()[0].(*pulumirpc.ErrorResourceInitFailed)
	if !ok || detail.GetId() != "half" || detail.GetProperties().AsMap()["whose"] != "ann" {
		t.Errorf("the state with the error is %v", half.Details()[0])
	}
	if none, _ := rpcerror.FromError(create("with nothing")); len(none.Details()) != 0 || !strings.Contains(none.Message(), "refused") {
		t.Errorf("a refusal came with %v", none.Details())
	}
	_, err := client.Delete(t.Context(), &pulumirpc.DeleteRequest{Urn: urn, Id: "made"})
	if err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("delete: %v", err)
	}
	journal := w.Journal()
	if len(journal) != 3 || journal[0].Action != world.Create || journal[2].Action != world.Delete || journal[2].Err == nil {
		t.Errorf("the journal is %v", journal)
	}
	check, err := client.Check(t.Context(), &pulumirpc.CheckRequest{Urn: urn, News: object(t, map[string]any{"bad": true})})
	if err != nil || len(check.GetFailures()) != 1 || check.GetFailures()[0].GetReason() != "is bad" {
		t.Errorf("check: %v, %v", check, err)
	}
}

func TestPreviewTouchesNothing(t *testing.T) {
	t.Parallel()
	w, port := serve(t)
	client := dial(t, port, "ann")
	inputs := object(t, map[string]any{"name": "x"})
	resp, err := client.Create(t.Context(), &pulumirpc.CreateRequest{Urn: urn, Preview: true, Properties: inputs})
	if err != nil || resp.GetId() != "" || resp.GetProperties().AsMap()["name"] != "x" {
		t.Errorf("preview answered %v, %v; want the inputs and no id", resp, err)
	}
	// What the resource computed inside an object stays known. Otherwise, the preview
	// would replace what depends on it.
	props := func(m map[string]any) *structpb.Struct { return object(t, m) }
	update, err := client.Update(t.Context(), &pulumirpc.UpdateRequest{Urn: urn, Id: "1", Preview: true,
		Olds:      props(map[string]any{"version": "1", "network": map[string]any{"public": true, "group": "sg-1"}}),
		News:      props(map[string]any{"version": "2", "network": map[string]any{"public": false}}),
		OldInputs: props(map[string]any{"version": "1", "network": map[string]any{"public": true}})})
	want := map[string]any{"version": "2", "network": map[string]any{"public": false, "group": "sg-1"}}
	if err != nil || !reflect.DeepEqual(update.GetProperties().AsMap(), want) {
		t.Errorf("preview of an update answered %v, %v; want %v", update, err, want)
	}
	if len(w.Journal()) != 0 {
		t.Errorf("a preview did %v", w.Journal())
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	_, port := serve(t)
	client := dial(t, port, "ann")
	for name, tt := range map[string]struct {
		news   string
		ignore []string
		want   pulumirpc.DiffResponse_DiffChanges
	}{
		"the same":          {"x", nil, pulumirpc.DiffResponse_DIFF_NONE},
		"another":           {"y", nil, pulumirpc.DiffResponse_DIFF_SOME},
		"another, not seen": {"y", []string{"name"}, pulumirpc.DiffResponse_DIFF_NONE},
	} {
		old := object(t, map[string]any{"name": "x"})
		resp, err := client.Diff(t.Context(), &pulumirpc.DiffRequest{
			Urn: urn, Id: "made", OldInputs: old, Olds: old, IgnoreChanges: tt.ignore,
			News: object(t, map[string]any{"name": tt.news}),
		})
		if err != nil || resp.GetChanges() != tt.want || resp.GetDeleteBeforeReplace() != (tt.want == pulumirpc.DiffResponse_DIFF_SOME) {
			t.Errorf("%s: %v, %v; want %v", name, resp, err, tt.want)
		}
	}
}

func TestReadAndInvoke(t *testing.T) {
	t.Parallel()
	_, port := serve(t)
	client := dial(t, port, "ann")
	for id, want := range map[string]string{"there": "there", "gone": ""} {
		resp, err := client.Read(t.Context(), &pulumirpc.ReadRequest{Urn: urn, Id: id, Properties: object(t, map[string]any{"a": "b"})})
		if err != nil || resp.GetId() != want {
			t.Errorf("reading %s: %v, %v", id, resp, err)
		}
	}
	resp, err := client.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "echo:index:ask"})
	if err != nil || resp.GetReturn().AsMap()["token"] != "echo:index:ask" || resp.GetReturn().AsMap()["whose"] != "ann" {
		t.Errorf("invoke: %v, %v", resp, err)
	}
}
