package components

import "maps"

// podLabel is the label by which Deployment, Service and NetworkPolicy select pods.
const podLabel = "app"

// Labels that Kubernetes recommends for all objects.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
const recommended = "app.kubernetes.io/"

// labelsOfProject are those of everything that applications consist of.
func labelsOfProject() map[string]string {
	return map[string]string{recommended + "managed-by": "pulumi", recommended + "part-of": "eks-lattice"}
}

// labels are those of all objects of the application.
func (a *SecureApp) labels() map[string]string {
	labels := labelsOfProject()
	labels[recommended+"name"] = a.args.Name
	labels[recommended+"instance"] = a.args.Name + "-" + a.args.Namespace.Name
	return labels
}

// selector selects the pods of the application. A Deployment's cannot change.
func (a *workload) selector() map[string]string { return map[string]string{podLabel: a.version()} }

// labelsOfVersion are those of the objects that select pods, and of the pods.
func (a *workload) labelsOfVersion() map[string]string {
	labels := a.labels()
	maps.Copy(labels, a.selector())
	labels[recommended+"version"] = a.versionName
	return labels
}

// labelsOfPods are labelsOfVersion and the user's. The user's win, except over the
// selector's, which the check refuses.
func (a *workload) labelsOfPods() map[string]string {
	labels := a.labelsOfVersion()
	maps.Copy(labels, a.args.Labels)
	return labels
}

// untyped returns labels as part of a manifest.
func untyped(labels map[string]string) map[string]any {
	values := map[string]any{}
	for key, value := range labels {
		values[key] = value
	}
	return values
}
