//go:build linux

package bench

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"eks-lattice/test/dataplane/harness"
)

// load is what one run of a load generator has found.
type load struct {
	requests  int
	perSecond float64
	p50, p99  time.Duration
}

var (
	wrkLatency  = regexp.MustCompile(`(50|99)%\s+([0-9.]+(?:us|ms|s))`)
	wrkRequests = regexp.MustCompile(`(\d+) requests in`)
	perSecond   = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
)

// longestPause limits the pauses of a steady load: 9 ms on average, and never the same
// for all connections. Ten requests at once would measure how long the tenth waits for
// the others.
const longestPause = 18 * time.Millisecond

// wrk is the way of HTTP requests to a URL.
type wrk struct {
	pod *harness.RunningPod
	url string
}

func (w wrk) ready(ctx context.Context) error {
	r, err := w.pod.Exec(ctx, nil, nil, "curl", "-sS", "-k", "-o", "/dev/null", "-w", "%{http_code}", w.url)
	if err == nil && r.Stdout != "200" {
		err = fmt.Errorf("%s: status %s %s", w.url, r.Stdout, r.Stderr)
	}
	return err
}

// asFastAsItGoes keeps 16 connections busy.
func (w wrk) asFastAsItGoes(ctx context.Context, b *testing.B) load {
	b.Helper()
	return w.run(ctx, b, "-c", "16", w.url)
}

// atFixedRate sends over ten connections, each of which waits between requests,
// so that it measures the path and not a queue.
func (w wrk) atFixedRate(ctx context.Context, b *testing.B) load {
	b.Helper()
	return w.run(ctx, b, "-c", "10", "-s", "/etc/app/rate.lua", w.url)
}

func (w wrk) run(ctx context.Context, b *testing.B, args ...string) load {
	b.Helper()
	argv := append([]string{"wrk", "-t", "1", "-d", duration.String(), "--latency"}, args...)
	r, err := w.pod.Exec(ctx, nil, nil, argv...)
	require.NoError(b, err)
	require.Zero(b, r.Code, r.Stderr)
	require.NotRegexp(b, "Non-2xx|Socket errors", r.Stdout, w.url)
	l := load{perSecond: number(b, perSecond, r.Stdout), requests: int(number(b, wrkRequests, r.Stdout))}
	for _, m := range wrkLatency.FindAllStringSubmatch(r.Stdout, -1) {
		d, err := time.ParseDuration(m[2])
		require.NoError(b, err)
		l.set(m[1], d)
	}
	return l
}

func (l *load) set(percentile string, d time.Duration) {
	if percentile == "50" {
		l.p50 = d
	} else {
		l.p99 = d
	}
}

func number(b *testing.B, r *regexp.Regexp, text string) float64 {
	b.Helper()
	m := r.FindStringSubmatch(text)
	require.NotNil(b, m, text)
	n, err := strconv.ParseFloat(m[1], 64)
	require.NoError(b, err)
	return n
}

// print writes the table of docs/dataplane.md.
func print(variants []*variant) {
	out := os.Stdout
	fmt.Fprintln(out, "\n| | requests/s | p50 | p99 | CPU per request "+
		"| steady requests/s | p50 | p99 | added to p99 | memory at rest | maximum | log |")
	fmt.Fprintln(out, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	rate := func(l load) float64 { return l.perSecond }
	p50, p99 := func(l load) time.Duration { return l.p50 }, func(l load) time.Duration { return l.p99 }
	for _, v := range variants {
		cpu, added, rest, maximum, log := "-", "-", "-", "-", "-"
		if v.proxy != nil {
			cpu = fmt.Sprintf("%d µs", median(v.cpuPer).Microseconds())
			added = spread(v.added())
			rest, maximum = fmt.Sprintf("%.0f MiB", float64(v.rest.RSS)/1024), fmt.Sprintf("%.0f MiB", float64(v.peak)/1024)
			log = fmt.Sprintf("%.1f MiB", float64(v.logBytes)/(1<<20))
		}
		fmt.Fprintf(out, "| %s | %.0f | %s | %s | %s | %.0f | %s | %s | %s | %s | %s | %s |\n", v.name, middle(v.full, rate),
			milliseconds(middle(v.full, p50)), milliseconds(middle(v.full, p99)), cpu, middle(v.steady, rate),
			milliseconds(middle(v.steady, p50)), milliseconds(middle(v.steady, p99)), added, rest, maximum, log)
	}
	fmt.Fprintln(out)
}

// added is what the proxy adds to the 99th percentile, round by round: the machine's
// load varies more between rounds than within one.
func (v *variant) added() []time.Duration {
	all := make([]time.Duration, len(v.steady))
	for i, l := range v.steady {
		all[i] = l.p99 - v.base.steady[i].p99
	}
	return all
}

// spread is the median with the extremes.
func spread(all []time.Duration) string {
	return fmt.Sprintf("%s (%s to %s)", milliseconds(median(all)), milliseconds(slices.Min(all)), milliseconds(slices.Max(all)))
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

func middle[T float64 | time.Duration](loads []load, f func(load) T) T {
	all := make([]T, len(loads))
	for i, l := range loads {
		all[i] = f(l)
	}
	return median(all)
}

func median[T float64 | time.Duration](values []T) T {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}
