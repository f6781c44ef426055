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
	Object{
		Key:         "service",
		Item:        "service",
		Fields:      Service,
		Description: "Service that somebody else deploys into the namespace, instead of pods of the stack. Needs the namespace in namespaces.",
	},
	String{
		Key:         "serviceAccount",
		Default:     names.DefaultServiceAccount,
		Check:       check.ServiceAccount,
		Description: "Service account of the pods. The stack creates it. With service, give the one that exists if its pods call others.",
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
	String{
		Key:     "protocol",
		Default: names.ProtocolHTTP,
		Check: check.OneOf("is not a protocol of applications", names.ProtocolHTTP, names.ProtocolHTTP2,
			names.ProtocolGRPC),
		Description: "What the application speaks, without TLS: http, which is HTTP/1.1, http2 or grpc. From or to grpc needs another name.",
	},
	Object{
		Key:         "healthCheck",
		Item:        "health check",
		Fields:      HealthCheck,
		Description: "How VPC Lattice checks the pods. Without it, it requests / and expects 200 for http, and checks nothing for http2.",
	},
	Objects{
		Key:         "versions",
		Item:        "version",
		Fields:      Version,
		Description: "Versions that run side by side and share the requests by their weights. Without them, there is one, v1.",
	},
	Objects{
		Key:         "routes",
		Item:        "route",
		Fields:      Route,
		Description: "Requests that go to one version. The first route that matches wins; weights share all others.",
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
		Missing:     "is empty: nobody could call the application; name a cluster and a namespace, or a role",
		Description: "Callers of the application. All others are refused. Required.",
	},
})...)

// HealthCheck has the fields of healthCheck. Ranges and defaults are VPC Lattice's.
// https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_HealthCheckConfig.html
var HealthCheck = (&Section{Title: "The health check of an application", Fields: true}).with(
	Choice{
		Key:         "enabled",
		Description: "Whether VPC Lattice checks the pods. False sends requests to all of them.",
	},
	String{
		Key:         "path",
		Default:     "/",
		Check:       check.HealthPath,
		Description: "Path that VPC Lattice requests.",
	},
	Int{
		Key:         "port",
		Check:       check.AppPort,
		Description: "Port that VPC Lattice checks. Empty means the application's.",
	},
	String{
		Key:         "protocol",
		Default:     "http",
		Check:       check.OneOf("is not a protocol of health checks", "http", "https"),
		Description: "Protocol of the check: http or https.",
	},
	String{
		Key:         "matcher",
		Default:     "200",
		Check:       check.StatusCodes,
		Description: "Status codes of a healthy pod, such as 200-299,301.",
	},
	Int{
		Key:         "interval",
		Default:     30,
		Check:       check.Between(5, 300, " seconds"),
		Description: "Seconds between two checks, 5 to 300.",
	},
	Int{
		Key:         "timeout",
		Default:     5,
		Check:       check.Between(1, 120, " seconds"),
		Description: "Seconds until a check without an answer fails, 1 to 120.",
	},
	Int{
		Key:         "healthyThreshold",
		Default:     5,
		Check:       check.Between(2, 10, ""),
		Description: "Successful checks in a row after which an unhealthy pod is healthy, 2 to 10.",
	},
	Int{
		Key:         "unhealthyThreshold",
		Default:     2,
		Check:       check.Between(2, 10, ""),
		Description: "Failed checks in a row after which a pod is unhealthy, 2 to 10.",
	},
)
