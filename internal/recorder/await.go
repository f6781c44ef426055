package recorder

import (
	"context"
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
)

// Await returns the text of an output inside a running program. An unknown output
// is an error.
func Await(output pulumi.StringOutput) (string, error) {
	result, err := internals.UnsafeAwaitOutput(context.Background(), output)
	if err != nil {
		return "", err
	}
	text, ok := result.Value.(string)
	if !result.Known || !ok {
		return "", errors.New("the output is unknown")
	}
	return text, nil
}

// Secret reports whether an output is a secret, inside a running program.
func Secret(output pulumi.Output) (bool, error) {
	result, err := internals.UnsafeAwaitOutput(context.Background(), output)
	if err != nil {
		return false, fmt.Errorf("awaiting the output: %w", err)
	}
	return result.Secret, nil
}
