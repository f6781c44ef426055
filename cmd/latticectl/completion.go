package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// offers returns what a shell offers for a flag.
type offers = map[string][]string

var (
	folders = offers{cobra.BashCompSubdirsInDir: {}}
	// completions by the names of flags, which mean the same in every command.
	completions = map[string]offers{
		"dir":    folders,
		"stacks": folders,
		"json":   {cobra.BashCompFilenameExt: {"json"}},
		"world":  {cobra.BashCompFilenameExt: {"json"}},
		"html":   {cobra.BashCompFilenameExt: {"html"}},
	}
)

// addCompletions adds what `latticectl completion` offers for flags.
func addCompletions(cmd *cobra.Command) {
	cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
		if offered, ok := completions[flag.Name]; ok {
			flag.Annotations = offered
		}
	})
	for _, sub := range cmd.Commands() {
		if sub.ValidArgsFunction == nil {
			sub.ValidArgsFunction = cobra.NoFileCompletions // it takes no arguments
		}
		addCompletions(sub)
	}
}
