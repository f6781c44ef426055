// Package toolkit finds what a rehearsal runs for real (the Pulumi CLI, the
// program, the EKS component) and stands in for what the EKS component looks
// for on PATH.
package toolkit

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Kit is what one project's rehearsals share.
type Kit struct {
	Project string // the folder of Pulumi.yaml, absolute
	Cache   string // Project/.cache
	Pulumi  string // the Pulumi CLI
	Root    string // the folder with bin/pulumi; empty when the CLI is the one on PATH
	Program string // the compiled program
	Scripts string // the folder for the front of PATH
}

// Open checks that the parts of the project in dir exist and writes the
// scripts. Its error names everything that is missing at once.
func Open(dir string) (*Kit, error) {
	project, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("resolving the project's folder %q: %w", dir, err)
	}
	k := &Kit{
		Project: project,
		Cache:   filepath.Join(project, ".cache"),
		Program: filepath.Join(project, "bin", "eks-lattice"),
	}
	k.Scripts = filepath.Join(k.Cache, "path")
	component := filepath.Join(k.Cache, "node_modules", "@pulumi", "eks", "cmd", "provider", "index.js")
	var missing []error
	built := filepath.Join(k.Cache, "bin", "pulumi")
	if k.Pulumi, err = findPulumi(project, built); err != nil {
		missing = append(missing, err)
	}
	if k.Pulumi == built {
		k.Root = k.Cache
	}
	if _, err := os.Stat(component); err != nil {
		missing = append(missing, fmt.Errorf("no EKS component at %s; install it with `make tools`", component))
	}
	// Not os.Executable: whoever links this package, a test for one, is no language host.
	latticectl := filepath.Join(k.Cache, "bin", "latticectl")
	if _, err := os.Stat(latticectl); err != nil {
		missing = append(missing, fmt.Errorf("no latticectl at %s; build it with `make build`", latticectl))
	}
	if _, err := exec.LookPath("make"); err != nil && len(missing) > 0 {
		missing = append(missing, errors.New("no make on PATH, which installs and builds these; get GNU make from your system's packages"))
	}
	if err := IsProject(project); err != nil {
		missing = append(missing, err)
	}
	if _, err := os.UserHomeDir(); err != nil {
		missing = append(missing, fmt.Errorf("%w; Go keeps its build cache there", err))
	}
	interpreter, err := node.find()
	if err != nil {
		missing = append(missing, err)
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("looking for the parts of a rehearsal: %w", errors.Join(missing...))
	}
	if err := k.writeScripts(latticectl, interpreter, component); err != nil {
		return nil, err
	}
	return k, nil
}

// IsProject checks that a folder is that of a project.
func IsProject(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "Pulumi.yaml")); err != nil {
		return fmt.Errorf("no Pulumi.yaml in %s; name the project's folder with --dir", dir)
	}
	return nil
}

// writeScripts writes what the engine and the EKS component call by name.
//
// The component stops unless `aws` and `kubectl` of certain versions answer:
// https://github.com/pulumi/pulumi-eks/blob/v2.8.1/nodejs/eks/dependencies.ts.
// The two scripts answer that and refuse everything else, so that a rehearsal does not
// depend on the machine's own tools and does not reach a real account.
func (k *Kit) writeScripts(latticectl, node, component string) error {
	scripts := map[string]string{
		"aws": `case "$*" in
--version) echo "aws-cli/2.27.0 Python/3.13.2 Linux/6.1 exe/x86_64" ;;
*) echo "aws: in a rehearsal there is no AWS to ask for: $*" >&2; exit 64 ;;
esac`,
		"kubectl": `case "$1" in
version) echo '{"clientVersion": {"major": "1", "minor": "35", "gitVersion": "v1.35.0"}}' ;;
*) echo "kubectl: in a rehearsal there is no cluster to ask for: $*" >&2; exit 64 ;;
esac`,
		"pulumi-resource-eks": fmt.Sprintf("exec %s %s \"$@\"", Quote(node), Quote(component)),
	}
	if needsLanguageHost(k.Pulumi) {
		scripts["pulumi-language-go"] = fmt.Sprintf("exec %s language-host \"$@\"", Quote(latticectl))
	}
	if err := os.MkdirAll(k.Scripts, 0o755); err != nil {
		return fmt.Errorf("making the folder of the scripts: %w", err)
	}
	for name, body := range scripts {
		if err := writeScript(filepath.Join(k.Scripts, name), "#!/bin/sh\n"+body+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// writeScript replaces the file atomically: another rehearsal may be running it.
func writeScript(path, text string) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = tmp.WriteString(text)
	err = errors.Join(err, tmp.Chmod(0o755), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, errors.Join(err, os.Remove(tmp.Name())))
	}
	return nil
}

// needsLanguageHost reports whether the CLI comes without the host of Go
// programs: a stock installation has it beside the CLI or on PATH.
func needsLanguageHost(pulumi string) bool {
	const host = "pulumi-language-go"
	if resolved, err := filepath.EvalSymlinks(pulumi); err == nil {
		if _, err := os.Stat(filepath.Join(filepath.Dir(resolved), host)); err == nil {
			return false
		}
	}
	_, err := exec.LookPath(host)
	return err != nil
}

// Quote quotes s as one word for a POSIX shell.
func Quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
