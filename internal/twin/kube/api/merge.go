package api

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/merge"
	"sigs.k8s.io/structured-merge-diff/v6/typed"

	"eks-lattice/internal/twin/kube/obj"
)

// oneVersion is the converter of a merge: every kind is stored as it came.
type oneVersion struct{}

func (oneVersion) Convert(o *typed.TypedValue, _ fieldpath.APIVersion) (*typed.TypedValue, error) {
	return o, nil
}
func (oneVersion) IsMissingVersionError(error) bool { return false }

var updater = (&merge.UpdaterBuilder{Converter: oneVersion{}, ReturnInputOnNoop: true}).BuildUpdater()

func mergeApplied(k kind, key Key, live *Object, content obj.Map, manager string, force bool) (obj.Map, fieldpath.ManagedFields, error) {
	obj.Delete(content, "metadata", "managedFields")
	if status := content["status"]; status != nil && (k.custom == nil || k.custom.Status) {
		delete(content, "status") // the main resource does not write the status
	}
	config, err := typedOf(k, content)
	if err != nil {
		return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("failed to create typed patch object (%s; %s, Kind=%s): %s",
			strings.TrimPrefix(key.Namespace+"/"+key.Name, "/"), k.gvk.GroupVersion(), k.gvk.Kind, trim(err)))
	}
	base, managers := obj.Map{"apiVersion": content["apiVersion"], "kind": content["kind"]}, fieldpath.ManagedFields{}
	if live != nil {
		base = obj.Copy(live.Content)
		base["apiVersion"] = content["apiVersion"]
		managers = live.managers.Copy()
	}
	liveTyped, err := typedOf(k, base)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the stored %s: %w", key, err)
	}
	merged, managers, err := updater.Apply(liveTyped, config, fieldpath.APIVersion(k.gvk.GroupVersion().String()), managers, manager, force)
	if err != nil {
		var conflicts merge.Conflicts
		if errors.As(err, &conflicts) {
			return nil, nil, conflictError(k, conflicts)
		}
		return nil, nil, err
	}
	if merged == nil { // nothing changes
		return base, managers, nil
	}
	value, ok := merged.AsValue().Unstructured().(obj.Map)
	if !ok {
		return nil, nil, fmt.Errorf("the merged %s is no object", key)
	}
	return obj.Copy(value), managers, nil
}

// trim keeps the first of the errors that a typed conversion reports, which
// come as lines.
func trim(err error) string {
	return strings.TrimSpace(strings.ReplaceAll(err.Error(), "errors:\n  ", ""))
}

// conflictError words conflicts as the API server does.
func conflictError(k kind, conflicts merge.Conflicts) error {
	owners := map[string][]string{}
	for _, c := range conflicts {
		owners[c.Manager] = append(owners[c.Manager], c.Path.String())
	}
	var parts []string
	for _, m := range slices.Sorted(maps.Keys(owners)) {
		paths := slices.Sorted(slices.Values(owners[m]))
		if len(paths) == 1 {
			parts = append(parts, fmt.Sprintf("conflict with %q using %s: %s", m, k.gvk.GroupVersion(), paths[0]))
		} else {
			parts = append(parts, fmt.Sprintf("conflicts with %q using %s:\n- %s", m, k.gvk.GroupVersion(), strings.Join(paths, "\n- ")))
		}
	}
	noun := "conflict"
	if len(conflicts) > 1 {
		noun = "conflicts"
	}
	return apierrors.NewApplyConflict(nil, fmt.Sprintf("Apply failed with %d %s: %s", len(conflicts), noun, strings.Join(parts, "\n")))
}
