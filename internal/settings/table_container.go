package settings

import (
	"eks-lattice/internal/check"
)

// containerSettings are the fields of whatever describes a container of its own.
func containerSettings() []setting {
	return []setting{
		String{
			Key:         "image",
			Check:       check.Image,
			Description: "Image that listens on the application's port. Empty means appImage.",
		},
		Map{
			Key:         "env",
			Default:     map[string]string{},
			Check:       check.Env,
			Description: "Environment variables by name. Secrets belong in a Secret, see envFrom.",
		},
		Objects{
			Key:         "envFrom",
			Item:        "envFrom source",
			Fields:      EnvSource,
			Description: "Secrets and ConfigMaps of the namespace whose keys become environment variables.",
		},
		Strings{
			Key:         "command",
			Default:     []string{},
			Description: "Program that the container runs, instead of the image's.",
		},
		Strings{
			Key:         "args",
			Default:     []string{},
			Description: "Arguments of the program, instead of the image's.",
		},
		Object{
			Key:         "resources",
			Item:        "container's resources",
			Fields:      Resources,
			Description: "What the container may use. Without it, it requests 10m cpu and 32Mi memory, and may use 256Mi memory.",
		},
	}
}

// EnvSource has the fields of an item of envFrom.
var EnvSource = (&Section{Title: "Each source in envFrom", Fields: true}).with(
	String{
		Key:         "secret",
		Check:       check.ObjectName,
		Description: "Name of a Secret in the application's namespace. Give this or configMap.",
	},
	String{
		Key:         "configMap",
		Check:       check.ObjectName,
		Description: "Name of a ConfigMap in the application's namespace. Give this or secret.",
	},
)

// Resources has the fields of resources.
var Resources = (&Section{Title: "The resources of a container", Fields: true}).with(
	Quantities{
		Key:         "requests",
		Check:       check.ContainerResources,
		Description: "What a node must have left for the container: cpu, memory and ephemeral-storage. Those not given equal the limit.",
	},
	Quantities{
		Key:         "limits",
		Check:       check.ContainerResources,
		Description: "What the container may use at most: cpu, memory and ephemeral-storage.",
	},
)
