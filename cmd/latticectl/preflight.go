package main

import (
	"context"

	"github.com/spf13/cobra"

	"eks-lattice/cmd/latticectl/internal/preflight"
	"eks-lattice/cmd/latticectl/internal/rehearsal"
	"eks-lattice/cmd/latticectl/internal/toolkit"
)

func preflightCommand(dir *string) *cobra.Command {
	var overlay string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "preflight",
		Short: "Check whether a deployment would work in your AWS account, without creating anything",
		Long: `preflight rehearses the stacks to find out what they need, and compares that
with the account of the AWS credentials in the environment: Region, quotas, names,
permissions, and the tools of this machine. All of its calls to AWS read.

Exit codes: 0 nothing speaks against a deployment, 1 it would fail, 2 the command
could not start, 130 interrupted.`,
		Example: `  AWS_PROFILE=sandbox latticectl preflight
  latticectl preflight --stacks examples/three-clusters
  latticectl preflight --json > preflight.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := toolkit.IsProject(*dir); err != nil {
				return err
			}
			stderr := cmd.ErrOrStderr()
			progress := rehearsal.NewProgress(stderr, isTerminal(stderr))
			found, err := preflight.Run(cmd.Context(), preflight.Options{
				Project: *dir, Progress: progress,
				Ask: func(ctx context.Context, kit *toolkit.Kit) (*rehearsal.Needs, error) {
					return rehearsal.Ask(ctx, rehearsal.Options{Kit: kit, Overlay: overlay, Progress: progress})
				},
			})
			progress.Stop()
			if err != nil {
				return err
			}
			if asJSON {
				err = preflight.WriteJSON(cmd.OutOrStdout(), found)
			} else {
				preflight.WriteTable(cmd.OutOrStdout(), found)
			}
			if err == nil && !found.OK {
				return errFailed
			}
			return err
		},
	}
	cmd.Flags().StringVar(&overlay, "stacks", "", "folder with Pulumi.<stack>.yaml files that replace the project's or add to them")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON instead")
	return cmd
}
