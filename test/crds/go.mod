module eks-lattice/test/crds

go 1.26
