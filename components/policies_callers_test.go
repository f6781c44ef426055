package components

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// request is what VPC Lattice knows of a request, by the keys of conditions.
type request map[string]string

func newRequest(cluster, namespace, account, method, path string) request {
	return request{
		"aws:PrincipalTag/eks-cluster-name":           cluster,
		"aws:PrincipalTag/eks-cluster-arn":            testAccount.clusterARN(cluster),
		"aws:PrincipalTag/kubernetes-namespace":       namespace,
		"aws:PrincipalTag/kubernetes-service-account": account,
		"vpc-lattice-svcs:RequestMethod":              method,
		"vpc-lattice-svcs:RequestPath":                path,
	}
}

// admitted evaluates a document as IAM does, as far as callersPolicy goes.
func (r request) admitted(d PolicyDocument) bool {
	return slices.ContainsFunc(d.Statement, func(s PolicyStatement) bool {
		for operator, keys := range s.Condition {
			for key, values := range keys {
				if !slices.ContainsFunc(values, func(v string) bool {
					prefix, wild := strings.CutSuffix(v, "*")
					return v == r[key] || operator == "StringLike" && wild && strings.HasPrefix(r[key], prefix)
				}) {
					return false
				}
			}
		}
		return true
	})
}

func TestCallersPolicyMerges(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		callers []Caller
		want    []callerGroup
	}{
		"service accounts": {
			[]Caller{{Cluster: "a", Namespace: "x", ServiceAccount: "p"}, {Cluster: "a", Namespace: "x", ServiceAccount: "q"}},
			[]callerGroup{{clusters: Values{"a"}, namespaces: Values{"x"}, serviceAccounts: Values{"p", "q"}}},
		},
		"namespaces": {
			[]Caller{{Cluster: "a", Namespace: "x"}, {Cluster: "a", Namespace: "y"}},
			[]callerGroup{{clusters: Values{"a"}, namespaces: Values{"x", "y"}}},
		},
		"clusters, then all of it": {
			[]Caller{{Cluster: "a", Namespace: "x"}, {Cluster: "a", Namespace: "y"}, {Cluster: "b", Namespace: "x"}, {Cluster: "b", Namespace: "y"}},
			[]callerGroup{{clusters: Values{"a", "b"}, namespaces: Values{"x", "y"}}},
		},
		"a cross": {
			[]Caller{{Cluster: "a", Namespace: "x"}, {Cluster: "b", Namespace: "y"}},
			[]callerGroup{{clusters: Values{"a"}, namespaces: Values{"x"}}, {clusters: Values{"b"}, namespaces: Values{"y"}}},
		},
		"any service account and one": {
			[]Caller{{Cluster: "a", Namespace: "x"}, {Cluster: "a", Namespace: "x", ServiceAccount: "p"}},
			[]callerGroup{
				{clusters: Values{"a"}, namespaces: Values{"x"}},
				{clusters: Values{"a"}, namespaces: Values{"x"}, serviceAccounts: Values{"p"}},
			},
		},
		"roles": {
			[]Caller{{Role: "r"}, {Role: "q"}, {Cluster: "a", Namespace: "x"}, {Role: "r", Methods: []string{"GET"}}},
			[]callerGroup{{roles: Values{"r", "q"}}, {clusters: Values{"a"}, namespaces: Values{"x"}}, {roles: Values{"r"}, methods: Values{"GET"}}},
		},
		"other methods": {
			[]Caller{{Cluster: "a", Namespace: "x", Methods: []string{"GET"}}, {Cluster: "a", Namespace: "y", Methods: []string{"POST"}}},
			[]callerGroup{
				{clusters: Values{"a"}, namespaces: Values{"x"}, methods: Values{"GET"}},
				{clusters: Values{"a"}, namespaces: Values{"y"}, methods: Values{"POST"}},
			},
		},
	} {
		got := mergeCallers(tt.callers)
		if !slices.EqualFunc(got, tt.want, callerGroup.equals) {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}

// A policy of merged callers admits what the policies of each caller admit, and
// nothing else.
func TestMergedCallersAreTheSame(t *testing.T) {
	t.Parallel()
	clusters, namespaces, accounts := []string{"a", "b"}, []string{"x", "y"}, []string{"p", "q"}
	methods, paths, roles := []string{"GET", "POST"}, []string{"/v1/orders", "/v2"}, []string{"r", "q"}
	random := rand.New(rand.NewPCG(1, 2))
	one := func(of []string) string { return of[random.IntN(len(of))] }
	some := func(of []string) []string { return of[:random.IntN(len(of)+1)] }
	for range 300 {
		var callers []Caller
		for range 1 + random.IntN(6) {
			if random.IntN(3) == 0 {
				callers = append(callers, Caller{Role: one(roles), Methods: some(methods), Paths: some([]string{"/v1/*", "/v2"})})
				continue
			}
			callers = append(callers, Caller{
				Cluster: one(clusters), Namespace: one(namespaces), ServiceAccount: one(append([]string{""}, accounts...)),
				Methods: some(methods), Paths: some([]string{"/v1/*", "/v2"}),
			})
		}
		merged := callersPolicy(testAccount, callers)
		for _, r := range requests(clusters, namespaces, accounts, roles, methods, paths) {
			want := slices.ContainsFunc(callers, func(c Caller) bool { return r.admitted(callersPolicy(testAccount, []Caller{c})) })
			if got := r.admitted(merged); got != want {
				t.Fatalf("%v of callers %+v: admitted %v, want %v, by %s", r, callers, got, want, merged.JSON())
			}
		}
	}
}

func requests(clusters, namespaces, accounts, roles, methods, paths []string) (all []request) {
	for _, r := range roles {
		for _, m := range methods {
			for _, p := range paths {
				all = append(all, request{"aws:PrincipalArn": r, "vpc-lattice-svcs:RequestMethod": m, "vpc-lattice-svcs:RequestPath": p})
			}
		}
	}
	for _, c := range clusters {
		for _, n := range namespaces {
			for _, a := range accounts {
				for _, m := range methods {
					for _, p := range paths {
						all = append(all, newRequest(c, n, a, m, p))
					}
				}
			}
		}
	}
	return all
}

// Callers that differ in one value cost a name each, not a statement.
func TestManyCallersFit(t *testing.T) {
	t.Parallel()
	args := SecureAppArgs{Name: "orders", Namespace: NamespaceRef{Name: "shop"}}
	for i := range 120 {
		args.Allow = append(args.Allow, Caller{Cluster: "eks-cluster2", Namespace: fmt.Sprintf("team-%03d", i)})
	}
	if err := args.Check(); err != nil {
		t.Error(err)
	}
}
