package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"

	"eks-lattice/internal/recorder"
)

var updateDocs = flag.Bool("update", false, "write the generated parts of README.md anew")

var (
	configSection = regexp.MustCompile(`^  # Stacks of role (\w+)$`)
	configKey     = regexp.MustCompile(`^  (\w+):$`)
)

// The tables in README.md are those of Pulumi.yaml, cell by cell and in its order.
func TestConfigurationTable(t *testing.T) {
	t.Parallel()
	var project struct {
		Config map[string]struct {
			Type        string
			Items       struct{ Type string }
			Default     any
			Description string
		}
	}
	readYAML(t, "Pulumi.yaml", &project)
	var b strings.Builder
	section := func(title string) {
		fmt.Fprintf(&b, "\n### %s\n\n| key | type | default | description |\n|---|---|---|---|\n", title)
	}
	section("Every stack")
	written := 0
	for _, line := range configLines(t) {
		if m := configSection.FindStringSubmatch(line); m != nil {
			section("Stacks of role " + m[1])
		}
		m := configKey.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		declared := project.Config[m[1]]
		typ := declared.Type
		if declared.Items.Type != "" {
			typ += " of " + declared.Items.Type
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m[1], typ, shownDefault(t, declared.Default), strings.ReplaceAll(declared.Description, "|", `\|`))
		written++
	}
	if declared := len(project.Config) - 1; written != declared {
		t.Fatalf("found %d keys of %d in Pulumi.yaml", written, declared)
	}
	checkGenerated(t, "configuration", b.String()+"\n")
}

// configLines returns the part of Pulumi.yaml that declares the configuration.
func configLines(t *testing.T) []string {
	t.Helper()
	_, config, ok := strings.Cut(readText(t, "Pulumi.yaml"), "\nconfig:\n")
	if !ok {
		t.Fatal("Pulumi.yaml declares no configuration")
	}
	return strings.Split(config, "\n")
}

func shownDefault(t *testing.T, value any) string {
	t.Helper()
	if value == "" {
		return ""
	}
	if text, ok := value.(string); ok {
		return "`" + text + "`"
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return "`" + string(text) + "`"
}

// checkGenerated compares what stands between two markers of README.md with what
// should, or writes it there with -update.
func checkGenerated(t *testing.T, marker, want string) {
	t.Helper()
	const page = "README.md"
	text := readText(t, page)
	begin, end := "<!-- "+marker+" -->\n", "<!-- /"+marker+" -->"
	before, rest, ok := strings.Cut(text, begin)
	got, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no part between %s and %s", page, strings.TrimSpace(begin), end)
	}
	if got == want {
		return
	}
	if !*updateDocs {
		t.Errorf("the part %q of %s is out of date; `go test -run %s -update .` writes it anew\nwant:\n%s", marker, page, t.Name(), want)
		return
	}
	if err := os.WriteFile(page, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Every example of a stack file parses, names known keys only, and whole ones
// are accepted by the program.
func TestYAMLInDocs(t *testing.T) {
	t.Parallel()
	var project schema
	readYAML(t, "Pulumi.yaml", &project)
	blocks := 0
	for _, page := range pages(t) {
		for _, fence := range fences(readText(t, page), "yaml") {
			blocks++
			var example struct{ Config map[string]any }
			unmarshalYAML(t, page, fence, &example)
			config := map[string]string{}
			for key, value := range example.Config {
				config[key] = asText(t, value)
			}
			full := maps.Clone(config)
			if _, whole := config["eks-lattice:role"]; !whole {
				full["aws:region"], full["eks-lattice:apps"] = recorder.Region, oneApp
				full["eks-lattice:role"] = roleOf(t, config)
			}
			if _, err := recorder.Run(t, deployed("cluster1", full), run); err != nil {
				t.Errorf("%s: the program refuses this example:\n%s\n%v", page, fence, err)
			}
		}
		for _, match := range regexp.MustCompile(`eks-lattice:(\w+)`).FindAllStringSubmatch(readText(t, page), -1) {
			if _, ok := project.Config[match[1]]; !ok && match[1] != "index" { // index: a component's type
				t.Errorf("%s names the key %s, which Pulumi.yaml does not declare", page, match[0])
			}
		}
	}
	if blocks < 2 {
		t.Errorf("found %d examples of stack files, the README alone has two", blocks)
	}
}

// roleOf finds the role whose section in Pulumi.yaml declares all keys.
func roleOf(t *testing.T, config map[string]string) string {
	t.Helper()
	role, sections := "", map[string]string{}
	for _, line := range configLines(t) {
		if m := configSection.FindStringSubmatch(line); m != nil {
			role = m[1]
		} else if m := configKey.FindStringSubmatch(line); m != nil {
			sections["eks-lattice:"+m[1]] = role
		}
	}
	found := ""
	for key := range config {
		if s := sections[key]; s != "" {
			if found != "" && found != s {
				t.Fatalf("%v has keys of both roles", config)
			}
			found = s
		}
	}
	return found
}
