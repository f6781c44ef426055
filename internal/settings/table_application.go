package settings

import (
	"slices"

	"eks-lattice/internal/check"
	"eks-lattice/internal/names"
)

// Application has the fields of an item of apps.
var Application = (&Section{Title: "Each application in apps", Fields: true}).with(slices.Concat([]setting{
	String{
		Key:         "name",
		Missing:     "is missing",
		Check:       check.RouteName,
		Description: "First label of the host name, at most 20 characters. Required, unique across clusters.",
	},
	String{
		Key:         "namespace",
		Missing:     "is missing",
		Check:       check.AppNamespace,
		Description: "Namespace of the application, at most 18 characters. Required.",
	},
	String{
		Key:         "serviceAccount",
		Default:     names.DefaultServiceAccount,
		Check:       check.ServiceAccount,
		Description: "Service account of the pods.",
	},
	Int{
		Key:         "replicas",
		Default:     1,
		Check:       check.Between(1, 100, ""),
		Description: "Number of pods.",
	},
	Int{
		Key:         "port",
		Default:     names.DefaultAppPort,
		Check:       check.AppPort,
		Description: "Port on which the application listens.",
	},
}, containerSettings(), []setting{
	Map{
		Key:         "labels",
		Default:     map[string]string{},
		Check:       check.PodLabels,
		Description: "Labels of the pods, besides app and those that Kubernetes recommends.",
	},
	Bool{
		Key:         "directAccess",
		Description: "Lets every pod of the cluster call the application directly, bypassing VPC Lattice and allow.",
	},
	Objects{
		Key:         "allow",
		Item:        "caller",
		Fields:      Caller,
		Missing:     "is empty: nobody could call the application; name a cluster and a namespace",
		Description: "Callers of the application. All others are refused. Required.",
	},
})...)
