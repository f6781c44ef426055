// Package languagehost runs a compiled Go program for the Pulumi engine. It
// stands in for pulumi-language-go where only the Go module proxy is at hand:
// that host is not published as a module. It knows the project options "binary"
// and "buildTarget", and nothing else.
//
// The protocol is that of
// https://github.com/pulumi/pulumi/blob/v3.245.0/proto/pulumi/language.proto.
package languagehost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/constant"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

const engineCheck = 5 * time.Second // as often as the engine's own hosts look whether it is still there

// Serve answers the engine at engineAddr until ctx or that engine ends. It prints its
// port to out, where the engine reads it.
func Serve(ctx context.Context, engineAddr string, out io.Writer) error {
	ctx, gone := context.WithCancel(ctx)
	defer gone()
	if engineAddr != "" {
		if err := rpcutil.Healthcheck(ctx, engineAddr, engineCheck, gone); err != nil {
			return fmt.Errorf("watching the engine at %s: %w", engineAddr, err)
		}
	}
	cancel := make(chan bool)
	go func() {
		<-ctx.Done()
		close(cancel)
	}()
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: cancel,
		Init: func(srv *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(srv, &host{engine: engineAddr})
			return nil
		},
	})
	if err != nil {
		return fmt.Errorf("serving the language host: %w", err)
	}
	if _, err := fmt.Fprintln(out, handle.Port); err != nil {
		return fmt.Errorf("telling the engine the port: %w", err)
	}
	return <-handle.Done
}

type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	engine string
}

// Handshake receives the engine's address if it was not on the command line.
func (h *host) Handshake(_ context.Context, r *pulumirpc.LanguageHandshakeRequest) (*pulumirpc.LanguageHandshakeResponse, error) {
	h.engine = r.GetEngineAddress()
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

// GetPluginInfo returns no version: the host has none.
func (*host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{}, nil
}

// GetRequiredPackages returns none: every resource that the program registers has its
// package's version, by which the engine finds the plugin.
func (*host) GetRequiredPackages(context.Context, *pulumirpc.GetRequiredPackagesRequest) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

// GetRequiredPlugins is GetRequiredPackages of older engines.
func (*host) GetRequiredPlugins(context.Context, *pulumirpc.GetRequiredPluginsRequest) (*pulumirpc.GetRequiredPluginsResponse, error) {
	return &pulumirpc.GetRequiredPluginsResponse{}, nil
}

// Run runs the program to its end.
func (h *host) Run(ctx context.Context, r *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	binary, err := program(ctx, r.GetInfo())
	if err != nil {
		return nil, err
	}
	env, err := environment(r, h.engine)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, binary, r.GetArgs()...)
	cmd.Dir = r.GetPwd()
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	var exit *exec.ExitError
	switch err := cmd.Run(); {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.As(err, &exit) && exit.ExitCode() == constant.ExitStatusLoggedError:
		return &pulumirpc.RunResponse{Bail: true}, nil // the program has told the engine already
	case errors.As(err, &exit):
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("program %s ended with %s", binary, exit.ProcessState)}, nil
	default:
		return nil, fmt.Errorf("running %s: %w", binary, err)
	}
}

// InstallDependencies completes the requirements of a new project, as
// pulumi-language-go does for "pulumi new" and "pulumi install".
func (h *host) InstallDependencies(
	r *pulumirpc.InstallDependenciesRequest, stream grpc.ServerStreamingServer[pulumirpc.InstallDependenciesResponse],
) error {
	tidy := exec.CommandContext(stream.Context(), "go", "mod", "tidy")
	tidy.Dir = r.GetInfo().GetProgramDirectory()
	out, err := tidy.CombinedOutput()
	if err != nil {
		return fmt.Errorf("installing the dependencies of %s: %w\n%s", tidy.Dir, err, out)
	}
	if err := stream.Send(&pulumirpc.InstallDependenciesResponse{Stderr: out}); err != nil {
		return fmt.Errorf("telling the engine what go said: %w", err)
	}
	return nil
}

// program returns the compiled program: the one that the project names, or the one
// that it wants built.
func program(ctx context.Context, info *pulumirpc.ProgramInfo) (string, error) {
	options := info.GetOptions().AsMap()
	path := func(option string) (string, bool) {
		p, ok := options[option].(string)
		if ok && !filepath.IsAbs(p) {
			p = filepath.Join(info.GetRootDirectory(), p)
		}
		return p, ok
	}
	if binary, ok := path("binary"); ok {
		return binary, nil
	}
	target, ok := path("buildTarget")
	if !ok {
		return "", errors.New("reading Pulumi.yaml: runtime.options has neither binary nor buildTarget; this host needs one")
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", target, ".")
	build.Dir = info.GetProgramDirectory()
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program in %s: %w\n%s", build.Dir, err, out)
	}
	return target, nil
}

// environment is how a Go program gets its instructions:
// https://github.com/pulumi/pulumi/blob/v3.245.0/sdk/go/pulumi/run.go.
func environment(r *pulumirpc.RunRequest, engine string) ([]string, error) {
	config, err := json.Marshal(r.GetConfig())
	if err != nil {
		return nil, fmt.Errorf("encoding the configuration: %w", err)
	}
	secretKeys, err := json.Marshal(r.GetConfigSecretKeys())
	if err != nil {
		return nil, fmt.Errorf("encoding the names of the secrets: %w", err)
	}
	return []string{
		pulumi.EnvOrganization + "=" + r.GetOrganization(),
		pulumi.EnvProject + "=" + r.GetProject(),
		pulumi.EnvStack + "=" + r.GetStack(),
		pulumi.EnvPulumiRootDirectory + "=" + r.GetInfo().GetRootDirectory(),
		pulumi.EnvConfig + "=" + string(config),
		pulumi.EnvConfigSecretKeys + "=" + string(secretKeys),
		pulumi.EnvDryRun + "=" + strconv.FormatBool(r.GetDryRun()),
		pulumi.EnvParallel + "=" + strconv.Itoa(int(r.GetParallel())),
		pulumi.EnvMonitor + "=" + r.GetMonitorAddress(),
		pulumi.EnvEngine + "=" + engine,
	}, nil
}
