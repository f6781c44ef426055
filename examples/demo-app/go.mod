module eks-lattice/examples/demo-app

go 1.26
