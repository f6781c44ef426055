package settings

import "eks-lattice/internal/check"

// Version has the fields of an item of versions.
var Version = (&Section{Title: "Each version of an application", Fields: true}).with(
	String{
		Key:         "name",
		Missing:     "is missing",
		Check:       check.VersionName,
		Description: "Last part of the name of Deployment and Service, such as v2. Required.",
	},
	Int{
		Key:         "weight",
		Check:       check.Between(0, 999, ""),
		Description: "Share of the requests, from 0 to 999. Without it, the version gets none, but its pods run.",
	},
	String{
		Key:         "image",
		Check:       check.Image,
		Description: "Image of the version. Empty means the application's.",
	},
	Int{
		Key:         "replicas",
		Check:       check.Between(1, 100, ""),
		Description: "Number of pods. Without it, or with 0, the application's.",
	},
	Map{
		Key:         "env",
		Default:     map[string]string{},
		Check:       check.Env,
		Description: "Environment variables besides the application's, or instead of those of the same name.",
	},
)

// Route has the fields of an item of routes.
var Route = (&Section{Title: "Each route of an application", Fields: true}).with(
	String{
		Key:         "path",
		Check:       check.MatchPath,
		Description: "Path of the requests, with everything below it.",
	},
	String{
		Key:         "exactPath",
		Check:       check.MatchPath,
		Description: "Path of the requests, without anything below it.",
	},
	String{
		Key:         "method",
		Check:       check.Method,
		Description: "HTTP method of the requests.",
	},
	Map{
		Key:         "headers",
		Default:     map[string]string{},
		Check:       check.MatchHeaders,
		Description: "Headers of the requests: values by name, at most 5. Case does not matter.",
	},
	String{
		Key:         "version",
		Check:       check.VersionName,
		Description: "Version that gets the requests. Without it, all versions do, by their weights.",
	},
)
