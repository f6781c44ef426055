package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"eks-lattice/internal/cost"
)

// full is a report with something in every section, and markup where text is
// expected.
func full() *Report {
	r := New()
	vpc := func(name string) string { return "urn:pulumi:" + name + "::eks-lattice::aws:ec2/vpc:Vpc::vpc" }
	for _, name := range []string{"cluster1", "cluster2"} {
		r.Topology.Clusters = append(r.Topology.Clusters, Cluster{
			Stack: name, Name: "eks-" + name, Version: "1.35", VPC: "vpc-" + name, CIDR: "10.0.0.0/16",
			Applications: []Application{{
				Name: "demo-" + name, Namespace: "apps", ServiceAccount: "default", URL: "http://demo-" + name + ".example.com",
			}},
		})
		r.Stacks = append(r.Stacks, Stack{Name: name, Created: 2, Destroyed: 2})
		r.Modelled.Up = append(r.Modelled.Up, Step{vpc(name), 0, 120})
	}
	r.Modelled.UpSeconds, r.Modelled.CriticalPath = 120, r.Modelled.Up[1:]
	call := func(from, to string, got Verdict) Row {
		return Row{Cluster: "eks-" + from, Namespace: "apps", ServiceAccount: "default", Application: "demo-" + from,
			URL: "http://demo-" + to + ".example.com", Expect: got, Got: got, Status: 200,
			DecidedBy: "service policy", Body: "<b>hi</b><script>alert(1)</script>"}
	}
	r.Matrix = []Row{
		call("cluster1", "cluster1", Deny), call("cluster1", "cluster2", Allow),
		call("cluster2", "cluster1", Allow), call("cluster2", "cluster2", Deny),
	}
	r.Matrix[1].Expect = Deny
	r.Laws = []Law{{
		ID: "vpc-has-dependencies", Group: "deletion", Sentence: "A VPC <i>stays</i>.", Source: "https://example.com/",
		Dependencies: 2, Refusals: 1,
	}}
	r.Cost.Lines = []cost.Line{{Part: "node m5.large", Count: 2, PerHour: 0.096, Source: "https://aws.amazon.com/"}}
	r.Cost.Unknown = []string{"node x9.huge"}
	r.UndeclaredDependencies = []string{"a was created after b only by chance"}
	r.UndeclaredGroups = []UndeclaredGroup{{Message: "a was created after b only by chance: let it depend on it"}}
	r.Warnings, r.Leftovers = []string{"a warning"}, []string{"ec2 vpc vpc-1"}
	r.Settle()
	return r
}

