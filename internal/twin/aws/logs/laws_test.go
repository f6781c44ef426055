package logs_test

import (
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law/lawtest"
)

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, []lawtest.Counterexample{
		awstest.Refuses("log-group", "ResourceAlreadyExistsException", "The specified log group already exists", func(p *awstest.Program) error {
			p.Up(awstest.LogGroup, "logs", engine.Props{"name": "logs", "retentionInDays": 30})
			return p.Try(awstest.LogGroup, "again", engine.Props{"name": "logs"})
		}),
	})
}

func TestRetention(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Refused(p.Try(awstest.LogGroup, "logs", engine.Props{"retentionInDays": 31}), "log-group", "", "expected retention_in_days to be one of")
}

// A group that is not destroyed is a leftover.
func TestSkipDestroy(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Up(awstest.LogGroup, "logs", engine.Props{"name": "logs", "skipDestroy": true})
	p.Down("logs")
	p.Leftovers("logs log group logs")
}
