package kms

import "eks-lattice/internal/twin/aws/cloud"

// The calls of the provider are those of
// https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/kms/key.go
// and the actions, resources and condition keys those of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html

var key = cloud.Self(Keys)

var _ = cloud.DefineCalls("aws:kms/key:Key", cloud.Calls{
	Create: []cloud.Call{
		cloud.Does("kms:CreateKey").Tagged(),
		cloud.Does("kms:TagResource", cloud.Fresh("kms", "key")).Tagging(),
	},
	Created: []cloud.Call{
		cloud.Does("kms:PutKeyPolicy", key).Having("policy"),
		cloud.Does("kms:EnableKeyRotation", key).Having("enableKeyRotation"),
	},
	Read: cloud.Each(key, "kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"),
	Update: []cloud.Call{
		cloud.Does("kms:EnableKey", key).When(func(r *cloud.Request) bool { return r.Changed("isEnabled") && r.Flag("isEnabled") }),
		cloud.Does("kms:DisableKey", key).When(func(r *cloud.Request) bool { return r.Changed("isEnabled") && !r.Flag("isEnabled") }),
		cloud.Does("kms:EnableKeyRotation", key).
			When(func(r *cloud.Request) bool { return r.Changed("enableKeyRotation") && r.Flag("enableKeyRotation") }),
		cloud.Does("kms:DisableKeyRotation", key).
			When(func(r *cloud.Request) bool { return r.Changed("enableKeyRotation") && !r.Flag("enableKeyRotation") }),
		cloud.Does("kms:UpdateKeyDescription", key).Changing("description"),
		cloud.Does("kms:PutKeyPolicy", key).Changing("policy"),
		cloud.Does("kms:TagResource", key).Retagging(),
		cloud.Does("kms:UntagResource", key).Untagging(),
	},
	Delete: cloud.Each(key, "kms:ScheduleKeyDeletion", "kms:DescribeKey"),
})