func render(t *testing.T, r *Report) *html.Node {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	page, err := html.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func all(page *html.Node, tags ...string) (found []*html.Node) {
	for n := range page.Descendants() {
		if n.Type == html.ElementNode && slices.Contains(tags, n.Data) {
			found = append(found, n)
		}
	}
	return found
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func words(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// Whatever the report holds, the page has all sections and is one that a screen
// reader and a keyboard can use.
func TestPageIsWhole(t *testing.T) {
	t.Parallel()
	stopped := New()
	stopped.Error = "no stack was deployed"
	stopped.Settle()
	for name, r := range map[string]*Report{"full": full(), "stopped": stopped} {
		page := render(t, r)
		ids := map[string]int{}
		for n := range page.Descendants() {
			if id := attr(n, "id"); id != "" {
				ids[id]++
			}
		}
		for id, n := range ids {
			if n > 1 {
				t.Errorf("%s: %d elements are called %s", name, n, id)
			}
		}
		for _, section := range []string{"failures", "topology", "timeline", "matrix", "stacks", "cost", "laws", "leftovers", "warnings"} {
			if ids[section] == 0 {
				t.Errorf("%s: the page has no section %s", name, section)
			}
		}
		level := 0
		for _, h := range all(page, "h1", "h2", "h3", "h4") {
			next := int(h.Data[1] - '0')
			if next > level+1 {
				t.Errorf("%s: %q is an %s after an h%d", name, words(h), h.Data, level)
			}
			level = next
		}
		for _, table := range all(page, "table") {
			if len(all(table, "caption")) != 1 {
				t.Errorf("%s: a table has no caption: %s", name, words(table))
			}
			for _, th := range all(table, "th") {
				if attr(th, "scope") == "" {
					t.Errorf("%s: the heading %q has no scope", name, words(th))
				}
			}
		}
		for _, svg := range all(page, "svg") {
			if attr(svg, "aria-hidden") == "" && attr(svg, "aria-label") == "" && ids[attr(svg, "aria-labelledby")] == 0 &&
				len(strings.Fields(attr(svg, "aria-labelledby"))) == 0 {
				t.Errorf("%s: a picture has no text", name)
			}
		}
		for _, a := range all(page, "a") {
			if target, ok := strings.CutPrefix(attr(a, "href"), "#"); ok && ids[target] == 0 {
				t.Errorf("%s: a link leads to #%s, which does not exist", name, target)
			}
		}
		if found := all(page, "script", "img", "iframe", "object"); len(found) > 0 {
			t.Errorf("%s: the page has a %s", name, found[0].Data)
		}
		for _, link := range all(page, "link") {
			if !strings.HasPrefix(attr(link, "href"), "data:") {
				t.Errorf("%s: the page asks for %s", name, attr(link, "href"))
			}
		}
	}
}

func TestPageSaysWhatTheReportHolds(t *testing.T) {
	t.Parallel()
	text := words(render(t, full()))
	for _, want := range []string{
		"✕ not ok", "3 of 4", "All VPCs have the same address range, 10.0.0.0/16", "demo-cluster1 eks-cluster1/apps", "expected refused",
		"<b>hi</b><script>alert(1)</script>", "A VPC <i>stays</i>.", "2 dependencies, 1 refusal", "$0.192", "node x9.huge",
		"All 1 undeclared dependencies", "a was created after b only by chance: let it depend on it", "a warning", "ec2 vpc vpc-1",
		"Up: 2m", "stack cluster1 · Kubernetes 1.35", "2 calls between applications are allowed and 2 are refused",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	ok := full()
	ok.Matrix[1].Expect = Allow
	ok.UndeclaredGroups, ok.Leftovers = nil, nil
	ok.Settle()
	if text := words(render(t, ok)); !strings.Contains(text, "✓ ok") || !strings.Contains(text, "after destroy, the account is as it was") {
		t.Errorf("the page of a good rehearsal says\n%s", text)
	}
}

// Operations that overlap are in different lanes, and the critical path is marked.
func TestTimelineLanes(t *testing.T) {
	t.Parallel()
	step := func(stack, name string, start, seconds float64) Step {
		return Step{"urn:pulumi:" + stack + "::p::t::" + name, start, seconds}
	}
	a, b, c, d := step("s", "a", 0, 50), step("s", "b", 10, 90), step("s", "c", 50, 10), step("other", "d", 0, 100)
	l := timeline("up", 100, []Step{a, d, b, c}, []Step{b})
	if len(l.Stacks) != 2 || l.Stacks[0].Name != "s" || l.Stacks[0].Height != 2*laneHeight || l.Stacks[1].Height != laneHeight {
		t.Fatalf("the stacks are %+v", l.Stacks)
	}
	for _, got := range l.Stacks[0].Bars {
		want := map[Step]float64{b: 0, a: laneHeight, c: laneHeight}[got.Step]
		if got.Y != want || got.X != got.StartSeconds*10 || got.Width != got.Seconds*10 || got.Critical != (got.Step == b) {
			t.Errorf("%s is drawn as %+v, want it at height %g", got.Resource, got, want)
		}
	}
	if len(l.Marks) != 2 || l.Marks[1] != (mark{60, 60}) {
		t.Errorf("the marks are %+v", l.Marks)
	}
}
