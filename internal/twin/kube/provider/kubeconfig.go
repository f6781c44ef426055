package provider

import (
	"encoding/json"
	"fmt"

	"sigs.k8s.io/yaml"

	"eks-lattice/internal/twin/kube/obj"
)

// kubeconfig is what the twin needs of one: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
type kubeconfig struct {
	server, ca     string
	tokenFor, role string // what the user's exec plugin asks `aws eks get-token` for
}

func readKubeconfig(v any) (kubeconfig, error) {
	malformed := func(format string, args ...any) error {
		return LawKubeconfig.Refuse("", unreachable+"failed to parse kubeconfig data in `kubernetes:config:kubeconfig`- "+format, args...)
	}
	invalid := func(problem string) error {
		return LawKubeconfig.Refuse("", unreachable+"unable to load Kubernetes client configuration from kubeconfig file. Make sure you have: "+
			"\n\n"+
			" \t • set up the provider as per https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/ \n\n invalid "+
			"configuration: %s", problem)
	}
	var content obj.Map
	switch v := v.(type) {
	case obj.Map:
		content = v
	case string:
		if err := json.Unmarshal([]byte(v), &content); err != nil {
			if err := yaml.Unmarshal([]byte(v), &content); err != nil {
				return kubeconfig{}, malformed("couldn't get version/kind; json parse error: %v", err)
			}
		}
	default:
		return kubeconfig{}, invalid("no configuration has been provided, try setting KUBERNETES_MASTER environment variable")
	}
	context := obj.At(obj.Named(obj.Maps(content, "contexts"), obj.Str(content, "current-context")), "context")
	if context == nil {
		return kubeconfig{}, invalid(fmt.Sprintf("context was not found for specified context: %s", obj.Str(content, "current-context")))
	}
	cluster := obj.At(obj.Named(obj.Maps(content, "clusters"), obj.Str(context, "cluster")), "cluster")
	if cluster == nil {
		return kubeconfig{}, invalid(fmt.Sprintf("cluster %q does not exist", obj.Str(context, "cluster")))
	}
	user := obj.At(obj.Named(obj.Maps(content, "users"), obj.Str(context, "user")), "user")
	if user == nil {
		return kubeconfig{}, invalid(fmt.Sprintf("user %q does not exist", obj.Str(context, "user")))
	}
	k := kubeconfig{server: obj.Str(cluster, "server"), ca: obj.Str(cluster, "certificate-authority-data")}
	args := obj.Strings(user, "exec", "args")
	for i := 0; i+1 < len(args); i++ {
		switch args[i] {
		case "--cluster-name", "--cluster-id", "-i":
			k.tokenFor = args[i+1]
		case "--role-arn", "--role", "-r":
			k.role = args[i+1]
		}
	}
	return k, nil
}
