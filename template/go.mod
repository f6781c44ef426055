module ${PROJECT}

go 1.26

require (
	eks-lattice v0.0.0
	github.com/pulumi/pulumi/sdk/v3 v3.245.0
)

// eks-lattice is not published under a URL: this is a clone beside the project.
replace eks-lattice => ../eks-lattice
