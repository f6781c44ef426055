package settings

import (
	"encoding/json"
	"slices"
	"testing"

	"eks-lattice/internal/problem"
)

type inner struct {
	Sizes []string `setting:"nodeInstanceTypes"`
	Size  int      `setting:"nodeMinSize"`
}

type mode string

type outer struct {
	Other string
	Mode  mode  `setting:"clusterName"`
	Inner inner `setting:",inline"`
	Apps  []app `setting:"apps"`
	// of every stack
	Tags map[string]string `setting:"tags"`
}

type app struct {
	Name  string   `setting:"name"`
	Allow []caller `setting:"allow"`
}

type caller struct {
	Cluster string `setting:"cluster"`
}

func TestBind(t *testing.T) {
	t.Parallel()
	var args outer
	list := Cluster.Bind(&args)
	list.SetDefaults()
	if args.Inner.Size != 2 || !slices.Equal(args.Inner.Sizes, []string{"m5.large"}) || args.Tags == nil {
		t.Errorf("defaults: got %+v", args)
	}
	var found problem.List
	for _, b := range list {
		value := map[string]any{
			"clusterName": "c", "nodeMinSize": json.Number("3"),
			"apps": []any{map[string]any{"name": "a", "allow": []any{map[string]any{"cluster": "b"}}}},
		}[b.key()]
		if value != nil {
			b.decode(&found, b.key(), value)
		}
	}
	if len(found) > 0 {
		t.Fatal(found.Err("decoding"))
	}
	if args.Mode != "c" || args.Inner.Size != 3 || len(args.Apps) != 1 || args.Apps[0].Allow[0] != (caller{"b"}) || args.Other != "" {
		t.Errorf("values: got %+v", args)
	}
}

func TestKeysOfPaths(t *testing.T) {
	t.Parallel()
	list := Cluster.Bind(&outer{})
	for path, want := range map[string]string{
		"Mode":                     "clusterName",
		"Inner.Size":               "nodeMinSize",
		"Inner.Sizes[1]":           "nodeInstanceTypes[1]",
		"Tags.team":                "tags.team",
		"Apps":                     "apps",
		"Apps[2]":                  "apps[2]",
		"Apps[2].Allow[0].Cluster": "apps[2].allow[0].cluster",
		"Inner.SizeOf":             "Inner.SizeOf",
		"Other":                    "Other",
	} {
		var found problem.List
		found.Missing(path, "see %s", problem.Path("Inner.Size"))
		got := list.Keys(found)[0]
		if got.Where != want || got.Remedy() != "see nodeMinSize" {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

// A component takes 0 for an argument that is not set, so a stack may not use it.
func TestZeroIsRefused(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, section := range Table() {
		for key, setting := range section.settings {
			number, ok := setting.(Int)
			if !ok {
				continue
			}
			checked++
			var found problem.List
			if number.Check != nil {
				number.Check(&found, key, 0)
			}
			if len(found) == 0 && section == Version && key == "weight" {
				continue // its argument 0 means 0, with or without a value in the stack
			}
			if len(found) != 1 || number.Default == 0 && !section.Fields {
				t.Errorf("%s: default %d, problems with 0: %v", key, number.Default, found)
			}
		}
	}
	if checked < 8 {
		t.Errorf("found only %d numbers", checked)
	}
}
