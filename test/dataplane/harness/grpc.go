//go:build linux

package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"
	grpcmd "google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	// grpcAddress is where a demo pod has a gRPC server, beside its application.
	grpcAddress = "127.0.0.1:18091"
	// grpcMethods is the path of its methods.
	grpcMethods = "/grpc.testing.TestService/"
)

// Keys of metadata that the gRPC server returns: those of the first two in header
// and trailer as they came, that of the third the time until the call's deadline.
// https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md#custom_metadata
const (
	HeaderKey   = "x-grpc-test-echo-initial"
	TrailerKey  = "x-grpc-test-echo-trailing-bin"
	DeadlineKey = "x-test-deadline"
)

// grpcServer implements the service of gRPC's interoperability tests.
// https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md
type grpcServer struct {
	pb.UnimplementedTestServiceServer
	ended chan error // why the contexts of the calls that wait ended
}

// serve serves on a listener until the returned server stops.
func (s *grpcServer) serve(l net.Listener) *grpc.Server {
	server := grpc.NewServer()
	pb.RegisterTestServiceServer(server, s)
	go func() { _ = server.Serve(l) }() // ends with Stop
	return server
}

// UnaryCall returns as many bytes, or the status, that the request asks for.
func (s *grpcServer) UnaryCall(ctx context.Context, r *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	header, trailer := echoed(ctx)
	if err := errors.Join(grpc.SetHeader(ctx, header), grpc.SetTrailer(ctx, trailer)); err != nil {
		return nil, err
	}
	if want := r.GetResponseStatus(); want.GetCode() != 0 {
		return nil, status.Error(codes.Code(want.GetCode()), want.GetMessage()) //nolint:gosec // a code of the test's
	}
	return &pb.SimpleResponse{Payload: &pb.Payload{Body: make([]byte, r.GetResponseSize())}}, nil
}

// StreamingOutputCall sends a response for each size that the request asks for,
// or waits for the call's end if it asks for none.
func (s *grpcServer) StreamingOutputCall(
	r *pb.StreamingOutputCallRequest, stream grpc.ServerStreamingServer[pb.StreamingOutputCallResponse],
) error {
	if len(r.GetResponseParameters()) == 0 {
		header := grpcmd.MD{}
		if deadline, ok := stream.Context().Deadline(); ok {
			header.Set(DeadlineKey, time.Until(deadline).String())
		}
		if err := stream.SendHeader(header); err != nil {
			return err
		}
		<-stream.Context().Done()
		s.ended <- stream.Context().Err()
		return stream.Context().Err()
	}
	return answer(r, stream)
}

// StreamingInputCall returns the size of all requests together.
func (s *grpcServer) StreamingInputCall(
	stream grpc.ClientStreamingServer[pb.StreamingInputCallRequest, pb.StreamingInputCallResponse],
) error {
	var size int32
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&pb.StreamingInputCallResponse{AggregatedPayloadSize: size})
		}
		if err != nil {
			return err
		}
		size += int32(len(r.GetPayload().GetBody())) //nolint:gosec // a few KiB
	}
}

// FullDuplexCall answers each request at once.
func (s *grpcServer) FullDuplexCall(
	stream grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse],
) error {
	header, trailer := echoed(stream.Context())
	if err := stream.SetHeader(header); err != nil {
		return err
	}
	stream.SetTrailer(trailer)
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = answer(r, stream)
		}
		if err != nil {
			return err
		}
	}
}

func answer(r *pb.StreamingOutputCallRequest, stream interface {
	Send(*pb.StreamingOutputCallResponse) error
}) error {
	for _, p := range r.GetResponseParameters() {
		body := make([]byte, p.GetSize())
		if err := stream.Send(&pb.StreamingOutputCallResponse{Payload: &pb.Payload{Body: body}}); err != nil {
			return err
		}
	}
	return nil
}

// echoed returns the request's metadata that the answer repeats.
func echoed(ctx context.Context) (header, trailer grpcmd.MD) {
	header, trailer = grpcmd.MD{}, grpcmd.MD{}
	in, _ := grpcmd.FromIncomingContext(ctx)
	if v := in.Get(HeaderKey); len(v) > 0 {
		header.Set(HeaderKey, v...)
	}
	if v := in.Get(TrailerKey); len(v) > 0 {
		trailer.Set(TrailerKey, v...)
	}
	return header, trailer
}

// GRPC returns a gRPC client in the pod's network for a service, without TLS as
// for all that the proxy redirects.
func (r *RunningPod) GRPC(s Service) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///"+s.Host+":80", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return r.ns.DialContext(ctx, "tcp", s.Address+":80")
		}))
}

// CallEnded waits for the end of a call to StreamingOutputCall that asked for
// nothing, and returns why its context ended.
func (r *RunningPod) CallEnded(ctx context.Context) error {
	select {
	case err := <-r.app.calls.ended:
		return err
	case <-ctx.Done():
		return fmt.Errorf("the call did not end: %w", ctx.Err())
	}
}
