package preflight

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/config"
	static "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/middleware"

	"eks-lattice/cmd/latticectl/internal/rehearsal"
	"eks-lattice/cmd/latticectl/internal/toolkit"
)

const root = "../../../.." // the project's folder

// TestMain gives the machine the tools that rehearsals do not need.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "preflight-")
	if err != nil {
		panic(err)
	}
	for name, prints := range map[string]string{"aws": "aws-cli/2.27.0 Python/3.13.2", "kubectl": "Client Version: v1.35.0"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho "+prints+"\n"), 0o755); err != nil {
			panic(err)
		}
	}
	_ = os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// needs are those of the walk-through's stacks, and production those of the example,
// each by one rehearsal for all tests.
var (
	needs      = sync.OnceValues(func() (*rehearsal.Needs, error) { return asked("") })
	production = sync.OnceValues(func() (*rehearsal.Needs, error) { return asked(filepath.Join(root, "examples", "production")) })
)

func asked(overlay string) (*rehearsal.Needs, error) {
	kit, err := toolkit.Open(root)
	if err != nil {
		return nil, err
	}
	progress := rehearsal.NewProgress(&bytes.Buffer{}, false)
	return rehearsal.Ask(context.Background(), rehearsal.Options{Kit: kit, Overlay: overlay, Progress: progress})
}

// lifetime are credentials that expire.
type lifetime time.Duration

func (l lifetime) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{
		AccessKeyID: "AKID", SecretAccessKey: "very-secret", SessionToken: "a-token",
		Source: "SharedConfigCredentials: /home/me/.aws/credentials", CanExpire: true, Expires: time.Now().Add(time.Duration(l)),
	}, nil
}

// none are no credentials.
type none struct{}

func (none) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{}, errors.New("the SSO session has expired or is invalid")
}

// without is a network in which the host of a service does not exist.
func without(service string) func(*middleware.Stack) error {
	missing := middleware.FinalizeMiddlewareFunc("missing", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if awsmiddleware.GetServiceID(ctx) == service {
			dns := &net.DNSError{Err: "no such host", Name: service, IsNotFound: true}
			return middleware.FinalizeOutput{}, middleware.Metadata{}, &net.OpError{Op: "dial", Net: "tcp", Err: dns}
		}
		return next.HandleFinalize(ctx, in)
	})
	return func(stack *middleware.Stack) error { return stack.Finalize.Add(missing, middleware.After) }
}

// world is an account and how it is reached.
type world struct {
	*standIn
	provider aws.CredentialsProvider
	network  []func(*middleware.Stack) error
	ask      func(context.Context, *toolkit.Kit) (*rehearsal.Needs, error)
}

func (w *world) run(t *testing.T) *Report {
	t.Helper()
	if testing.Short() {
		t.Skip("a preflight begins with a rehearsal, which takes seconds; run without -short")
	}
	server := w.serve(t)
	load := []func(*config.LoadOptions) error{
		config.WithBaseEndpoint(server.URL), config.WithRegion("ap-northeast-2"), config.WithCredentialsProvider(w.provider),
		config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil), config.WithAPIOptions(w.network),
	}
	found, err := Run(t.Context(), Options{Project: root, Progress: rehearsal.NewProgress(&bytes.Buffer{}, false), Ask: w.ask, Load: load})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func newWorld() *world {
	return &world{
		standIn:  &standIn{state: goodAccount(), errors: map[string]string{}, busy: map[string]int{}},
		provider: static.NewStaticCredentialsProvider("AKID", "very-secret", ""),
		ask:      func(context.Context, *toolkit.Kit) (*rehearsal.Needs, error) { return needs() },
	}
}

// text is the report as people read it.
func (r *Report) text() string {
	var out bytes.Buffer
	WriteTable(&out, r)
	return out.String()
}

func TestGoodAccount(t *testing.T) {
	t.Parallel()
	w := newWorld()
	found := w.run(t)
	for _, c := range found.Checks {
		if c.Status != OK {
			t.Errorf("%+v", c)
		}
	}
	if !found.OK || found.Account != accountID || found.Region != "ap-northeast-2" || found.Modelled.UpSeconds == 0 ||
		len(found.Cost.Lines) == 0 {
		t.Errorf("the report is %+v", found)
	}
	for action := range w.called {
		_, verb, _ := strings.Cut(action, ":")
		if !regexp.MustCompile("^(Describe|Get|List|Simulate)").MatchString(verb) {
			t.Errorf("a preflight calls %s", action)
		}
	}
	if text := found.text(); strings.Contains(text, "very-secret") {
		t.Error("the report shows a secret")
	}
}

// An interruption ends a preflight at once, although AWS does not answer.
func TestInterruption(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	arrived := make(chan struct{}, 1)
	quit := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-quit
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(quit) })
	ended := make(chan error, 1)
	go func() {
		_, err := Run(ctx, Options{
			Project: root, Progress: rehearsal.NewProgress(&bytes.Buffer{}, false),
			Ask: func(ctx context.Context, _ *toolkit.Kit) (*rehearsal.Needs, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			},
			Load: []func(*config.LoadOptions) error{
				config.WithBaseEndpoint(server.URL), config.WithRegion("us-east-1"),
				config.WithCredentialsProvider(static.NewStaticCredentialsProvider("AKID", "very-secret", "")),
			},
		})
		ended <- err
	}()
	<-arrived
	interrupt()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the preflight ends with %v", err)
	}
}

// The instance types that a quota is for.
func TestStandard(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"m5.large": true, "t4g.medium": true, "im4gn.large": true, "c7i-flex.large": true, "r6gd.metal": true,
		"g5.xlarge": false, "p4d.24xlarge": false, "inf2.xlarge": false, "u-6tb1.metal": false, "x2gd.large": false,
		"hpc7a.12xlarge": false, "mac1.metal": false,
	} {
		if standard(name) != want {
			t.Errorf("%s: %v, want %v", name, !want, want)
		}
	}
}

// docs/operations.md lists the actions of all calls, and no others.
func TestActionsInDocs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "These are the permissions of all checks:")
	section, _, _ = strings.Cut(section, "\n\n`latticectl preflight` exits")
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") {
			sources.Write(text)
		}
	}
	documented, called := actions(section, "`"), actions(sources.String(), `"`)
	if len(called) == 0 || !slices.Equal(documented, called) {
		t.Errorf("the page lists\n%q\na preflight calls\n%q", documented, called)
	}
}

// actions are those that a text quotes, each once.
func actions(text, quote string) (found []string) {
	for _, m := range regexp.MustCompile(quote+`([a-z0-9-]+:[A-Z]\w+)`+quote).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	slices.Sort(found)
	return slices.Compact(found)
}
