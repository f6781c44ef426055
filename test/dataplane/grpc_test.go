//go:build linux

package dataplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"eks-lattice/test/dataplane/harness"
)

// grpcClient returns a client of a service's gRPC server in a pod.
func grpcClient(t *testing.T, p *harness.RunningPod, s harness.Service) pb.TestServiceClient {
	t.Helper()
	conn, err := p.GRPC(s)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return pb.NewTestServiceClient(conn)
}

// ofSize asks for a response of each size.
func ofSize(sizes ...int32) (parameters []*pb.ResponseParameters) {
	for _, s := range sizes {
		parameters = append(parameters, &pb.ResponseParameters{Size: s})
	}
	return parameters
}

// What gRPC has beyond plain HTTP/2 passes through the proxy and VPC Lattice:
// messages in both directions, metadata, trailers and status.
func TestGRPC(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	client := grpcClient(t, caller, s)
	t.Run("unary, with metadata in header and trailer", func(t *testing.T) {
		ctx := metadata.AppendToOutgoingContext(b.ctx, harness.HeaderKey, "header", harness.TrailerKey, "\x00trailer")
		var header, trailer metadata.MD
		r, err := client.UnaryCall(ctx, &pb.SimpleRequest{ResponseSize: 1 << 20, Payload: &pb.Payload{Body: make([]byte, 1<<20)}},
			grpc.Header(&header), grpc.Trailer(&trailer))
		require.NoError(t, err)
		assert.Len(t, r.GetPayload().GetBody(), 1<<20)
		assert.Equal(t, []string{"header"}, header.Get(harness.HeaderKey))
		assert.Equal(t, []string{"\x00trailer"}, trailer.Get(harness.TrailerKey))
		seen := b.seen(t, pb.TestService_UnaryCall_FullMethodName)
		require.NoError(t, seen.Signature)
		assert.Equal(t, "HTTP/2.0", seen.Proto)
		assert.Equal(t, s.Host, seen.SNI)
	})
	t.Run("a status with a message", func(t *testing.T) {
		want := &pb.EchoStatus{
			Code: int32(codes.FailedPrecondition), Message: "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n",
		}
		_, err := client.UnaryCall(b.ctx, &pb.SimpleRequest{ResponseStatus: want})
		assert.Equal(t, codes.FailedPrecondition, status.Code(err))
		assert.Equal(t, want.GetMessage(), status.Convert(err).Message())
	})
	t.Run("a method that does not exist", func(t *testing.T) {
		_, err := client.UnimplementedCall(b.ctx, &pb.Empty{})
		assert.Equal(t, codes.Unimplemented, status.Code(err))
	})
	t.Run("streaming from the server", func(t *testing.T) {
		stream, err := client.StreamingOutputCall(b.ctx, &pb.StreamingOutputCallRequest{ResponseParameters: ofSize(31415, 9, 2653, 58979)})
		require.NoError(t, err)
		assert.Equal(t, []int{31415, 9, 2653, 58979}, received(t, stream))
	})
	t.Run("streaming to the server", func(t *testing.T) {
		stream, err := client.StreamingInputCall(b.ctx)
		require.NoError(t, err)
		for _, size := range []int{27182, 8, 1828, 45904} {
			require.NoError(t, stream.Send(&pb.StreamingInputCallRequest{Payload: &pb.Payload{Body: make([]byte, size)}}))
		}
		r, err := stream.CloseAndRecv()
		require.NoError(t, err)
		assert.Equal(t, int32(74922), r.GetAggregatedPayloadSize())
	})
	t.Run("streaming both ways, each answer before the next request", func(t *testing.T) {
		stream, err := client.FullDuplexCall(b.ctx)
		require.NoError(t, err)
		for _, size := range []int32{31415, 9, 2653, 58979} {
			require.NoError(t, stream.Send(&pb.StreamingOutputCallRequest{ResponseParameters: ofSize(size)}))
			r, err := stream.Recv()
			require.NoError(t, err)
			assert.Len(t, r.GetPayload().GetBody(), int(size))
		}
		require.NoError(t, stream.CloseSend())
		_, err = stream.Recv()
		assert.ErrorIs(t, err, io.EOF)
	})
}

