package aws_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/aws/eks"
	"eks-lattice/internal/twin/aws/route53"
	"eks-lattice/internal/twin/aws/vpclattice"
)

type (
	program = awstest.Program
	account = cloud.Account
)

// A difference in a property that the program set shows after a refresh; an update
// takes it back.
func TestDrift(t *testing.T) {
	t.Parallel()
	for _, c := range drifts {
		t.Run(c.name+": "+c.what, func(t *testing.T) {
			t.Parallel()
			p := awstest.New(t)
			deploy(p)
			if in, _, diff := p.Refresh(c.name); len(diff.Keys) > 0 || !reflect.DeepEqual(in, p.Created[c.name].Inputs) {
				t.Fatalf("before it, a refresh finds %v", diff.Keys)
			}
			c.drift(p, p.Account.Account)
			in, out, diff := p.Refresh(c.name)
			if got := strings.Join(diff.Keys, ","); got != c.keys {
				t.Fatalf("a refresh finds a difference in %q, want %q", got, c.keys)
			}
			if c.keys == "" {
				return
			}
			if want := in[c.keys]; want != nil && !holds(out[c.keys], want) {
				t.Errorf("the outputs have %v for %v", out[c.keys], want)
			}
			if c.keeps {
				return
			}
			if err := p.Repair(c.name); err != nil {
				t.Fatalf("an update does not take it back: %v", err)
			}
			if in, _, diff := p.Refresh(c.name); len(diff.Keys) > 0 {
				t.Errorf("after an update a refresh still finds %v: %v", diff.Keys, in)
			}
		})
	}
}

// holds reports whether outputs have what a program set: objects may have more, and
// lists may be in another order.
func holds(out, want any) bool {
	if list, isList := want.([]any); isList {
		o, _ := out.([]any)
		return len(o) == len(list) && !slices.ContainsFunc(list, func(w any) bool {
			return !slices.ContainsFunc(o, func(x any) bool { return holds(x, w) })
		})
	}
	w, isObject := want.(map[string]any)
	if !isObject {
		return reflect.DeepEqual(out, want)
	}
	o, _ := out.(map[string]any)
	for key, v := range w {
		if !strings.HasPrefix(key, "__") && !holds(o[key], v) {
			return false
		}
	}
	return true
}

// What is gone is gone for a refresh too.
func TestDriftToNothing(t *testing.T) {
	t.Parallel()
	for name, vanish := range map[string]func(*program, *account){
		"network-policy": func(p *program, a *account) { vpclattice.Networks.Get(a, p.ID("network")).Policy = "" },
		"ingress":        func(p *program, a *account) { ec2.Groups.Get(a, p.ID("group")).Rules = nil },
		"private-out":    func(p *program, a *account) { ec2.RouteTables.Get(a, p.ID("private")).Routes = nil },
		"private-table-a": func(p *program, a *account) {
			s := ec2.Subnets.Get(a, p.ID("private-a"))
			s.TableID, s.TableBy = p.ID("public"), ""
		},
		"access": func(p *program, a *account) { eks.Entries.Get(a, p.ID("entry")).Policies = nil },
		"record": func(p *program, a *account) { route53.Zones.Get(a, p.ID("zone")).Records = nil },
	} {
		p := awstest.New(t)
		deploy(p)
		vanish(p, p.Account.Account)
		if _, out, _ := p.Refresh(name); out != nil {
			t.Errorf("a refresh still finds %s: %v", name, out)
		}
	}
}
