package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// markdown returns every Markdown file of the repository.
func markdown(t *testing.T) (found []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != "." && strings.HasPrefix(entry.Name(), ".") {
			return fs.SkipDir // what make downloads, and Git's own
		}
		if filepath.Ext(path) == ".md" {
			found = append(found, filepath.ToSlash(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 10 {
		t.Fatalf("found only %v", found)
	}
	return found
}

// Every link within the repository resolves, to the section if it names one.
func TestLinksInDocs(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, page := range markdown(t) {
		checked += len(localLinks(readText(t, page)))
		for _, problem := range brokenLinks(t, page, readText(t, page)) {
			t.Error(problem)
		}
	}
	if checked < 100 {
		t.Errorf("checked only %d links", checked)
	}
}

func TestBrokenLinksAreFoundInDocs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[a](operations.md#upgrades) and [b](../README.md)": "",
		"[a](#here)\n\n## Here":                             "",
		"[a](#here-1)\n\n## Here\n\n### Here":               "",
		"`[a](none.md)`, [b](https://example.com/none.md)":  "",
		"[a](none.md)":               "docs/test.md links to none.md, which does not exist",
		"[a](docs/operations.md)":    "docs/test.md links to docs/operations.md, which does not exist",
		"[a](#there)\n\n## Here":     "docs/test.md links to #there, which is not a section",
		"[a](#here-1)\n\n## Here":    "docs/test.md links to #here-1, which is not a section",
		"[a](operations.md#upgrade)": "docs/test.md links to operations.md#upgrade, which is not a section",
		"[a][b]\n\n[b]: none.md":     "docs/test.md links to none.md, which does not exist",
		"![a](none.png)":             "docs/test.md links to none.png, which does not exist",
	} {
		if got := strings.Join(brokenLinks(t, "docs/test.md", text), "\n"); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func brokenLinks(t *testing.T, page, text string) (problems []string) {
	t.Helper()
	for _, target := range localLinks(text) {
		path, section, _ := strings.Cut(target, "#")
		there := text
		if path != "" {
			path = filepath.Join(filepath.Dir(page), path)
			if _, err := os.Stat(path); err != nil {
				problems = append(problems, fmt.Sprintf("%s links to %s, which does not exist", page, target))
				continue
			}
			if section != "" {
				there = readText(t, path)
			}
		}
		if section != "" && !slices.ContainsFunc(headings(there), func(h heading) bool { return h.anchor == section }) {
			problems = append(problems, fmt.Sprintf("%s links to %s, which is not a section", page, target))
		}
	}
	return problems
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)|(?m)^\[[^\]]+\]: (\S+)`)

// localLinks returns the targets of all links that stay in the repository.
func localLinks(text string) (targets []string) {
	for _, m := range link.FindAllStringSubmatch(withoutCode(text), -1) {
		if target := m[1] + m[2]; !strings.Contains(target, "://") {
			targets = append(targets, target)
		}
	}
	return targets
}

// withoutCode leaves out what is typed as code. Code in a link's text leaves the
// link.
func withoutCode(text string) string {
	return inline.ReplaceAllString(fenced.ReplaceAllString(text, ""), "")
}

type heading struct {
	level  int
	anchor string
}

// headings returns the headings of a page with the anchors that GitHub gives them.
func headings(text string) (found []heading) {
	seen := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^(#+) (.+)$`).FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		slug := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(m[2]), "")
		slug = strings.ReplaceAll(slug, " ", "-")
		anchor := slug
		if n := seen[slug]; n > 0 {
			anchor = fmt.Sprintf("%s-%d", slug, n)
		}
		seen[slug]++
		found = append(found, heading{level: len(m[1]), anchor: anchor})
	}
	return found
}

// README.md and every page of more than 100 lines begins with a complete table
// of contents.
func TestContentsOfDocs(t *testing.T) {
	t.Parallel()
	for _, page := range markdown(t) {
		text := readText(t, page)
		if strings.Count(text, "\n") <= 100 {
			continue
		}
		contents, _, _ := strings.Cut(text, "\n## ")
		listed := localLinks(contents)
		for _, h := range headings(text) {
			if (h.level == 2 || h.level == 3) && !slices.Contains(listed, "#"+h.anchor) {
				t.Errorf("the contents of %s lack #%s", page, h.anchor)
			}
		}
	}
}