// received returns the sizes of all responses.
func received(t *testing.T, stream grpc.ServerStreamingClient[pb.StreamingOutputCallResponse]) (sizes []int) {
	t.Helper()
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return sizes
		}
		require.NoError(t, err)
		sizes = append(sizes, len(r.GetPayload().GetBody()))
	}
}

// The client's deadline reaches the server, and so does a cancellation.
func TestGRPCDeadline(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	client := grpcClient(t, caller, s)
	t.Run("deadline", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(b.ctx, time.Second)
		defer cancel()
		stream, err := client.StreamingOutputCall(ctx, &pb.StreamingOutputCallRequest{})
		require.NoError(t, err)
		header, err := stream.Header()
		require.NoError(t, err)
		require.Len(t, header.Get(harness.DeadlineKey), 1)
		remaining, err := time.ParseDuration(header.Get(harness.DeadlineKey)[0])
		require.NoError(t, err)
		assert.InDelta(t, time.Second, remaining, float64(time.Second), "the server's deadline is the client's")
		_, err = stream.Recv()
		assert.Equal(t, codes.DeadlineExceeded, status.Code(err), err)
		require.Error(t, b.target(s).CallEnded(b.ctx))
	})
	t.Run("cancellation", func(t *testing.T) {
		ctx, cancel := context.WithCancel(b.ctx)
		stream, err := client.StreamingOutputCall(ctx, &pb.StreamingOutputCallRequest{})
		require.NoError(t, err)
		_, err = stream.Header() // the server has the call
		require.NoError(t, err)
		cancel()
		_, err = stream.Recv()
		assert.Equal(t, codes.Canceled, status.Code(err), err)
		require.ErrorIs(t, b.target(s).CallEnded(b.ctx), context.Canceled)
	})
}

// All streams are open at the same time on one connection of the application.
func TestGRPCHundredStreams(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	client := grpcClient(t, caller, s)
	streams := make([]grpc.BidiStreamingClient[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse], 100)
	for i := range streams {
		var err error
		streams[i], err = client.FullDuplexCall(b.ctx)
		require.NoError(t, err)
	}
	for range 3 {
		var calls errgroup.Group
		for i, stream := range streams {
			calls.Go(func() error {
				err := stream.Send(&pb.StreamingOutputCallRequest{ResponseParameters: ofSize(int32(i))}) //nolint:gosec // below 100
				if err != nil {
					return err
				}
				r, err := stream.Recv()
				if size := len(r.GetPayload().GetBody()); err == nil && size != i {
					err = fmt.Errorf("stream %d got %d bytes", i, size)
				}
				return err
			})
		}
		require.NoError(t, calls.Wait())
	}
	for _, stream := range streams {
		require.NoError(t, stream.CloseSend())
	}
	seen := b.Lattice.Seen(pb.TestService_FullDuplexCall_FullMethodName)
	require.Len(t, seen, len(streams))
	for _, s := range seen {
		require.NoError(t, s.Signature)
	}
}

// A client gets the status of a refusal, and the reason of a missing connection.
// VPC Lattice's text is in the body of an answer that is not gRPC's, which Go's
// client does not show.
func TestGRPCRefused(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	_, err := grpcClient(t, caller, b.demos[0]).EmptyCall(b.ctx, &pb.Empty{})
	assert.Equal(t, codes.PermissionDenied, status.Code(err), err)
	require.NoError(t, b.seen(t, pb.TestService_EmptyCall_FullMethodName).Signature)
	b.Lattice.SetCertificate(keyPair(t, newCA(t, "ca"), wildcard(s)))
	_, err = grpcClient(t, caller, s).EmptyCall(b.ctx, &pb.Empty{})
	assert.Equal(t, codes.Unavailable, status.Code(err), err)
	assert.ErrorContains(t, err, "envoy-sigv4: no connection to VPC Lattice for "+s.Host)
}
