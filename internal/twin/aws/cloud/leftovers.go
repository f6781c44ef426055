package cloud

import "slices"

var leftovers []func(*Account) []string

// Leftover declares something that can be left over, besides the records of
// tables.
func Leftover(list func(*Account) []string) bool {
	leftovers = append(leftovers, list)
	return true
}

// Leftovers lists what still exists and did not exist at the start.
func (a *Account) Leftovers() []string {
	var out []string
	for _, list := range leftovers {
		out = append(out, list(a)...)
	}
	slices.Sort(out)
	return out
}

func leftoverLine(what string, m *Meta) string {
	line := what + " " + m.ID
	if m.Name != "" && m.Name != m.ID {
		return line + " (" + m.Name + ")"
	}
	if name := m.Tags["Name"]; name != "" {
		return line + " (" + name + ")"
	}
	return line
}
