module eks-lattice/cmd/latticectl

go 1.26

replace eks-lattice/internal/twin => ../../internal/twin

require (
	eks-lattice/internal/twin v0.0.0
	github.com/gofrs/flock v0.13.0
	github.com/jedib0t/go-pretty/v6 v6.7.8
	github.com/pulumi/pulumi/sdk/v3 v3.245.0
	github.com/spf13/cobra v1.10.2
	google.golang.org/grpc v1.81.0
)
