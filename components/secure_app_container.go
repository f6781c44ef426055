package components

import (
	"fmt"

	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/check"
	"eks-lattice/internal/names"
	"eks-lattice/internal/problem"
	"eks-lattice/internal/sidecar"
)

// ContainerArgs configures what runs in a pod.
type ContainerArgs struct {
	// Image of the application. Empty means the demo application.
	Image string `setting:"image"`
	// Env are environment variables by name. EnvFrom is for secrets.
	Env map[string]string `setting:"env"`
	// EnvFrom lists objects of the namespace whose keys become environment variables.
	EnvFrom []EnvSource `setting:"envFrom"`
	// Command is the program that runs, empty for the image's.
	Command []string `setting:"command"`
	// Args are the arguments of the program, empty for the image's.
	Args []string `setting:"args"`
	// Resources replaces the default requests and limits, if given.
	Resources *ResourcesArgs `setting:"resources"`
}

// EnvSource names a Secret or a ConfigMap.
type EnvSource struct {
	Secret    string `setting:"secret"`
	ConfigMap string `setting:"configMap"`
}

// ResourcesArgs are quantities of Kubernetes by the names cpu, memory and
// ephemeral-storage.
type ResourcesArgs struct {
	Requests map[string]string `setting:"requests"`
	Limits   map[string]string `setting:"limits"`
}

var defaultResources = ResourcesArgs{
	Requests: map[string]string{"cpu": "10m", "memory": "32Mi"},
	Limits:   map[string]string{"memory": "256Mi"},
}

// checkArchitecture reports the demo's image on arm64 nodes. That image is for
// x86_64 only, and its containers would end with "exec format error".
func (a *SecureAppArgs) checkArchitecture(found *problem.List) {
	images := map[string]string{"Container.Image": a.Container.Image}
	if len(a.Versions) > 0 {
		images = map[string]string{}
	}
	for i, v := range a.Versions {
		images[fmt.Sprintf("Versions[%d].Image", i)] = v.Image
	}
	for _, path := range sortedKeys(images) {
		if a.Namespace.Cluster.Architecture == arm64 && images[path] == names.DefaultAppImage {
			found.Add(path, images[path], "has no arm64 version, but the nodes of %s are arm64; give an image that has one, "+
				"such as yours of examples/demo-app", a.Namespace.Cluster.Name)
		}
	}
}

// problems returns what is wrong with several arguments together. Each by itself
// is checked by its setting.
func (c *ContainerArgs) problems() problem.List {
	var found problem.List
	for i, source := range c.EnvFrom {
		at := fmt.Sprintf("EnvFrom[%d]", i)
		switch {
		case source == EnvSource{}:
			found.Missing(at, "names nothing; give secret or configMap")
		case source.Secret != "" && source.ConfigMap != "":
			found.Missing(at, "names a Secret and a ConfigMap; give one of them, and the other one in an item of its own")
		}
		for _, other := range c.EnvFrom[:i] {
			if other == source {
				found.Missing(at, "is listed twice")
			}
		}
	}
	if r := c.Resources; r != nil {
		check.WithinLimits(&found, "Resources.Requests", r.Requests, r.Limits)
	}
	return found
}

// env returns the variables in the order of their names, because equal programs
// must send equal containers.
func (c *ContainerArgs) env(defaults map[string]string, secret bool) corev1.EnvVarArray {
	all := map[string]pulumi.StringInput{}
	for name, value := range defaults {
		all[name] = pulumi.String(value)
	}
	for name, value := range c.Env {
		all[name] = pulumi.String(value)
		if secret {
			all[name] = pulumi.ToSecret(pulumi.String(value)).(pulumi.StringOutput)
		}
	}
	variables := make(corev1.EnvVarArray, 0, len(all))
	for _, name := range sortedKeys(all) {
		variables = append(variables, corev1.EnvVarArgs{Name: pulumi.String(name), Value: all[name]})
	}
	return variables
}

func (c *ContainerArgs) envFrom() corev1.EnvFromSourceArrayInput {
	if len(c.EnvFrom) == 0 {
		return nil
	}
	sources := make(corev1.EnvFromSourceArray, len(c.EnvFrom))
	for i, source := range c.EnvFrom {
		if source.Secret != "" {
			sources[i] = corev1.EnvFromSourceArgs{SecretRef: corev1.SecretEnvSourceArgs{Name: pulumi.String(source.Secret)}}
		} else {
			sources[i] = corev1.EnvFromSourceArgs{ConfigMapRef: corev1.ConfigMapEnvSourceArgs{Name: pulumi.String(source.ConfigMap)}}
		}
	}
	return sources
}

func (c *ContainerArgs) resources() corev1.ResourceRequirementsPtrInput {
	r := defaultResources
	if c.Resources != nil {
		r = *c.Resources
	}
	requirements := corev1.ResourceRequirementsArgs{}
	if len(r.Requests) > 0 {
		requirements.Requests = pulumi.ToStringMap(r.Requests)
	}
	if len(r.Limits) > 0 {
		requirements.Limits = pulumi.ToStringMap(r.Limits)
	}
	return requirements
}

// words returns nil for an empty list, which leaves the image's own words in place.
func words(list []string) pulumi.StringArrayInput {
	if len(list) == 0 {
		return nil
	}
	return pulumi.ToStringArray(list)
}

// container is the application's container. The injection policy adds the proxy's.
func (a *workload) container() corev1.ContainerArgs {
	c := a.args.Container
	var ports corev1.ContainerPortArray
	for _, port := range a.ports() {
		ports = append(ports, corev1.ContainerPortArgs{ContainerPort: pulumi.Int(port)})
	}
	return corev1.ContainerArgs{
		Name:    pulumi.String(a.version()),
		Image:   pulumi.String(a.cluster().Sources.image(c.Image)),
		Command: words(c.Command),
		Args:    words(c.Args),
		Env:     c.env(map[string]string{"PodName": "Hello from " + a.version()}, a.args.SecretEnv),
		EnvFrom: c.envFrom(),
		Ports:   ports,
		// Fails if the pod has no proxy, which the proxy's own probe cannot.
		StartupProbe: corev1.ProbeArgs{
			HttpGet: corev1.HTTPGetActionArgs{
				Path: pulumi.String(sidecar.ReadyPath),
				Port: pulumi.Int(sidecar.ReadyPort),
			},
			PeriodSeconds:    pulumi.Int(1),
			FailureThreshold: pulumi.Int(60),
		},
		ReadinessProbe: a.readiness(),
		Lifecycle: corev1.LifecycleArgs{
			PreStop: corev1.LifecycleHandlerArgs{Sleep: corev1.SleepActionArgs{Seconds: pulumi.Int(drainSeconds)}},
		},
		Resources: c.resources(),
		SecurityContext: corev1.SecurityContextArgs{
			AllowPrivilegeEscalation: pulumi.Bool(false),
			Capabilities:             corev1.CapabilitiesArgs{Drop: pulumi.ToStringArray([]string{"ALL"})},
			SeccompProfile:           corev1.SeccompProfileArgs{Type: pulumi.String("RuntimeDefault")},
		},
	}
}
