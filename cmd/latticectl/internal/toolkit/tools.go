package toolkit

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// deploying are the programs that the EKS component calls when it deploys to AWS;
// a rehearsal has scripts of these names instead.
// https://github.com/pulumi/pulumi-eks/blob/v2.8.1/nodejs/eks/dependencies.ts
var deploying = []program{
	{name: "aws", version: "--version", minimum: "2.7.0",
		source: "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"},
	{name: "kubectl", version: "version --client", minimum: "1.24.0", source: "https://kubernetes.io/docs/tasks/tools/"},
}

// Tool is a program that a deployment to AWS runs.
type Tool struct {
	Name, Version, Path string
	Err                 error // what is missing, and where to get it
}

// Tools looks for the programs that a deployment of the project runs.
func Tools(ctx context.Context, project string) (tools []Tool) {
	tools = append(tools, goTool(ctx, project), pulumiTool(ctx, project))
	for _, p := range append([]program{node}, deploying...) {
		tools = append(tools, p.tool(ctx))
	}
	return tools
}

func (p program) tool(ctx context.Context) Tool {
	path, version, err := p.look(ctx)
	return Tool{p.name, version, path, err}
}

// pulumiTool is the CLI on PATH, or the one that make has built.
func pulumiTool(ctx context.Context, project string) Tool {
	cli, err := pulumi(project)
	if err != nil {
		return Tool{Name: cli.name, Err: err}
	}
	tool := cli.tool(ctx)
	built := filepath.Join(project, ".cache", "bin", "pulumi")
	if _, err := os.Stat(built); err == nil && tool.Err != nil {
		cli.name = built // exec.LookPath takes a path too
		tool = cli.tool(ctx)
		tool.Name = "pulumi"
	}
	return tool
}

// goTool asks the Makefile's script, which knows when Go gets a newer version of
// itself.
func goTool(ctx context.Context, project string) Tool {
	tool := Tool{Name: "go"}
	out, err := exec.CommandContext(ctx, filepath.Join(project, "tools", "require.sh"), tool.Name).CombinedOutput()
	if err != nil {
		if text := strings.TrimSpace(string(out)); text != "" {
			err = errors.New(text)
		}
		tool.Err = err
		return tool
	}
	if tool.Path, tool.Err = exec.LookPath(tool.Name); tool.Err != nil {
		return tool
	}
	version := exec.CommandContext(ctx, tool.Path, "version")
	version.Dir = os.TempDir() // in the module, Go answers with the version that go.mod asks for
	out, tool.Err = version.Output()
	if words := strings.Fields(string(out)); len(words) > 2 {
		tool.Version = strings.TrimPrefix(words[2], "go")
	}
	return tool
}
