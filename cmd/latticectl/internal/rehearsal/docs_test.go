package rehearsal

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"eks-lattice/cmd/latticectl/internal/toolkit"
)

// The CLI knows every pulumi command in the documents, with its flags.
func TestPulumiCommandsInDocs(t *testing.T) {
	t.Parallel()
	cli := pulumiHelp{kit: kit(t), texts: map[string]string{}}
	checked := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != root && strings.HasPrefix(entry.Name(), ".") {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, command := range pulumiCommands(string(text)) {
			checked++
			for _, problem := range cli.problems(t, command) {
				t.Errorf("%s: %q: %s", path, command, problem)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 30 {
		t.Errorf("checked only %d commands", checked)
	}
}

func TestBadPulumiCommandsAreFoundInDocs(t *testing.T) {
	t.Parallel()
	cli := pulumiHelp{kit: kit(t), texts: map[string]string{}}
	const page = "```sh\n" +
		"pulumi up --stack environment   # as every --day\n" +
		"url=\"$(pulumi stack output url --stak a)\"\n" +
		"A=b pulumi stack \\\n  inti a && pulumi config set --path a.b c\n" +
		"```\n"
	var got []string
	for _, command := range pulumiCommands(page) {
		got = append(got, command)
		got = append(got, cli.problems(t, command)...)
	}
	want := []string{
		"up --stack environment",
		"stack output url --stak a", "pulumi stack output has no flag --stak",
		"stack inti a", "pulumi stack has no command inti",
		"config set --path a.b c",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q, want %q", got, want)
	}
}

// pulumiCommands returns what follows "pulumi" in the shell examples of a page.
func pulumiCommands(page string) (commands []string) {
	for _, fence := range regexp.MustCompile("(?ms)^ *```sh\n(.*?)^ *```$").FindAllStringSubmatch(page, -1) {
		script := strings.ReplaceAll(fence[1], "\\\n", "")
		script = regexp.MustCompile(`(?m)(^|\s)#.*$`).ReplaceAllString(script, "")
		for _, m := range regexp.MustCompile(`(?m)(?:^|[ (])pulumi ([a-z][^\n#;|&)]*)`).FindAllStringSubmatch(script, -1) {
			commands = append(commands, strings.Join(strings.Fields(m[1]), " "))
		}
	}
	return commands
}

// pulumiHelp asks the CLI about its commands.
type pulumiHelp struct {
	kit   *toolkit.Kit
	texts map[string]string // by words
}

func (h pulumiHelp) problems(t *testing.T, command string) (found []string) {
	t.Helper()
	words, _, _ := strings.Cut(command, " -")
	text, ok := h.texts[words]
	if !ok {
		cmd := exec.CommandContext(t.Context(), h.kit.Pulumi, append(strings.Fields(words), "--help")...)
		cmd.Dir = t.TempDir() // of no project
		cmd.Env = append(os.Environ(), "PULUMI_SKIP_UPDATE_CHECK=true")
		var out bytes.Buffer
		cmd.Stdout = &out
		if err := cmd.Run(); err != nil {
			return []string{err.Error()}
		}
		text = out.String()
		h.texts[words] = text
	}
	name, rest := known(words, text)
	if strings.Contains(text, "Available Commands:") && rest != "" {
		found = append(found, fmt.Sprintf("%s has no command %s", name, strings.Fields(rest)[0]))
	}
	for _, m := range regexp.MustCompile(` (--[a-z-]+)`).FindAllStringSubmatch(command, -1) {
		if !regexp.MustCompile(`(?m)[ ,]` + m[1] + `[ =\[\n]`).MatchString(text) {
			found = append(found, fmt.Sprintf("%s has no flag %s", name, m[1]))
		}
	}
	return found
}

// known splits words into the command that a help text is about and what follows.
func known(words, help string) (name, rest string) {
	_, usage, _ := strings.Cut(help, "\nUsage:\n")
	name = "pulumi"
	for rest = words; rest != ""; {
		word, after, _ := strings.Cut(rest, " ")
		if !strings.HasPrefix(strings.TrimSpace(usage)+" ", name+" "+word+" ") {
			return name, rest
		}
		name, rest = name+" "+word, after
	}
	return name, ""
}
