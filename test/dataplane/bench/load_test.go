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
	heyLatency  = regexp.MustCompile(`(50|99)%+ in ([0-9.]+) secs`)
	heyStatus   = regexp.MustCompile(`\[(\d+)\]\s+(\d+) responses`)
)

// wrk keeps 16 connections busy.
func (v *variant) wrk(ctx context.Context, b *testing.B) load {
	b.Helper()
	r, err := v.pod.Exec(ctx, nil, nil, "wrk", "-t", "1", "-c", "16", "-d", duration.String(), "--latency", v.url)
	require.NoError(b, err)
	require.Zero(b, r.Code, r.Stderr)
	require.NotRegexp(b, "Non-2xx|Socket errors", r.Stdout, v.name)
	l := load{perSecond: number(b, perSecond, r.Stdout)}
	l.requests = int(number(b, wrkRequests, r.Stdout))
	for _, m := range wrkLatency.FindAllStringSubmatch(r.Stdout, -1) {
		d, err := time.ParseDuration(m[2])
		require.NoError(b, err)
		l.set(m[1], d)
	}
	return l
}

// hey sends at a fixed rate over four connections.
func (v *variant) hey(ctx context.Context, b *testing.B) load {
	b.Helper()
	const connections = 4
	r, err := v.pod.Exec(ctx, nil, nil, "hey", "-c", strconv.Itoa(connections), "-q", strconv.Itoa(rate/connections), "-z", duration.String(), v.url)
	require.NoError(b, err)
	require.Zero(b, r.Code, r.Stderr)
	status := heyStatus.FindAllStringSubmatch(r.Stdout, -1)
	require.Len(b, status, 1, r.Stdout)
	require.Equal(b, "200", status[0][1])
	l := load{perSecond: number(b, perSecond, r.Stdout)}
	for _, m := range heyLatency.FindAllStringSubmatch(r.Stdout, -1) {
		seconds, err := strconv.ParseFloat(m[2], 64)
		require.NoError(b, err)
		l.set(m[1], time.Duration(seconds*float64(time.Second)))
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
	fmt.Fprintf(out, "\n| | requests/s | p50 | p99 | CPU per request | p50 at %d/s | p99 at %d/s | memory at rest | memory at most | log |\n", rate, rate)
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|---|---|")
	for _, v := range variants {
		proxy := []any{"-", "-", "-", "-"}
		if v.proxy != nil {
			proxy = []any{
				median(v.cpuPer).Round(time.Microsecond).String(), fmt.Sprintf("%.0f MiB", float64(v.rest.RSS)/1024),
				fmt.Sprintf("%.0f MiB", float64(v.peak)/1024), fmt.Sprintf("%.1f MiB", float64(v.logBytes)/(1<<20)),
			}
		}
		of := func(loads []load, f func(load) time.Duration) string {
			all := make([]time.Duration, len(loads))
			for i, l := range loads {
				all[i] = f(l)
			}
			return fmt.Sprintf("%.2f ms", float64(median(all))/float64(time.Millisecond))
		}
		p50, p99 := func(l load) time.Duration { return l.p50 }, func(l load) time.Duration { return l.p99 }
		rates := make([]float64, len(v.full))
		for i, l := range v.full {
			rates[i] = l.perSecond
		}
		fmt.Fprintf(out, "| %s | %.0f | %s | %s | %s | %s | %s | %s | %s | %s |\n", v.name, median(rates),
			of(v.full, p50), of(v.full, p99), proxy[0], of(v.steady, p50), of(v.steady, p99), proxy[1], proxy[2], proxy[3])
	}
	fmt.Fprintln(out)
}

func median[T int | float64 | time.Duration](values []T) T {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}
