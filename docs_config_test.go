package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/recorder"
	"eks-lattice/internal/settings"
)

var updateDocs = flag.Bool("update", false, "write the generated parts of Pulumi.yaml and docs")

// Pulumi.yaml's schema and the tables in docs/configuration.md come from the
// settings.
func TestConfigurationTable(t *testing.T) {
	t.Parallel()
	checkGenerated(t, "Pulumi.yaml", "  # <settings>\n", "  # </settings>\n", pulumiSchema(t))
	checkGenerated(t, "docs/configuration.md", "<!-- configuration -->\n", "<!-- /configuration -->", configurationTables(t))
}

// pulumiSchema is what Pulumi.yaml declares of the project's own keys.
func pulumiSchema(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, section := range settings.Table() {
		if section.Fields {
			continue
		}
		fmt.Fprintf(&b, "\n  # %s\n", section.Title)
		for _, entry := range section.Entries {
			fmt.Fprintf(&b, "  %s:\n    type: %s\n", entry.Key, entry.Type)
			if entry.Items != "" {
				fmt.Fprintf(&b, "    items:\n      type: %s\n", entry.Items)
			}
			fmt.Fprintf(&b, "    default: %s\n    description: %s\n", asJSON(t, entry.Default), asJSON(t, entry.Description))
		}
	}
	return b.String()
}

// configurationTables is what docs/configuration.md says of all keys.
func configurationTables(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, section := range settings.Table() {
		what := "key"
		if section.Fields {
			what = "field"
		}
		fmt.Fprintf(&b, "\n### %s\n\n| %s | type | default | description |\n|---|---|---|---|\n", section.Title, what)
		for _, entry := range section.Entries {
			typ := entry.Type
			if entry.Items != "" {
				typ += " of " + entry.Items
			}
			shown := ""
			if text, ok := entry.Default.(string); ok && text != "" {
				shown = "`" + text + "`"
			} else if !ok && entry.Default != nil {
				shown = "`" + asJSON(t, entry.Default) + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", entry.Key, typ, shown, strings.ReplaceAll(entry.Description, "|", `\|`))
		}
	}
	return b.String() + "\n"
}

// asJSON writes a value as JSON, which is YAML too.
func asJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// checkGenerated compares what stands between two markers of a file with what
// should, or writes it there with -update.
func checkGenerated(t *testing.T, file, begin, end, want string) {
	t.Helper()
	text := readText(t, file)
	before, rest, ok := strings.Cut(text, begin)
	got, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no part between %s and %s", file, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	if got == want {
		return
	}
	if !*updateDocs {
		t.Errorf("%s is out of date; `make docs` writes it anew\nwant:\n%s", file, want)
		return
	}
	if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Every example of a stack file parses, names known keys only, and whole ones
// are accepted by the program.
func TestYAMLInDocs(t *testing.T) {
	t.Parallel()
	keys := settings.Keys()
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
		for _, match := range regexp.MustCompile(`(?:^|[^/])eks-lattice:(\w+)`).FindAllStringSubmatch(readText(t, page), -1) {
			if !slices.Contains(keys, match[1]) && match[1] != "index" { // index: a component's type
				t.Errorf("%s names the key eks-lattice:%s, which Pulumi.yaml does not declare", page, match[1])
			}
		}
	}
	if blocks < 2 {
		t.Errorf("found %d examples of stack files, docs/configuration.md alone has two", blocks)
	}
}

// roleOf finds the role that all keys are of.
func roleOf(t *testing.T, config map[string]string) string {
	t.Helper()
	found := ""
	for _, section := range settings.Table() {
		for _, entry := range section.Entries {
			if _, ok := config["eks-lattice:"+entry.Key]; !ok || section.Role == "" {
				continue
			}
			if found != "" && found != section.Role {
				t.Fatalf("%v has keys of both roles", config)
			}
			found = section.Role
		}
	}
	return found
}
