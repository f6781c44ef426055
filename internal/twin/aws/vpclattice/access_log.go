package vpclattice

import (
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/logs"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var lawAccessLog = law.New(law.Lattice, "access-log-destination",
	"An access log subscription needs an existing resource and log group, and a resource has one per type of destination.",
	"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_CreateAccessLogSubscription.html")

var _ = cloud.DefineType(cloud.Type[*AccessLogSubscription]{
	Schema: cloud.Schema{
		Token:    "aws:vpclattice/accessLogSubscription:AccessLogSubscription",
		Required: []string{"destinationArn", "resourceIdentifier"},
		ForceNew: []string{"destinationArn", "resourceIdentifier", "serviceNetworkLogType"},
	},
	Table: Subscriptions,
	Create: func(r *cloud.Request) (*AccessLogSubscription, error) {
		at, ok := authPolicyOf(r.Account, r.Str("resourceIdentifier"))
		if !ok {
			return nil, notFound(r.Str("resourceIdentifier"))
		}
		to := strings.TrimSuffix(r.Str("destinationArn"), ":*")
		if strings.Contains(to, ":logs:") && logs.Groups.ByARN(r.Account, to) == nil {
			return nil, lawAccessLog.Refuse("ValidationException", "Log group %s does not exist", to)
		}
		for _, other := range Subscriptions.All(r.Account) {
			if other.ResourceARN == at.arn && strings.Contains(other.DestinationARN, ":logs:") == strings.Contains(to, ":logs:") {
				return nil, lawAccessLog.Refuse("ConflictException",
					"%s already has an access log subscription for this type of destination (%s)", at.arn, other.ID)
			}
		}
		return &AccessLogSubscription{Meta: r.Identified("als", "vpc-lattice", "accesslogsubscription", ""),
			ResourceARN: at.arn, DestinationARN: to}, nil
	},
	Outputs: func(r *cloud.Request, s *AccessLogSubscription) engine.Props {
		return engine.Props{"arn": s.ARN, "resourceArn": s.ResourceARN, "serviceNetworkLogType": r.Or("serviceNetworkLogType", "SERVICE")}
	},
})
