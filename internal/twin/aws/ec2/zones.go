package ec2

import (
	"slices"
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
)

// zoneLetters are those of the Regions that have other zones than a, b and c:
// https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html
var zoneLetters = map[string]string{
	"ap-northeast-1": "acd", "ap-northeast-2": "abcd", "ca-central-1": "abd", "us-east-1": "abcdef", "us-west-1": "ac", "us-west-2": "abcd",
}

// zones returns the availability zones of a Region.
func zones(region string) []string {
	letters := zoneLetters[region]
	if letters == "" {
		letters = "abc"
	}
	out := make([]string, 0, len(letters))
	for _, l := range letters {
		out = append(out, region+string(l))
	}
	return out
}

// ZoneID is the id of an availability zone: "apne2-az1" for "ap-northeast-2a".
func ZoneID(zone string) string {
	parts := strings.Split(zone[:len(zone)-1], "-")
	if len(parts) != 3 {
		return zone
	}
	direction := map[string]string{"northeast": "ne", "southeast": "se", "northwest": "nw", "southwest": "sw",
		"north": "n", "south": "s", "east": "e", "west": "w", "central": "c"}[parts[1]]
	return parts[0] + direction + parts[2] + "-az" + string('1'+(zone[len(zone)-1]-'a'))
}

var _ = cloud.DefineFunction("aws:index/getAvailabilityZones:getAvailabilityZones", func(r *cloud.Request) (engine.Props, error) {
	names, ids := []any{}, []any{}
	for _, z := range zones(r.Region) {
		if slices.Contains(r.List("excludeNames"), z) || slices.Contains(r.List("excludeZoneIds"), ZoneID(z)) {
			continue
		}
		names, ids = append(names, z), append(ids, ZoneID(z))
	}
	return cloud.Merge(r.In, engine.Props{"id": r.Region, "names": names, "zoneIds": ids, "groupNames": []any{r.Region}}), nil
})
