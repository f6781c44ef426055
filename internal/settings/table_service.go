package settings

import "eks-lattice/internal/check"

// Service has the fields of service.
var Service = (&Section{Title: "The service that an application publishes", Fields: true}).with(
	String{
		Key:         "name",
		Missing:     "is missing",
		Check:       check.ServiceName,
		Description: "Name of the Service in the application's namespace. Required.",
	},
	Int{
		Key:         "port",
		Missing:     "is missing; give a port of the Service",
		Check:       check.Between(1, 65535, ""),
		Description: "Port of the Service, which may differ from that of its pods. Required.",
	},
)
