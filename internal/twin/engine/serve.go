package engine

import (
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"

	"eks-lattice/internal/twin/world"
)

// Serve listens on a free port of loopback until ctx ends.
func Serve(ctx context.Context, w *world.World, b Backend) (port int, err error) {
	version, err := semver.ParseTolerant(b.Version())
	if err != nil {
		return 0, fmt.Errorf("reading version %q of the %s backend: %w", b.Version(), b.Name(), err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("listening for the %s provider: %w", b.Name(), err)
	}
	const large = 400 << 20 // as the engine's own limit: a CRD is larger than gRPC's default allows
	srv := grpc.NewServer(grpc.MaxRecvMsgSize(large), grpc.MaxSendMsgSize(large), grpc.UnaryInterceptor(apart()))
	pulumirpc.RegisterResourceProviderServer(srv, plugin.NewProviderServer(&Server{
		world: w, backend: b, version: version, instances: map[string]*Instance{},
	}))
	go func() {
		<-ctx.Done()
		srv.Stop()
	}()
	go func() { _ = srv.Serve(listener) }() // ends with an error of its own when srv stops
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// apart keeps what introduces one engine away from the calls of others: the
// adapter writes down what was agreed for all connections, without a lock.
func apart() grpc.UnaryServerInterceptor {
	var agreed sync.RWMutex
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		switch info.FullMethod {
		case pulumirpc.ResourceProvider_Handshake_FullMethodName, pulumirpc.ResourceProvider_Configure_FullMethodName:
			agreed.Lock()
			defer agreed.Unlock()
		default:
			agreed.RLock()
			defer agreed.RUnlock()
		}
		return next(ctx, request)
	}
}
