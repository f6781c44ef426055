package components

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// kubeconfigFor completes the kubeconfig of the EKS component, and marks it as
// a secret.
func kubeconfigFor(region, cluster string, kubeconfig pulumi.StringOutput) pulumi.StringOutput {
	completed := kubeconfig.ApplyT(func(text string) (string, error) {
		return completeKubeconfig(region, cluster, text)
	}).(pulumi.StringOutput)
	return pulumi.ToSecret(completed).(pulumi.StringOutput)
}

// completeKubeconfig adds the Region to the command that gets a token, which
// otherwise depends on the user's environment. It names cluster, user and context
// after the cluster, so that several kubeconfigs can be merged.
func completeKubeconfig(region, cluster, text string) (string, error) {
	var config struct {
		APIVersion     string           `json:"apiVersion"`
		Kind           string           `json:"kind"`
		CurrentContext string           `json:"current-context"`
		Clusters       []map[string]any `json:"clusters"`
		Contexts       []map[string]any `json:"contexts"`
		Users          []struct {
			Name string `json:"name"`
			User struct {
				Exec map[string]any `json:"exec"`
			} `json:"user"`
		} `json:"users"`
	}
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		return "", fmt.Errorf("reading kubeconfig of %s: %w", cluster, err)
	}
	if len(config.Clusters) != 1 || len(config.Contexts) != 1 || len(config.Users) != 1 {
		return "", fmt.Errorf("reading kubeconfig of %s: it has %d clusters, %d contexts and %d users instead of one each",
			cluster, len(config.Clusters), len(config.Contexts), len(config.Users))
	}
	exec := config.Users[0].User.Exec
	args, _ := exec["args"].([]any)
	exec["args"] = append(args, "--region", region)
	config.Clusters[0]["name"], config.Contexts[0]["name"] = cluster, cluster
	config.Contexts[0]["context"] = map[string]string{"cluster": cluster, "user": cluster}
	config.Users[0].Name, config.CurrentContext = cluster, cluster

	completed, err := json.Marshal(config)
	if err != nil {
		return "", fmt.Errorf("writing kubeconfig of %s: %w", cluster, err)
	}
	return string(completed), nil
}
