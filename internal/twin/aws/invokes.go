package aws

import (
	"slices"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var lawLookup = law.New(law.References, "lookups-find",
	"A data source that finds nothing is an error.",
	"https://www.pulumi.com/registry/packages/aws/api-docs/")

// invokes are the functions of the package that programs and the EKS component call.
var invokes = map[string]func(r *request) (engine.Props, error){
	"aws:index/getCallerIdentity:getCallerIdentity": func(r *request) (engine.Props, error) {
		return engine.Props{"id": r.ID, "accountId": r.ID, "arn": r.Caller().ARN, "userId": "AIDA0123456789ABCDEFG"}, nil
	},
	"aws:index/getRegion:getRegion": func(r *request) (engine.Props, error) {
		return engine.Props{"id": r.region, "name": r.region, "region": r.region, "description": r.region, "endpoint": "ec2." + r.region + ".amazonaws.com"}, nil
	},
	"aws:index/getPartition:getPartition": func(r *request) (engine.Props, error) {
		return engine.Props{"id": r.Partition, "partition": r.Partition, "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}, nil
	},
	"aws:index/getAvailabilityZones:getAvailabilityZones": getZones,
	"aws:ec2/getManagedPrefixList:getManagedPrefixList":   getPrefixList,
	"aws:ec2/getSubnet:getSubnet":                         getSubnet,
	"aws:ec2/getVpc:getVpc":                               getVPC,
	"aws:eks/getCluster:getCluster":                       getCluster,
	"aws:eks/getAddonVersion:getAddonVersion":             getAddonVersion,
	"aws:eks/getClusterVersions:getClusterVersions":       getClusterVersions,
	"aws:ssm/getParameter:getParameter":                   getParameter,
}

// Invoke answers a function of the package.
func (b backend) Invoke(op *world.Op, inst *engine.Instance, token string, args engine.Props) (engine.Props, error) {
	f := invokes[token]
	if f == nil {
		return nil, lawKnownTypes.Refuse("", "the twin of AWS does not know the function %s", token)
	}
	if err := b.rightAccount(inst); err != nil {
		return nil, err
	}
	if args == nil {
		args = engine.Props{}
	}
	return f(b.request(nil, op, inst, "", text(args["id"]), args, nil))
}

func getZones(r *request) (engine.Props, error) {
	names, ids := []any{}, []any{}
	for _, z := range zones(r.region) {
		if slices.Contains(r.list("excludeNames"), z) || slices.Contains(r.list("excludeZoneIds"), zoneID(z)) {
			continue
		}
		names, ids = append(names, z), append(ids, zoneID(z))
	}
	return merge(r.in, engine.Props{"id": r.region, "names": names, "zoneIds": ids, "groupNames": []any{r.region}}), nil
}

func getPrefixList(r *request) (engine.Props, error) {
	name, id := r.str("name"), r.str("id")
	for _, f := range r.objs("filters") {
		if values := texts(f["values"]); text(f["name"]) == "prefix-list-name" && len(values) == 1 {
			name = values[0]
		}
	}
	list := r.prefixList(r.region, name, id)
	if list == nil {
		return nil, lawLookup.Refuse("", "no matching EC2 Managed Prefix List found (name %q, id %q)", name, id)
	}
	entries := []any{}
	for _, e := range list.Entries {
		entries = append(entries, engine.Props{"cidr": e, "description": ""})
	}
	return merge(r.in, engine.Props{"id": list.ID, "arn": list.ARN, "name": list.Name, "addressFamily": list.Family, "entries": entries,
		"maxEntries": 10, "ownerId": "AWS", "version": 1, "tags": engine.Props{}}), nil
}

func getSubnet(r *request) (engine.Props, error) {
	s, err := r.subnet(r.str("id"))
	if err != nil {
		return nil, err
	}
	return engine.Props{"id": s.ID, "arn": s.ARN, "vpcId": s.VPCID, "cidrBlock": s.CIDR.String(), "availabilityZone": s.Zone,
		"availabilityZoneId": zoneID(s.Zone), "mapPublicIpOnLaunch": s.MapPublicIP, "ownerId": r.ID, "state": "available",
		"tags": s.Tags, "defaultForAz": false}, nil
}

func getVPC(r *request) (engine.Props, error) {
	v, err := r.vpc(r.str("id"))
	if err != nil {
		return nil, err
	}
	return engine.Props{"id": v.ID, "arn": v.ARN, "cidrBlock": v.CIDR.String(), "default": false, "enableDnsHostnames": v.DNSHostnames,
		"enableDnsSupport": v.DNSSupport, "mainRouteTableId": v.MainTableID, "ownerId": r.ID, "state": "available", "tags": v.Tags}, nil
}

func getCluster(r *request) (engine.Props, error) {
	r.id = r.str("name")
	out := clusterOutputs(r)
	if out == nil {
		return nil, lawLookup.Refuse("ResourceNotFoundException", "No cluster found for name: %s.", r.id)
	}
	c := r.eks.clusters[r.id]
	return engine.Props{"id": c.Name, "name": c.Name, "arn": c.ARN, "endpoint": c.Endpoint, "certificateAuthorities": out["certificateAuthorities"],
		"roleArn": c.RoleARN, "status": c.Status, "version": c.Version, "platformVersion": "eks.1", "identities": out["identities"],
		"vpcConfig": out["vpcConfig"], "accessConfigs": []any{out["accessConfig"]}, "tags": c.Tags}, nil
}
