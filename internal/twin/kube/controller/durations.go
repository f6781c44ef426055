package controller

import "eks-lattice/internal/twin/law"

// LawDurations is the reason of the durations of Kubernetes objects and releases.
var LawDurations = law.New(law.Time, "kubernetes-durations",
	"Creating and deleting an object or a release takes its modelled duration on the virtual clock.",
	"https://www.gateway-api-controller.eks.aws.dev/latest/guides/getstarted/")
