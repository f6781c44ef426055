package logs

import "eks-lattice/internal/twin/aws/cloud"

// The calls of the provider are those of
// https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/logs/group.go
// and the actions, resources and condition keys those of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html

var group = cloud.Self(Groups)

var _ = cloud.DefineCalls("aws:cloudwatch/logGroup:LogGroup", cloud.Calls{
	Create: []cloud.Call{
		cloud.Does("logs:CreateLogGroup", named).Tagged(),
		cloud.Does("logs:TagResource", named).Tagged().Tagging(),
	},
	Created: []cloud.Call{
		cloud.Does("logs:PutRetentionPolicy", group).When(func(r *cloud.Request) bool { return r.Num("retentionInDays") > 0 }),
	},
	Read: append(cloud.Reads("logs:DescribeLogGroups"), cloud.Does("logs:ListTagsForResource", group)),
	Update: []cloud.Call{
		cloud.Does("logs:PutRetentionPolicy", group).
			When(func(r *cloud.Request) bool { return r.Changed("retentionInDays") && r.Num("retentionInDays") > 0 }),
		cloud.Does("logs:DeleteRetentionPolicy", group).
			When(func(r *cloud.Request) bool { return r.Changed("retentionInDays") && r.Num("retentionInDays") == 0 }),
		cloud.Does("logs:TagResource", group).Retagging(),
		cloud.Does("logs:UntagResource", group).Untagging(),
	},
	Delete: []cloud.Call{cloud.Does("logs:DeleteLogGroup", group).When(func(r *cloud.Request) bool { return !r.Flag("skipDestroy") })},
})

func named(r *cloud.Request) []cloud.Target {
	return []cloud.Target{{ARN: r.ARN("logs", "log-group:"+r.Str("name"))}}
}

// Delivering are the calls that a service makes in the caller's name to have its
// logs delivered to a log group.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-CWL.html
func Delivering() []cloud.Call {
	return cloud.Reads("logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
		"logs:PutResourcePolicy")
}
