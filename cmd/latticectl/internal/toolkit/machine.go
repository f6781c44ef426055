package toolkit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/blang/semver"
	"gopkg.in/yaml.v3"
)

// program is one that a rehearsal runs and that the machine has. The Makefile
// asks for the same ones with tools/require.sh, before it builds anything.
type program struct {
	name    string
	version string // the arguments that make it print its version
	minimum string // empty: any version will do
	source  string // where to get it
}

// node has the oldest version that the packages in tools/package-lock.json take.
var node = program{name: "node", version: "--version", minimum: "20.17.0", source: "https://nodejs.org/en/download"}

// findPulumi returns the CLI on PATH if it is new enough for the project, and
// otherwise the one that the Makefile builds.
func findPulumi(project, built string) (string, error) {
	cli, err := pulumi(project)
	if err != nil {
		return "", err
	}
	path, err := cli.find()
	if err == nil {
		return path, nil
	}
	if _, missing := os.Stat(built); missing == nil {
		return built, nil
	}
	return "", fmt.Errorf("%w, or build it with `make tools`", err)
}

func pulumi(project string) (program, error) {
	minimum, err := requiredPulumi(project)
	return program{name: "pulumi", version: "version", minimum: minimum, source: "https://www.pulumi.com/docs/install/"}, err
}

// requiredPulumi reads the oldest CLI that the project runs with.
func requiredPulumi(project string) (string, error) {
	text, err := os.ReadFile(filepath.Join(project, "Pulumi.yaml"))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil // Open says so itself
	}
	if err != nil {
		return "", fmt.Errorf("reading the required version of Pulumi: %w", err)
	}
	var file struct {
		Required string `yaml:"requiredPulumiVersion"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return "", fmt.Errorf("reading the required version of Pulumi in Pulumi.yaml: %w", err)
	}
	return strings.TrimPrefix(file.Required, ">="), nil
}

var versionNumber = regexp.MustCompile(`\d+\.\d+\.\d+`)

// find returns the program's path. Its error says what the machine lacks and
// where to get it.
func (p program) find() (string, error) {
	path, _, err := p.look(context.Background())
	return path, err
}

// look is find, with the version.
func (p program) look(ctx context.Context) (path, version string, err error) {
	remedy := fmt.Sprintf("version %s or newer is needed; get it from %s", p.minimum, p.source)
	path, err = exec.LookPath(p.name)
	if err != nil {
		return "", "", fmt.Errorf("no %s on PATH: %s", p.name, remedy)
	}
	out, err := exec.CommandContext(ctx, path, strings.Fields(p.version)...).Output()
	found, parsed := semver.ParseTolerant(versionNumber.FindString(string(out)))
	if err != nil || parsed != nil {
		return "", "", fmt.Errorf("%s does not say its version: %s", path, remedy)
	}
	if minimum, err := semver.ParseTolerant(p.minimum); err == nil && found.LT(minimum) {
		return "", "", fmt.Errorf("%s is version %s: %s", path, found, remedy)
	}
	return path, found.String(), nil
}
