package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// maxLine is the length of a line of prose, in characters.
const maxLine = 140

// formerWords are words that the glossary in CONTRIBUTING.md has replaced, each
// with the word to use.
var formerWords = []struct{ former, now string }{
	{`lucky|luck`, "undeclared dependency"},
	{`lab`, "harness"},
	{`maker`, "URN"},
	{`reliance|relies`, "dependency"},
	{`rights`, "permissions"},
	{`(?:is|are|was|were|be|been|being) made`, "create"},
	{`least number`, "minimum number"},
	{`stays? there`, "stay or exist"},
	{`by other means`, "by something else"},
	{`of one's own`, "your own"},
}

// Lines of prose are short and have the words of the glossary.
func TestProseInDocs(t *testing.T) {
	t.Parallel()
	for _, page := range markdown(t) {
		for _, problem := range proseProblems(readText(t, page)) {
			t.Errorf("%s: %s", page, problem)
		}
	}
}

// README.md is for a first visit. Everything else belongs in docs/.
func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	if lines := strings.Count(readText(t, "README.md"), "\n"); lines > 350 {
		t.Errorf("README.md has %d lines, at most 350 are allowed", lines)
	}
}

func TestBadProseIsFoundInDocs(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 28) + "ü" // 141 characters
	for text, want := range map[string]string{
		"Pulumi creates the stacks.\n": "",
		long + "\n":                    fmt.Sprintf("%q has 141 characters, at most 140 are allowed", long),
		long[5:] + "\n":                "",
		"[a](https://example.com/" + strings.Repeat("x", 140) + ")\n": "",
		"| " + long + " |\n":            "",
		"```\n" + long + "\n```\n":      "",
		"It only worked by luck.\n":     `"luck": write undeclared dependency`,
		"The lab is made\nby Pulumi.\n": "\"lab\": write harness\n\"is made\": write create",
		"You need Rights:\n`lab`\n":     `"Rights": write permissions`,
		"A label, rightly laboured.\n":  "",
	} {
		got := strings.Join(proseProblems(text), "\n")
		if got != want {
			t.Errorf("%q:\ngot  %q\nwant %q", text, got, want)
		}
	}
}

func proseProblems(text string) (problems []string) {
	prose := fenced.ReplaceAllString(text, "")
	for line := range strings.Lines(prose) {
		line = strings.TrimSuffix(line, "\n")
		bare := regexp.MustCompile(`\]\([^)]*\)`).ReplaceAllString(line, "]") // a URL cannot be wrapped
		if n := utf8.RuneCountInString(bare); n > maxLine && !strings.HasPrefix(line, "|") {
			problems = append(problems, fmt.Sprintf("%q has %d characters, at most %d are allowed", line, n, maxLine))
		}
	}
	words := strings.Join(strings.Fields(inline.ReplaceAllString(prose, "")), " ")
	for _, w := range formerWords {
		for _, found := range regexp.MustCompile(`(?i)\b(?:`+w.former+`)\b`).FindAllString(words, -1) {
			problems = append(problems, fmt.Sprintf("%q: write %s", found, w.now))
		}
	}
	return problems
}
