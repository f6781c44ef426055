package eks

import (
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var lawEntryRefs = law.New(law.Access, "access-entry-references",
	"An access entry needs an existing cluster, a principal that exists and has no entry yet, and an authentication mode with API.",
	"https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html")

var _ = cloud.DefineType(cloud.Type[*AccessEntry]{
	Schema: cloud.Schema{
		Token:    "aws:eks/accessEntry:AccessEntry",
		Required: []string{"clusterName", "principalArn"},
		ForceNew: []string{"clusterName", "principalArn", "type"},
		Sets:     []string{"kubernetesGroups"},
		Defaults: engine.Props{"type": "STANDARD"},
		Refers:   ofCluster(lawEntryRefs),
	},
	Table: Entries,
	Create: func(r *cloud.Request) (*AccessEntry, error) {
		c := Clusters.Get(r.Account, r.Str("clusterName"))
		e := newEntry(r.Account, c, r.Str("principalArn"))
		e.URN, e.Type, e.Groups, e.Username = r.URN, r.Str("type"), r.List("kubernetesGroups"), r.Str("userName")
		e.Tags = r.Tags()
		switch {
		case c.AuthMode == modeConfigMap:
			return nil, lawEntryRefs.Refuse("InvalidRequestException",
				"The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.")
		case Entries.Get(r.Account, e.ID) != nil:
			return nil, lawEntryRefs.Refuse("ResourceInUseException", "The specified access entry resource is already in use on this cluster.")
		case e.PrincipalARN != r.Caller().Entity() && roles.Roles.ByARN(r.Account, e.PrincipalARN) == nil:
			return nil, lawEntryRefs.Refuse("InvalidParameterException", "The specified principalArn is invalid: invalid principal.")
		}
		for _, g := range e.Groups {
			if strings.HasPrefix(g, "system:") {
				return nil, lawEntryRefs.Refuse("InvalidParameterException",
					"The kubernetes group name %s is invalid, it cannot start with system:", g)
			}
		}
		return e, nil
	},
	Update: func(r *cloud.Request, e *AccessEntry) error {
		e.Groups, e.Username = r.List("kubernetesGroups"), r.Str("userName")
		return nil
	},
	Outputs: func(_ *cloud.Request, e *AccessEntry) engine.Props {
		user := e.Username
		if user == "" {
			user = e.PrincipalARN
		}
		return engine.Props{"accessEntryArn": e.ARN, "userName": user, "createdAt": "", "modifiedAt": "", "type": e.Type,
			"kubernetesGroups": cloud.List(e.Groups)}
	},
})
