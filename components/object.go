package components

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// object is a Kubernetes object that the typed SDK does not have, or whose package
// would take every user minutes to compile.
type object struct {
	pulumi.CustomResourceState
}

// newObject registers a manifest. Its values may be inputs at any depth.
func newObject(ctx *pulumi.Context, name string, manifest map[string]any, opts ...pulumi.ResourceOption) (*object, error) {
	token := fmt.Sprintf("kubernetes:%s:%s", manifest["apiVersion"], manifest["kind"])
	var o object
	if err := ctx.RegisterResource(token, name, kubernetes.UntypedArgs(manifest), &o, opts...); err != nil {
		return nil, err
	}
	return &o, nil
}

// annotationAppears waits until a controller has set an annotation.
func annotationAppears(key string) string {
	return fmt.Sprintf("jsonpath={.metadata.annotations['%s']}", key)
}

// timeouts sets the same time limit for create, update and delete.
func timeouts(d time.Duration) pulumi.ResourceOption {
	text := strconv.Itoa(int(d.Minutes())) + "m"
	return pulumi.Timeouts(&pulumi.CustomTimeouts{Create: text, Update: text, Delete: text})
}

// nameTag returns the tag that the AWS console shows in the Name column. All other
// tags are the provider's default tags, which apply to every resource.
func nameTag(name string) pulumi.StringMap {
	return pulumi.StringMap{"Name": pulumi.String(name)}
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
