package main

import (
	"context"
	"debug/elf"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestAnswers(t *testing.T) {
	t.Parallel()
	handler := newHandler("demo-cluster2-v1-69cdbfd45b-mpkjt", "Hello from demo-cluster2-v1")
	const greeting = "Requsting to Pod(demo-cluster2-v1-69cdbfd45b-mpkjt): Hello from demo-cluster2-v1\n"
	for _, c := range []struct {
		method, path string
		header       http.Header
		want         string
	}{
		{method: "GET", path: "/", want: greeting},
		{method: "GET", path: "/?a=b", want: greeting},
		{method: "GET", path: "/any/path", want: greeting},
		{method: "POST", path: "/", want: greeting},
		{method: "GET", path: "/hello", want: "hello\n"},
		{method: "GET", path: "/headers", want: ""},
		{method: "GET", path: "/headers", header: http.Header{"X-B": {"2", "3"}, "X-A": {"1"}}, want: "X-A: 1\nX-B: 2\nX-B: 3\n"},
		{
			method: "GET", path: "/headers",
			header: http.Header{"Authorization": {"AWS4-HMAC-SHA256 …"}, "X-Amz-Security-Token": {"token"}, "X-Amz-Date": {"20260101T000000Z"}},
			want:   "X-Amz-Date: 20260101T000000Z\n",
		},
	} {
		request := httptest.NewRequest(c.method, "http://demo-cluster2.example.com"+c.path, nil)
		request.Header = c.header
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if answer.Code != http.StatusOK || answer.Body.String() != c.want {
			t.Errorf("%s %s: %d %q, want %q", c.method, c.path, answer.Code, answer.Body, c.want)
		}
	}
}

// A request that is under way is answered to its end after the server was told
// to stop, and then the program ends well.
func TestStops(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	working := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(working)
			<-ctx.Done()
			writeln(w, "done")
		}))
	}()
	go func() { <-working; stop() }()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil || string(body) != "done\n" {
		t.Errorf("the last answer is %q: %v", body, err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the server ends with %v", err)
	}
}

func TestPortIsTaken(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := serve(t.Context(), listener, newHandler("", "")); err == nil {
		t.Error("a server without its port goes on")
	}
}

// The image is built for both kinds of nodes from one source, and what runs in
// it needs no library.
func TestCompilesForBothArchitectures(t *testing.T) {
	t.Parallel()
	for arch, machine := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		t.Run(arch, func(t *testing.T) {
			t.Parallel()
			binary := filepath.Join(t.TempDir(), "demo-app")
			build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, ".")
			build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			file, err := elf.Open(binary)
			if err != nil {
				t.Fatal(err)
			}
			if file.Machine != machine {
				t.Errorf("a binary for %s", file.Machine)
			}
			for _, p := range file.Progs {
				if p.Type == elf.PT_INTERP {
					t.Error("it is linked dynamically")
				}
			}
			if err := file.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// What the Dockerfile repeats is what the source says.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	dockerfile := read("Dockerfile")
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read("go.mod"))[1]
	for _, want := range []string{
		"/golang:" + version + "-",
		"EXPOSE " + strings.TrimPrefix(address, ":") + "\n",
		"GOOS=$TARGETOS GOARCH=$TARGETARCH go build",
	} {
		if !strings.Contains(dockerfile, want) {
			t.Errorf("the Dockerfile has no %q", want)
		}
	}
}
