package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"eks-lattice/cmd/latticectl/internal/authpolicy"
	"eks-lattice/cmd/latticectl/internal/languagehost"
	"eks-lattice/cmd/latticectl/internal/rehearsal"
	"eks-lattice/cmd/latticectl/internal/report"
	"eks-lattice/cmd/latticectl/internal/toolkit"
	"eks-lattice/internal/twin"
)

func root() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "latticectl",
		Short: "Rehearse the deployment of eks-lattice without an AWS account",
		Long: `latticectl runs the project with the real Pulumi engine and the real EKS
component against a twin of AWS and Kubernetes on this machine.

Exit codes: 0 success, 1 the rehearsal or preflight found a problem, 2 the command
could not start, 130 interrupted.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.PersistentFlags().StringVar(&dir, "dir", ".", "the project's folder, which contains Pulumi.yaml")
	cmd.AddCommand(rehearse(&dir), preflightCommand(&dir), serveTwin(&dir), policies(), laws(), languageHost())
	addCompletions(cmd)
	return cmd
}

func rehearse(dir *string) *cobra.Command {
	var jsonFile, htmlFile, worldFile, overlay string
	cmd := &cobra.Command{
		Use:   "rehearse",
		Short: "Deploy all stacks to the twin, call between the clusters, deploy again, destroy",
		Example: `  latticectl rehearse
  latticectl rehearse --json report.json --html report.html
  latticectl rehearse --stacks examples/three-clusters`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			kit, err := toolkit.Open(*dir)
			if err = errors.Join(err, writable("--json", jsonFile), writable("--html", htmlFile), writable("--world", worldFile)); err != nil {
				return err
			}
			options := rehearsal.Options{Kit: kit, Overlay: overlay}
			if worldFile != "" {
				options.Inspect = func(t *twin.Twin) error { return writeJSON(worldFile, t.Snapshot()) }
			}
			stderr := cmd.ErrOrStderr()
			options.Progress = rehearsal.NewProgress(stderr, isTerminal(stderr))
			found, err := rehearsal.Run(cmd.Context(), options)
			options.Progress.Stop()
			if cmd.Context().Err() == nil && err == nil {
				report.Summarize(cmd.OutOrStdout(), found)
			}
			if jsonFile != "" {
				err = errors.Join(err, writeJSON(jsonFile, found))
			}
			if htmlFile != "" {
				err = errors.Join(err, writeHTML(htmlFile, found))
			}
			var unready *rehearsal.NotStartedError
			var left *rehearsal.LeftError
			switch {
			case cmd.Context().Err() != nil && errors.As(err, &left):
				return errors.Join(cmd.Context().Err(), left)
			case cmd.Context().Err() != nil:
				return cmd.Context().Err()
			case errors.As(err, &unready):
				return err
			case err != nil:
				_, _ = fmt.Fprintln(stderr, "rehearsal stopped:", err)
				return errFailed
			}
			if !found.OK {
				return errFailed
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&jsonFile, "json", "", "write the report to this file, as JSON")
	cmd.Flags().StringVar(&htmlFile, "html", "", "write the report to this file, as a web page")
	cmd.Flags().StringVar(&worldFile, "world", "", "write the world after up to this file, which then contains private keys")
	cmd.Flags().StringVar(&overlay, "stacks", "", "folder with Pulumi.<stack>.yaml files that replace the project's or add to them")
	return cmd
}

func serveTwin(dir *string) *cobra.Command {
	return &cobra.Command{
		Use:   "twin",
		Short: "Serve an empty twin until Ctrl-C and print the environment variables for Pulumi",
		Long: `twin serves an empty twin of AWS and Kubernetes and prints shell exports.
With these variables, plain pulumi commands deploy only to the twin. Its world
exists as long as the command runs.`,
		Example: `  rm -f twin.env
  latticectl twin > twin.env &
  until [ -s twin.env ]; do sleep 1; done
  . ./twin.env
  export PATH=$PWD/.cache/bin:$PATH
  export PULUMI_BACKEND_URL=file://$(mktemp -d) PULUMI_CONFIG_PASSPHRASE=rehearsal
  pulumi stack init environment && pulumi up`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			kit, err := toolkit.Open(*dir)
			if err != nil {
				return err
			}
			t, err := twin.Start(cmd.Context())
			if err != nil {
				return err
			}
			env := rehearsal.Environment(kit, t.Attach)
			names := make([]string, 0, len(env))
			for name := range env {
				names = append(names, name)
			}
			slices.Sort(names)
			var exports strings.Builder // written at once: a script that waits for the file finds all of them
			for _, name := range names {
				fmt.Fprintf(&exports, "export %s=%s\n", name, toolkit.Quote(env[name]))
			}
			if _, err := io.WriteString(cmd.OutOrStdout(), exports.String()); err != nil {
				return fmt.Errorf("printing the environment: %w", err)
			}
			_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "serving the twin; press Ctrl-C to stop it and discard its world")
			<-cmd.Context().Done()
			return nil
		},
	}
}

func policies() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "policies",
		Short: "Say in words who may call whom, from auth policies on standard input",
		Long: `policies reads IAMAuthPolicies, as kubectl prints them in JSON, from standard
input. It prints whom they admit to which application. A request also needs the
policies of the service network and of the caller's role.`,
		Example: `  kubectl get iamauthpolicies -A -o json | latticectl policies`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if isTerminal(cmd.InOrStdin()) {
				return errors.New("standard input is a terminal; pipe policies into the command: " +
					"kubectl get iamauthpolicies -A -o json | latticectl policies")
			}
			rules, err := authpolicy.Read(cmd.InOrStdin())
			if err != nil {
				return err
			}
			if asJSON {
				return authpolicy.WriteJSON(cmd.OutOrStdout(), rules)
			}
			authpolicy.WriteTable(cmd.OutOrStdout(), rules)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array instead")
	return cmd
}

func laws() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "laws",
		Short: "Print the laws that the twin enforces, as the Markdown of docs/twin.md",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON {
				return writeLawsJSON(cmd.OutOrStdout())
			}
			return writeLaws(cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array instead")
	return cmd
}

func languageHost() *cobra.Command {
	cmd := &cobra.Command{
		Use:                "language-host",
		Short:              "Run Go programs for a Pulumi engine that comes without pulumi-language-go",
		Hidden:             true,
		DisableFlagParsing: true, // the engine passes flags of its own hosts, which mean nothing here
		RunE: func(cmd *cobra.Command, args []string) error {
			engine := ""
			if n := len(args); n > 0 && !strings.HasPrefix(args[n-1], "-") {
				engine = args[n-1]
			}
			return languagehost.Serve(cmd.Context(), engine, cmd.OutOrStdout())
		},
	}
	return cmd
}

func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding %s: %w", path, err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

func writeHTML(path string, found *report.Report) error {
	var page bytes.Buffer
	if err := found.WriteHTML(&page); err != nil {
		return err
	}
	if err := os.WriteFile(path, page.Bytes(), 0o600); err != nil {
		return fmt.Errorf("writing what was asked for: %w", err)
	}
	return nil
}

// writable checks, before a rehearsal, that a file can be written after it.
func writable(flag, path string) error {
	if path == "" {
		return nil
	}
	_, missing := os.Stat(path)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("%s: %w; give a file in an existing folder", flag, err)
	}
	err = f.Close()
	if errors.Is(missing, os.ErrNotExist) {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
