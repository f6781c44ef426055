// Package preflight finds out whether a deployment of the stacks would work in the
// account of the ambient AWS credentials. It changes nothing there: all calls read.
package preflight

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
	"golang.org/x/sync/errgroup"

	"eks-lattice/cmd/latticectl/internal/rehearsal"
	"eks-lattice/cmd/latticectl/internal/report"
	"eks-lattice/cmd/latticectl/internal/toolkit"
	"eks-lattice/internal/cost"
)

const priceRegion = cost.Region

// Options of a preflight.
type Options struct {
	Project  string // the folder of Pulumi.yaml
	Progress *rehearsal.Progress
	// Ask finds out what the stacks need.
	Ask func(ctx context.Context, kit *toolkit.Kit) (*rehearsal.Needs, error)
	// Load changes how the AWS configuration is found. It may be empty.
	Load []func(*config.LoadOptions) error
}

// bound is how long one check may take, with its retries.
const bound = time.Minute

// atOnce is how many checks run side by side.
const atOnce = 8

// run is a preflight in progress.
type run struct {
	Options
	mu     sync.Mutex
	report *Report
}

// Run makes all checks. Its error is that of an interruption.
func Run(ctx context.Context, o Options) (*Report, error) {
	r := &run{Options: o, report: &Report{
		Checks: []Check{}, Beyond: beyond, Cost: report.Cost{Region: priceRegion, Lines: []cost.Line{}, Unknown: []string{}},
	}}
	var cfg aws.Config
	var who identity
	var needs *rehearsal.Needs
	var first sync.WaitGroup
	first.Go(func() { r.checkTools(ctx) })
	first.Go(func() { cfg, who = r.checkIdentity(ctx) })
	first.Go(func() { needs = r.ask(ctx) })
	first.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch {
	case needs == nil:
		r.add(Check{Group: everything, Name: "all", Status: NotChecked, Found: "needs a successful rehearsal, to know what the stacks need"})
	case who.account == "":
		r.add(Check{Group: everything, Name: "all", Status: NotChecked, Found: "needs credentials"})
		r.describe(needs)
	default:
		r.describe(needs)
		r.add(who.lasts(time.Now(), time.Duration(needs.Modelled.UpSeconds*float64(time.Second)).Round(time.Second)))
		r.examine(ctx, connect(cfg, newDemand(needs), who), needs)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.report.settle()
	return r.report, nil
}

func (r *run) add(checks ...Check) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Checks = append(r.report.Checks, checks...)
}

func (r *run) describe(needs *rehearsal.Needs) {
	r.report.Region, r.report.Cost = needs.Region, needs.Cost
	r.report.Modelled = Modelled{needs.Modelled.UpSeconds, needs.Modelled.DestroySeconds}
}

// step shows the progress of a part.
func (r *run) step(what string, part func() error) {
	track := r.Progress.Begin(what)
	track.End(part())
}

// checkTools looks at the machine, whose tools a rehearsal stands in for in part.
func (r *run) checkTools(ctx context.Context) {
	r.step("tools of this machine", func() (failed error) {
		for _, tool := range toolkit.Tools(ctx, r.Project) {
			c := Check{Group: machine, Name: tool.Name, Status: OK, Found: strings.TrimSpace(tool.Version + " at " + tool.Path)}
			if tool.Err != nil {
				found, remedy, _ := strings.Cut(tool.Err.Error(), ": ")
				c.Status, c.Found, c.Remedy, failed = Failed, found, remedy, tool.Err
			}
			r.add(c)
		}
		return failed
	})
}

func (r *run) checkIdentity(ctx context.Context) (cfg aws.Config, who identity) {
	r.step("credentials", func() error {
		ctx, cancel := context.WithTimeout(ctx, bound)
		defer cancel()
		// IAM allows few calls a second, so that a preflight is throttled now and then.
		options := append([]func(*config.LoadOptions) error{
			config.WithRetryMode(aws.RetryModeAdaptive), config.WithRetryMaxAttempts(8), config.WithLogger(logging.Nop{}),
		}, r.Load...)
		var err error
		if cfg, err = config.LoadDefaultConfig(ctx, options...); err == nil {
			who, err = identify(ctx, cfg)
		}
		r.report.Account, r.report.ARN = who.account, who.arn
		r.add(who.check(err))
		return err
	})
	return cfg, who
}

// ask rehearses the stacks.
func (r *run) ask(ctx context.Context) (needs *rehearsal.Needs) {
	c := Check{Group: stackFiles, Name: "rehearsal", Status: OK, Found: "the stacks come up on the twin and disappear"}
	kit, err := toolkit.Open(r.Project)
	if err == nil {
		needs, err = r.Ask(ctx, kit)
	}
	if err != nil {
		c.Status, c.Found = Failed, strings.Join(strings.Fields(err.Error()), " ")
		c.Remedy = "correct it until latticectl rehearse succeeds"
	}
	r.add(c)
	return needs
}

// examine makes the checks of the account, side by side.
func (r *run) examine(ctx context.Context, a *account, needs *rehearsal.Needs) {
	type part = func(context.Context) []Check
	parts := []part{a.checkEnabled, a.checkLattice, a.checkPrefixLists, a.checkZones, a.checkVersions, a.checkHostedZones}
	for _, q := range quotaTable {
		parts = append(parts, func(ctx context.Context) []Check { return q.check(ctx, a) })
	}
	for _, n := range a.names {
		parts = append(parts, func(ctx context.Context) []Check { return n.check(ctx, a) })
	}
	for _, role := range slices.Sorted(maps.Keys(needs.Calls)) {
		parts = append(parts, a.checkPermissions(needs, role))
	}
	track := r.Progress.Begin("account " + a.id + " in " + a.region)
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, check := range parts {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, bound)
			defer cancel()
			r.add(check(ctx)...)
			r.mu.Lock()
			defer r.mu.Unlock()
			track.Tick()
			return nil
		})
	}
	track.End(group.Wait())
}
