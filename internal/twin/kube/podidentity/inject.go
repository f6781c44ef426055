package podidentity

import (
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
)

// Inject is EKS's webhook: environment and token for every container of a pod
// whose service account is associated with a role.
// https://github.com/aws/amazon-eks-pod-identity-webhook
func (g *Agent) Inject(r *api.Request) {
	account := obj.Str(r.Object, "spec", "serviceAccountName")
	if account == "" {
		account = "default"
	}
	a := g.Association(r.Key.Namespace, account)
	if a == nil {
		return
	}
	r.Dependencies = append(r.Dependencies, api.Dependency{URN: a.URN, Law: LawAtCreation, Immediate: true, After: associationDelay})
	pod := obj.Copy(r.Object)
	env := []any{
		obj.Map{"name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "regional"},
		obj.Map{"name": "AWS_DEFAULT_REGION", "value": g.mgr.EKS.Region},
		obj.Map{"name": "AWS_REGION", "value": g.mgr.EKS.Region},
		obj.Map{"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": credentialURI},
		obj.Map{"name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "value": tokenDir + "/" + TokenVolume},
	}
	for _, list := range []string{"initContainers", "containers"} {
		for _, container := range obj.Maps(pod, "spec", list) {
			for _, e := range env {
				if !obj.HasNamed(obj.Maps(container, "env"), obj.Str(e.(obj.Map), "name")) {
					container["env"] = append(obj.List(container, "env"), e)
				}
			}
			if !obj.HasNamed(obj.Maps(container, "volumeMounts"), TokenVolume) {
				container["volumeMounts"] = append(obj.List(container, "volumeMounts"),
					obj.Map{"name": TokenVolume, "mountPath": tokenDir, "readOnly": true})
			}
		}
	}
	obj.Set(pod, append(obj.List(pod, "spec", "volumes"), obj.Map{
		"name": TokenVolume, "projected": obj.Map{"defaultMode": int64(420), "sources": []any{obj.Map{
			"serviceAccountToken": obj.Map{"audience": "pods.eks.amazonaws.com", "expirationSeconds": int64(86400), "path": TokenVolume}}}},
	}), "spec", "volumes")
	r.Object = obj.Copy(pod)
}
