package browser

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// A good rehearsal's page and that of one that stopped, in all ways of looking.
func TestReportInABrowser(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		page func(t *testing.T) string
		says string
	}{
		"good":    {finished, "✓ ok"},
		"stopped": {stopped, "✕ not ok"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := tt.page(t)
			for _, v := range []view{{1180, "light"}, {1180, "dark"}, {375, "light"}, {375, "dark"}} {
				t.Run(fmt.Sprintf("%d px, %s", v.width, v.scheme), func(t *testing.T) {
					look(t, page, v, tt.says)
				})
			}
			t.Run("keyboard", func(t *testing.T) { keyboard(t, page) })
			t.Run("print", func(t *testing.T) { prints(t, page) })
			t.Run("landmarks", func(t *testing.T) { landmarks(t, page) })
			if name == "good" && *screenshot != "" {
				picture(t, page)
			}
		})
	}
}

// finished is the page of a rehearsal that is ok.
func finished(t *testing.T) string {
	t.Helper()
	return rehearse(t, "", 0)
}

// stopped is the page of a rehearsal whose configuration is refused.
func stopped(t *testing.T) string {
	t.Helper()
	overlay := t.TempDir()
	bad := "config:\n  aws:region: ap-northeast-2\n  eks-lattice:role: cluster\n  eks-lattice:vpcCidr: 169.254.0.0/16\n" +
		"  eks-lattice:apps:\n    - {name: " + strings.Repeat("long", 20) + ", namespace: apps, " +
		"allow: [{cluster: eks-cluster2, namespace: apps}]}\n"
	if err := os.WriteFile(filepath.Join(overlay, "Pulumi.cluster1.yaml"), []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	return rehearse(t, overlay, 1)
}

func look(t *testing.T, page string, v view, says string) {
	t.Helper()
	p := open(t, page, v)
	if h1 := ask[string](p, `document.querySelector("h1").innerText`); !strings.Contains(h1, says) {
		t.Errorf("the heading is %q, want %q in it", h1, says)
	}
	shown := ask[[]string](p, `[...document.querySelectorAll("main > section")]
		.filter(s => s.checkVisibility() && s.offsetHeight > 40).map(s => s.id)`)
	want := []string{"failures", "topology", "timeline", "matrix", "stacks", "cost", "laws", "leftovers", "warnings"}
	if !slices.Equal(shown, want) {
		t.Errorf("the page shows the sections %q, want %q", shown, want)
	}
	if wide := ask[[]string](p, tooWide); len(wide) > 0 {
		t.Errorf("wider than the window: %q", wide)
	}
	if dark := ask[float64](p, `luminance(getComputedStyle(document.body).backgroundColor);`+contrast) < 0.2; dark != (v.scheme == "dark") {
		t.Errorf("dark is %v for a %s scheme", dark, v.scheme)
	}
	if faint := ask[[]string](p, `faint();`+contrast); len(faint) > 0 {
		t.Errorf("hard to read: %q", faint)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.complaints) > 0 {
		t.Errorf("the browser complains: %q", p.complaints)
	}
	if !slices.Equal(p.requests, []string{"file://" + page}) {
		t.Errorf("the page asked for %q", p.requests)
	}
}

// tooWide lists what lies outside of the window and cannot be scrolled to in a
// region of its own.
const tooWide = `[...document.querySelectorAll("body *")].filter(e =>
	!e.closest(".scroll, .skip, svg") && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
	.map(e => e.tagName + " " + e.innerText.slice(0, 60))
	.concat(document.documentElement.scrollWidth > document.documentElement.clientWidth ? ["the page"] : [])`

// contrast has the functions luminance and faint.
//
//go:embed contrast.js
var contrast string

// keyboard goes through the page without a mouse: past the navigation, into what
// scrolls, and opens what is folded.
func keyboard(t *testing.T, page string) {
	t.Helper()
	p := open(t, page, view{375, "light"})
	p.do(chromedp.KeyEvent("\t"))
	if first := ask[string](p, `document.activeElement.className`); first != "skip" {
		t.Errorf("the first stop is %q, want the link that skips the navigation", first)
	}
	if left := ask[float64](p, `document.activeElement.getBoundingClientRect().left`); left < 0 {
		t.Error("the link that skips the navigation stays outside of the window")
	}
	p.do(chromedp.KeyEvent("\r"))
	if id := ask[string](p, `document.activeElement.id`); id != "main" {
		t.Errorf("skipping leads to %q, want main", id)
	}
	if lost := ask[[]string](p, `[...document.querySelectorAll("*")].filter(e => {
			const s = getComputedStyle(e);
			return /auto|scroll/.test(s.overflowX) && e.scrollWidth > e.clientWidth && e.tabIndex < 0;
		}).map(e => e.className)`); len(lost) > 0 {
		t.Errorf("no key scrolls %q", lost)
	}
	for range ask[int](p, `document.querySelectorAll("details").length`) {
		ask[any](p, `document.querySelector("details:not([open]) summary").focus(), 0`)
		p.do(chromedp.KeyEvent("\r"))
	}
	if closed := ask[int](p, `document.querySelectorAll("details:not([open])").length`); closed > 0 {
		t.Errorf("%d parts do not open", closed)
	}
}

// prints looks at the page as a printer does: light, and nothing folded or cut off.
func prints(t *testing.T, page string) {
	t.Helper()
	p := open(t, page, view{800, "dark"})
	send(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	folded := ask[[]string](p, `[...document.querySelectorAll("details")]
		.filter(e => getComputedStyle(e, "::details-content").contentVisibility != "visible").map(e => e.innerText.slice(0, 40))`)
	if len(folded) > 0 {
		t.Errorf("not printed: %q", folded)
	}
	cut := ask[[]string](p, `[...document.querySelectorAll(".scroll")]
		.filter(e => getComputedStyle(e).overflowX != "visible").map(e => e.ariaLabel)`)
	if len(cut) > 0 {
		t.Errorf("cut off: %q", cut)
	}
	if ask[string](p, `getComputedStyle(document.body).backgroundColor`) != "rgb(255, 255, 255)" {
		t.Error("it prints on a dark ground")
	}
}

// landmarks are how a screen reader moves through the page, as the browser
// understands it.
func landmarks(t *testing.T, page string) {
	t.Helper()
	p := open(t, page, view{1180, "light"})
	roles := map[string]int{}
	for _, n := range send(p, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes {
		role, name := said(n.Role), said(n.Name)
		roles[role]++
		if name == "" && slices.Contains([]string{"region", "navigation", "image", "table", "link", "heading"}, role) {
			t.Errorf("a %s has no name", role)
		}
	}
	for role, want := range map[string]int{"banner": 1, "navigation": 1, "main": 1, "contentinfo": 1} {
		if roles[role] != want {
			t.Errorf("%d elements are a %s, want %d", roles[role], role, want)
		}
	}
	if roles["region"] < 9 || roles["heading"] < 10 {
		t.Errorf("regions and headings are missing: %v", roles)
	}
}

func said(v *accessibility.Value) (text string) {
	if v != nil {
		_ = json.Unmarshal([]byte(v.Value), &text) // what is no text has no name
	}
	return text
}

// picture writes the upper part of the page for README.
func picture(t *testing.T, page string) {
	t.Helper()
	p := open(t, page, view{1080, "light"})
	p.resize(1080, 1500)
	png, err := chromedp.Run(p, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(*screenshot, png, 0o644); err != nil {
		t.Fatal(err)
	}
}
