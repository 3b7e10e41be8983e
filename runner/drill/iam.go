package drill

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// organization is the management account, which the sample does not hold.
const organization = "999988887777"

// role is an IAM role as its account describes it. Its policies are AWS's own, by name,
// or one of the account's, by document.
type role struct {
	name     string
	assumed  object // principal of its trust policy
	external bool   // asks for an external id
	managed  []string
	inline   map[string]object
	idle     time.Duration // since its last use, at the time of collection
}

// statement allows some actions on everything.
func statement(actions ...string) object {
	return object{"Version": "2012-10-17", "Statement": []object{{"Effect": "Allow", "Action": actions, "Resource": "*"}}}
}

func accountRoot(account string) object {
	return object{"AWS": "arn:aws:iam::" + account + ":root"}
}

const day = 24 * time.Hour

// sampleRoles are who can change things in the accounts. What is wrong with them, and
// nothing else is: OrganizationAccountAccessRole is an administrator without limits, in
// production unused since the account was made.
func sampleRoles(account string) []role {
	roles := []role{
		{name: "OrganizationAccountAccessRole", assumed: accountRoot(organization), managed: []string{"AdministratorAccess"}, idle: 192 * day},
		{name: "SecurityAudit", assumed: accountRoot(platform), external: true, managed: []string{"SecurityAudit"}, idle: 6 * time.Hour},
		{name: "FlowLogsToAthena", assumed: object{"Service": "athena.amazonaws.com"}, idle: 20 * time.Hour,
			inline: map[string]object{"read-logs": statement("s3:GetObject", "s3:ListBucket", "athena:StartQueryExecution", "athena:GetQueryResults")}},
	}
	if account == production {
		return append(roles,
			role{name: "NetworkAdmin", assumed: accountRoot(production), managed: []string{"AmazonVPCFullAccess"}, idle: 3 * day},
			role{name: "DeployPipeline", assumed: accountRoot(platform), external: true, idle: 2 * time.Hour,
				inline: map[string]object{"deploy": statement("ec2:RunInstances", "ec2:TerminateInstances", "ec2:CreateTags", "elasticloadbalancing:*", "autoscaling:*")}},
			role{name: "OrdersApp", assumed: object{"Service": "ec2.amazonaws.com"}, idle: time.Hour,
				inline: map[string]object{"secrets": statement("secretsmanager:GetSecretValue")}})
	}
	roles[0].idle = 12 * day
	return append(roles,
		role{name: "PlatformAdmin", assumed: accountRoot(platform), managed: []string{"PowerUserAccess"}, idle: 7 * time.Hour})
}

// awsPolicies are the AWS managed policies that the roles have, shortened to what they
// are known for.
var awsPolicies = map[string]object{
	"AdministratorAccess": statement("*"),
	"AmazonVPCFullAccess": statement("ec2:AuthorizeSecurityGroupIngress", "ec2:CreateRoute", "ec2:CreateVpc*", "ec2:DeleteVpc*", "ec2:Describe*",
		"ec2:ModifyVpc*", "ec2:RevokeSecurityGroupIngress"),
	"PowerUserAccess": {"Version": "2012-10-17", "Statement": []object{
		{"Effect": "Allow", "NotAction": []string{"iam:*", "organizations:*", "account:*"}, "Resource": "*"},
		{"Effect": "Allow", "Action": []string{"iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole", "iam:ListRoles", "organizations:DescribeOrganization"}, "Resource": "*"},
	}},
	"SecurityAudit": statement("cloudwatch:Describe*", "ec2:Describe*", "iam:Get*", "iam:List*", "s3:GetBucketPolicy", "s3:ListAllMyBuckets"),
}

// authorizationDetails is what `aws iam get-account-authorization-details` prints.
func (s *scenario) authorizationDetails(account string) object {
	var roles []object
	attached := map[string]int{}
	for _, r := range sampleRoles(account) {
		roles = append(roles, s.describeRole(account, r))
		for _, name := range r.managed {
			attached[name]++
		}
	}
	var policies []object
	for _, name := range slices.Sorted(maps.Keys(attached)) {
		policies = append(policies, object{
			"PolicyName": name, "PolicyId": "ANPA" + upper(digest("policy", name)[:17]), "Arn": "arn:aws:iam::aws:policy/" + name, "Path": "/",
			"DefaultVersionId": "v1", "AttachmentCount": attached[name], "PermissionsBoundaryUsageCount": 0, "IsAttachable": true,
			"CreateDate": built, "UpdateDate": built,
			"PolicyVersionList": []object{{"Document": awsPolicies[name], "VersionId": "v1", "IsDefaultVersion": true, "CreateDate": built}},
		})
	}
	return object{"UserDetailList": []object{}, "GroupDetailList": []object{}, "RoleDetailList": roles, "Policies": policies}
}

func (s *scenario) describeRole(account string, r role) object {
	trust := object{"Effect": "Allow", "Principal": r.assumed, "Action": "sts:AssumeRole"}
	if r.external {
		trust["Condition"] = object{"StringEquals": object{"sts:ExternalId": digest("external", account, r.name)[:12]}}
	}
	managed, inline := []object{}, []object{}
	for _, name := range r.managed {
		managed = append(managed, object{"PolicyName": name, "PolicyArn": "arn:aws:iam::aws:policy/" + name})
	}
	for _, name := range slices.Sorted(maps.Keys(r.inline)) {
		inline = append(inline, object{"PolicyName": name, "PolicyDocument": r.inline[name]})
	}
	return object{
		"Path": "/", "RoleName": r.name, "RoleId": "AROA" + upper(digest("role", account, r.name)[:17]), "Arn": fmt.Sprintf("arn:aws:iam::%s:role/%s", account, r.name),
		"CreateDate": built, "InstanceProfileList": []object{}, "Tags": []object{},
		"AssumeRolePolicyDocument": object{"Version": "2012-10-17", "Statement": []object{trust}},
		"RolePolicyList":           inline, "AttachedManagedPolicies": managed,
		"RoleLastUsed": object{"LastUsedDate": s.collected.Add(-r.idle).Format(time.RFC3339), "Region": ireland},
	}
}

func upper(hex string) string {
	letters := []byte(hex)
	for i, c := range letters {
		if c >= 'a' {
			letters[i] = c - 'a' + 'A'
		}
	}
	return string(letters)
}

// compact is JSON on one line, as tools write it that nobody reads.
func compact(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // a value of this package is wrong
	}
	return string(text)
}
