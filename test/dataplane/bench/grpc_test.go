//go:build linux

package bench

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"eks-lattice/internal/sidecar"
	"eks-lattice/test/dataplane/harness"
)

// directKey is the metadata of calls that go past the proxy.
const directKey = "x-direct"

// grpcOrigin answers unary calls at once.
type grpcOrigin struct {
	pb.UnimplementedTestServiceServer
}

// UnaryCall answers only what is signed, and what says that it is not.
func (grpcOrigin) UnaryCall(ctx context.Context, _ *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	sent, _ := metadata.FromIncomingContext(ctx)
	if signature := strings.Join(sent.Get("authorization"), ""); !strings.HasPrefix(signature, "AWS4-HMAC-SHA256") &&
		len(sent.Get(directKey)) == 0 {
		return nil, status.Error(codes.PermissionDenied, "the call is not signed")
	}
	return &pb.SimpleResponse{}, nil
}

// serveGRPC answers gRPC over TLS in place of a service of the world.
func serveGRPC(b *testing.B, h *harness.Harness, vpc string, s harness.Service) {
	b.Helper()
	certificate, err := tls.X509KeyPair([]byte(h.World.Certificate), []byte(h.World.Key))
	require.NoError(b, err)
	listener, err := h.ListenInVPC(vpc, s.Address+":443")
	require.NoError(b, err)
	server := grpc.NewServer(grpc.Creds(credentials.NewServerTLSFromCert(&certificate)))
	pb.RegisterTestServiceServer(server, grpcOrigin{})
	go func() { _ = server.Serve(listener) }() // ends with Stop
	b.Cleanup(server.Stop)
}

// grpcWay sends unary calls over one connection, as a gRPC client does.
type grpcWay struct {
	client   pb.TestServiceClient
	metadata []string // of each call
}

// grpcDirect is the way of a client that speaks TLS itself.
func grpcDirect(b *testing.B, p *harness.RunningPod, s harness.Service) *grpcWay {
	b.Helper()
	trusted := x509.NewCertPool()
	require.True(b, trusted.AppendCertsFromPEM([]byte(p.ConfigMaps[sidecar.ConfigMapName][sidecar.CAKey])))
	conn, err := grpc.NewClient("passthrough:///"+s.Host,
		grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12})),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return p.Dial(ctx, s.Address+":443") }))
	require.NoError(b, err)
	b.Cleanup(func() { _ = conn.Close() })
	return &grpcWay{pb.NewTestServiceClient(conn), []string{directKey, "yes"}}
}

// grpcThrough is the way of a client whose proxy speaks TLS and signs.
func grpcThrough(b *testing.B, p *harness.RunningPod, s harness.Service) *grpcWay {
	b.Helper()
	conn, err := p.GRPC(s)
	require.NoError(b, err)
	b.Cleanup(func() { _ = conn.Close() })
	return &grpcWay{client: pb.NewTestServiceClient(conn)}
}

func (w *grpcWay) ready(ctx context.Context) error {
	_, err := w.client.UnaryCall(metadata.AppendToOutgoingContext(ctx, w.metadata...), &pb.SimpleRequest{})
	return err
}

// asFastAsItGoes keeps 16 calls going.
func (w *grpcWay) asFastAsItGoes(ctx context.Context, b *testing.B) load {
	b.Helper()
	return w.calls(ctx, b, 16, 0)
}

// atFixedRate has ten callers, each of which waits between calls as wrk does.
func (w *grpcWay) atFixedRate(ctx context.Context, b *testing.B) load {
	b.Helper()
	return w.calls(ctx, b, 10, longestPause)
}

// calls lets callers call, and wait up to pause in between.
func (w *grpcWay) calls(ctx context.Context, b *testing.B, callers int, pause time.Duration) load {
	b.Helper()
	ctx = metadata.AppendToOutgoingContext(ctx, w.metadata...)
	took := make([][]time.Duration, callers)
	group, begun := errgroup.Group{}, time.Now()
	for i := range callers {
		group.Go(func() error {
			for time.Since(begun) < duration {
				sent := time.Now()
				if _, err := w.client.UnaryCall(ctx, &pb.SimpleRequest{}); err != nil {
					return fmt.Errorf("calling: %w", err)
				}
				took[i] = append(took[i], time.Since(sent))
				if pause > 0 {
					time.Sleep(rand.N(pause)) //nolint:gosec // a load, no secret
				}
			}
			return nil
		})
	}
	require.NoError(b, group.Wait())
	elapsed, all := time.Since(begun), slices.Concat(took...)
	slices.Sort(all)
	return load{
		requests: len(all), perSecond: float64(len(all)) / elapsed.Seconds(),
		p50: all[len(all)/2], p99: all[len(all)*99/100],
	}
}
