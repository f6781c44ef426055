package ec2

import (
	"crypto/sha256"
	"encoding/hex"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
)

// PrefixList is a prefix list that AWS manages.
type PrefixList struct {
	ID, Name, Family, ARN string
	Entries               []string
}

// prefixLists are the AWS-managed lists that the twin knows. Lattice's holds
// link-local addresses: https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html
func prefixLists(a *cloud.Account, region string) []*PrefixList {
	list := func(name, family string, entries ...string) *PrefixList {
		sum := sha256.Sum256([]byte(name))
		id := "pl-" + hex.EncodeToString(sum[:])[:17]
		return &PrefixList{ID: id, Name: name, Family: family, ARN: a.ARN("ec2", region, "aws", "prefix-list/"+id), Entries: entries}
	}
	return []*PrefixList{
		list("com.amazonaws."+region+".vpc-lattice", "IPv4", "169.254.171.0/24", "129.224.0.0/17"),
		list("com.amazonaws."+region+".ipv6.vpc-lattice", "IPv6", "fd00:ec2:80::/64"),
		list("com.amazonaws."+region+".s3", "IPv4", "52.219.60.0/23"),
		list("com.amazonaws."+region+".dynamodb", "IPv4", "52.94.6.0/24"),
	}
}

// prefixList finds one by name or by id.
func prefixList(a *cloud.Account, region, name, id string) *PrefixList {
	for _, p := range prefixLists(a, region) {
		if p.ID == id || p.Name == name {
			return p
		}
	}
	return nil
}

var _ = cloud.DefineFunction("aws:ec2/getManagedPrefixList:getManagedPrefixList", func(r *cloud.Request) (engine.Props, error) {
	name, id := r.Str("name"), r.Str("id")
	for _, f := range r.Objs("filters") {
		if values := cloud.Texts(f["values"]); cloud.Text(f["name"]) == "prefix-list-name" && len(values) == 1 {
			name = values[0]
		}
	}
	list := prefixList(r.Account, r.Region, name, id)
	if list == nil {
		return nil, cloud.LawLookup.Refuse("", "no matching EC2 Managed Prefix List found (name %q, id %q)", name, id)
	}
	entries := []any{}
	for _, e := range list.Entries {
		entries = append(entries, engine.Props{"cidr": e, "description": ""})
	}
	return cloud.Merge(r.In, engine.Props{"id": list.ID, "arn": list.ARN, "name": list.Name, "addressFamily": list.Family,
		"entries": entries, "maxEntries": 10, "ownerId": "AWS", "version": 1, "tags": engine.Props{}}), nil
})
