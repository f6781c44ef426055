package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A package of an SDK can cost a user minutes of compilation: kubernetes/helm/v3
// and kubernetes/yaml pull in every API group. A new one is worth a thought.
var allowedSDKPackages = []string{
	"esc",
	"esc/eval",
	"esc/schema",
	"pulumi-aws/sdk/v6/go/aws",
	"pulumi-aws/sdk/v6/go/aws/acm",
	"pulumi-aws/sdk/v6/go/aws/acmpca",
	"pulumi-aws/sdk/v6/go/aws/cloudwatch",
	"pulumi-aws/sdk/v6/go/aws/ec2",
	"pulumi-aws/sdk/v6/go/aws/eks",
	"pulumi-aws/sdk/v6/go/aws/iam",
	"pulumi-aws/sdk/v6/go/aws/route53",
	"pulumi-aws/sdk/v6/go/aws/vpc",
	"pulumi-aws/sdk/v6/go/aws/vpclattice",
	"pulumi-eks/sdk/v2/go/eks",
	"pulumi-kubernetes/sdk/v4/go/kubernetes",
	"pulumi-kubernetes/sdk/v4/go/kubernetes/apps/v1",
	"pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1",
	"pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1",
	"pulumi-tls/sdk/v5/go/tls",
	"pulumi/sdk/v3/go/pulumi",
	"pulumi/sdk/v3/go/pulumi/internals",
	"pulumi/sdk/v3/go/common/apitype",
	"pulumi/sdk/v3/go/common/resource",
	"pulumi/sdk/v3/go/common/resource/plugin",
	"pulumi/sdk/v3/go/common/tokens",
	"pulumi/sdk/v3/go/common/workspace",
}

func TestProgramImportsOnlyWhatItNeeds(t *testing.T) {
	t.Parallel()
	for _, root := range []string{
		".", "environment", "cluster", "components", "internal/check", "internal/cost", "internal/names", "internal/problem",
		"internal/recorder", "internal/settings", "internal/sidecar",
	} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() && path != root {
				return fs.SkipDir // the packages of this module have no packages below them
			}
			if filepath.Ext(path) == ".go" {
				checkImports(t, path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func checkImports(t *testing.T, path string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		name, isSDK := strings.CutPrefix(imported, "github.com/pulumi/")
		if isSDK && !slices.Contains(allowedSDKPackages, name) {
			t.Errorf("%s imports %s, which is not on the list", path, imported)
		}
		if strings.Contains(imported, "internal/twin") || strings.Contains(imported, "/auto") {
			t.Errorf("%s imports %s: the program knows nothing of how it is rehearsed", path, imported)
		}
	}
}
