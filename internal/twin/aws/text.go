package aws

import (
	"slices"
	"strings"
)

func joined(list []string) string { return strings.Join(list, ", ") }

func dashed(ip string) string { return strings.ReplaceAll(ip, ".", "-") }

// unique sorts and leaves out empty and repeated strings.
func unique(list []string) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
	slices.Sort(list)
	return slices.Compact(list)
}

// zoneID is the id of an availability zone: "apne2-az1" for "ap-northeast-2a".
func zoneID(zone string) string {
	parts := strings.Split(zone[:len(zone)-1], "-")
	if len(parts) != 3 {
		return zone
	}
	direction := map[string]string{"northeast": "ne", "southeast": "se", "northwest": "nw", "southwest": "sw",
		"north": "n", "south": "s", "east": "e", "west": "w", "central": "c"}[parts[1]]
	return parts[0] + direction + parts[2] + "-az" + string('1'+(zone[len(zone)-1]-'a'))
}
