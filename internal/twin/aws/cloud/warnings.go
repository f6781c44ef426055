package cloud

import (
	"slices"

	"eks-lattice/internal/twin/law"
)

var warnings []func(*Account) []law.Warning

// Warn declares something that AWS accepts and a user regrets.
func Warn(list func(*Account) []law.Warning) bool {
	warnings = append(warnings, list)
	return true
}

// Warnings are what AWS accepts and a user regrets.
func (a *Account) Warnings() []law.Warning {
	var out []law.Warning
	for _, list := range warnings {
		out = append(out, list(a)...)
	}
	slices.SortFunc(out, law.Warning.Compare)
	return out
}
