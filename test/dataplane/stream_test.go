//go:build linux

package dataplane

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"eks-lattice/internal/sidecar"
	"eks-lattice/test/dataplane/harness"
)

// stream is a request whose body is written while its answer is read.
type stream struct {
	feed io.WriteCloser
	out  io.Reader
}

func openStream(ctx context.Context, t *testing.T, p *harness.RunningPod, s harness.Service, http2 bool, path string) *stream {
	t.Helper()
	body, feed := io.Pipe()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.Host+path, body)
	require.NoError(t, err)
	resp, err := p.Client(s, http2).Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	require.Equal(t, http.StatusOK, resp.StatusCode)
	return &stream{feed: feed, out: resp.Body}
}

// say sends a piece and waits for it to come back.
func (s *stream) say(t *testing.T, piece string) {
	t.Helper()
	_, err := io.WriteString(s.feed, piece)
	require.NoError(t, err)
	back := make([]byte, len(piece))
	_, err = io.ReadFull(s.out, back)
	require.NoError(t, err)
	require.Equal(t, piece, string(back))
}

// end ends the request, and waits for the end of the answer.
func (s *stream) end(t *testing.T) {
	t.Helper()
	require.NoError(t, s.feed.Close())
	rest, err := io.ReadAll(s.out)
	require.NoError(t, err)
	require.Empty(t, rest)
}

// The server answers each piece before the client sends the next one, so no hop
// buffers either direction.
func TestStreamingBothWays(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("HTTP/2 %v", http2), func(t *testing.T) {
			path := fmt.Sprintf("/stream/%v", http2)
			stream := openStream(b.ctx, t, caller, s, http2, path)
			for i := range 20 {
				stream.say(t, fmt.Sprintf("piece %02d\n", i))
			}
			stream.end(t)
			assert.NoError(t, b.seen(t, path).Signature)
		})
	}
}

// The kubelet ends the application first. Requests until then succeed.
func TestPodStopsWithARequestInFlight(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	stream := openStream(b.ctx, t, caller, s, false, "/stream/drain")
	stream.say(t, "before\n")
	proxy := caller.Sidecar(sidecar.ProxyContainerName)
	require.NoError(t, caller.Stop(b.ctx, func() error {
		stream.say(t, "the pod is stopping\n")
		stream.end(t)
		return nil
	}))
	code, err := proxy.Wait(b.ctx)
	require.NoError(t, err)
	assert.Zero(t, code, "the proxy exits within the pod's grace period")
}
