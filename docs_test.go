package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"sigs.k8s.io/yaml"

	"eks-lattice/internal/cost"
	"eks-lattice/internal/recorder"
)

// pages are the documents that people write.
func pages(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(markdown(t), func(page string) bool { return page == "docs/twin.md" }) // generated
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func unmarshalYAML(t *testing.T, where, text string, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(text), into); err != nil {
		t.Errorf("%s: %v in:\n%s", where, err, text)
	}
}

func deployed(stack string, config map[string]string) recorder.Options {
	return recorder.Options{Stack: stack, Config: config, Objects: services(),
		Outputs: map[string]resource.PropertyMap{"organization/eks-lattice/environment": environmentOutputs()}}
}

var (
	fenced = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	inline = regexp.MustCompile("`([^`\n]+)`")
)

// fences returns the blocks of one language, or all with "".
func fences(text, language string) (blocks []string) {
	for _, m := range fenced.FindAllStringSubmatch(text, -1) {
		if language == "" || m[1] == language {
			blocks = append(blocks, m[2])
		}
	}
	return blocks
}

// code returns everything on a page that is typed as code.
func code(text string) (found []string) {
	found = fences(text, "")
	for _, m := range inline.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		found = append(found, m[1])
	}
	return found
}

// Every target that a page tells people to make is in the Makefile, and
// CONTRIBUTING.md tells of all of them.
func TestMakeTargetsInDocs(t *testing.T) {
	t.Parallel()
	targets := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+):.*## `).FindAllStringSubmatch(readText(t, "Makefile"), -1) {
		targets[m[1]] = false
	}
	for _, page := range pages(t) {
		for _, text := range code(readText(t, page)) {
			for _, m := range regexp.MustCompile(`\bmake ([a-z-]+)`).FindAllStringSubmatch(text, -1) {
				if _, ok := targets[m[1]]; !ok {
					t.Errorf("%s tells people to %q, which the Makefile does not know", page, m[0])
				}
				if page == "CONTRIBUTING.md" {
					targets[m[1]] = true
				}
			}
		}
	}
	for target, told := range targets {
		if !told {
			t.Errorf("CONTRIBUTING.md does not tell of make %s", target)
		}
	}
}

// CONTRIBUTING.md says of every module why it is one.
func TestModulesInDocs(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(readText(t, "CONTRIBUTING.md"), "\n## Modules\n")
	table, _, _ = strings.Cut(table, "\n## ")
	var listed, found []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]+ \\| [^|]+ \\|$").FindAllStringSubmatch(table, -1) {
		listed = append(listed, m[1])
	}
	for _, pattern := range []string{"go.mod", "*/go.mod", "*/*/go.mod", "*/*/*/go.mod"} {
		for _, file := range glob(t, pattern) {
			found = append(found, filepath.ToSlash(filepath.Dir(file)))
		}
	}
	slices.Sort(listed)
	slices.Sort(found)
	if !slices.Equal(listed, found) {
		t.Errorf("CONTRIBUTING.md lists the modules %q, there are %q", listed, found)
	}
}

// Every file and folder of the project that is named in code exists.
func TestPathsInDocs(t *testing.T) {
	t.Parallel()
	path := regexp.MustCompile(`(?:^|[\s"'=])((?:[\w.-]+/)+[\w.*-]*)(?:[\s"':,;)]|$)`)
	checked := 0
	for _, page := range pages(t) {
		for _, text := range code(readText(t, page)) {
			for _, m := range path.FindAllStringSubmatch(text, -1) {
				first, _, _ := strings.Cut(m[1], "/")
				if info, err := os.Stat(first); err != nil || !info.IsDir() || strings.Trim(first, ".") == "" || first == ".cache" {
					continue // an image, a condition key, something that make makes
				}
				checked++
				if found := glob(t, m[1]); len(found) == 0 {
					t.Errorf("%s names %s, which does not exist", page, m[1])
				}
			}
		}
	}
	if checked < 10 {
		t.Errorf("checked only %d paths", checked)
	}
}

// The table of versions in docs/architecture.md says what the sources say, and
// no page names a version that is not in it.
func TestVersionsInDocs(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	_, table, _ := strings.Cut(readText(t, "docs/architecture.md"), "\n## Versions\n")
	row := regexp.MustCompile("(?m)^\\| [^|]+ \\| `([^`]+)` \\| `([^`]+)` \\|$")
	for _, m := range row.FindAllStringSubmatch(table, -1) {
		known[strings.TrimPrefix(m[1], "v")] = true
		if !strings.Contains(readText(t, m[2]), m[1]) {
			t.Errorf("docs/architecture.md has version %s, %s does not", m[1], m[2])
		}
	}
	if len(known) < 10 {
		t.Errorf("found only %d versions in docs/architecture.md", len(known))
	}
	version := regexp.MustCompile("(?:^|[\\s(@/:`v-])(\\d+\\.\\d+\\.\\d+)(?:[\\s),:;@/`]|\\.\\s|$)")
	for _, page := range pages(t) {
		if page == "CHANGELOG.md" || page == "docs/dataplane.md" { // of the past; figures of one run
			continue
		}
		for _, m := range version.FindAllStringSubmatch(readText(t, page), -1) {
			if !known[m[1]] && m[1] != "0.0.0" { // a module without versions
				t.Errorf("%s names version %s, which is not in the table of docs/architecture.md", page, m[1])
			}
		}
	}
	want := "Go " + regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(readText(t, "go.mod"))[1] + " or newer"
	if !strings.Contains(readText(t, "README.md"), want) {
		t.Errorf("README.md does not ask for %s", want)
	}
}

// The costs in README.md are those of what the stack files deploy.
func TestCostsInDocs(t *testing.T) {
	t.Parallel()
	files := stackFiles(t, "Pulumi.*.yaml")
	if len(files) < 3 {
		t.Fatalf("found the stack files %q, want the environment's and two clusters'", files)
	}
	var count cost.Count
	for _, file := range files {
		r, err := recorder.Run(t, deployed(stackOf(file), stackConfig(t, file)), run)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range r.Resources() {
			count.Add(found.Type, found.Inputs.Mappable())
		}
	}
	lines, unknown := count.Lines()
	if len(unknown) > 0 {
		t.Errorf("internal/cost has no price of %q", unknown)
	}
	table, ca := "| part | count | $ per hour | total |\n|---|---:|---:|---:|\n", 0.0
	for _, l := range lines {
		table += fmt.Sprintf("| %s ([AWS](%s)) | %d | %.3f | %.3f |\n", l.Part, l.Source, l.Count, l.PerHour, l.Total())
		if strings.HasPrefix(l.Part, "private CA") {
			ca = l.Total()
		}
	}
	sum := cost.Sum(lines)
	checkGenerated(t, "README.md", "<!-- cost -->\n", "<!-- /cost -->", table+fmt.Sprintf("| **sum** | | | **%.3f** |\n", sum))
	said := fmt.Sprintf("about $%.2f per hour, and $%.2f more for the private CA", sum-ca, ca)
	if !strings.Contains(readText(t, "README.md"), said) {
		t.Errorf("README.md does not say %q", said)
	}
}
