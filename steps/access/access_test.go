package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

type m = map[string]any

const account = "111122223333"

var now = time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)

type fake []m

func (f fake) Read(_ context.Context, operation string, _ map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		if f == nil {
			yield(nil, &steps.Missing{What: "the answer of " + operation})
		}
		for _, page := range f {
			if !yield(page, nil) {
				return
			}
		}
	}
}

// policy parses the text of a policy as JSON: what stands in it is what IAM would see.
func policy(text string) m {
	var document m
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		panic(err)
	}
	return document
}

func allow(actions string, resource string) m {
	var list []any
	for _, action := range strings.Fields(actions) {
		list = append(list, action)
	}
	return m{"Statement": []any{m{"Effect": "Allow", "Action": list, "Resource": resource}}}
}

// account world: what the tests build an answer from.
type world struct{ users, groups, roles, policies []any }

func (w *world) page() m {
	list := func(l []any) []any { return append([]any{}, l...) }
	return m{"UserDetailList": list(w.users), "GroupDetailList": list(w.groups), "RoleDetailList": list(w.roles), "Policies": list(w.policies), "IsTruncated": false}
}

func arn(kind, name string) string { return "arn:aws:iam::" + account + ":" + kind + "/" + name }

func (w *world) user(name string, document any, more ...any) {
	u := m{"UserName": name, "Arn": arn("user", name), "CreateDate": "2020-01-01T00:00:00+00:00"}
	if document != nil {
		u["UserPolicyList"] = []any{m{"PolicyName": "p", "PolicyDocument": document}}
	}
	w.users = append(w.users, with(u, more))
}

func (w *world) role(name string, document, trust any, more ...any) {
	if trust == nil {
		trust = policy(`{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}}`)
	}
	r := m{"RoleName": name, "Arn": arn("role", name), "CreateDate": "2020-01-01T00:00:00+00:00", "AssumeRolePolicyDocument": trust}
	if document != nil {
		r["RolePolicyList"] = []any{m{"PolicyName": "p", "PolicyDocument": document}}
	}
	w.roles = append(w.roles, with(r, more))
}

func (w *world) managed(name string, document any) string {
	w.policies = append(w.policies, m{"PolicyName": name, "Arn": arn("policy", name), "PolicyVersionList": []any{
		m{"VersionId": "v1", "IsDefaultVersion": false, "Document": allow("*", "*")},
		m{"VersionId": "v2", "IsDefaultVersion": true, "Document": document}}})
	return arn("policy", name)
}

func with(fields m, more []any) m {
	for i := 0; i < len(more); i += 2 {
		fields[more[i].(string)] = more[i+1]
	}
	return fields
}

func attached(arns ...string) []any {
	var list []any
	for _, arn := range arns {
		list = append(list, m{"PolicyArn": arn, "PolicyName": "x"})
	}
	return list
}

func boundary(arn string) m {
	return m{"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": arn}
}

func run(t *testing.T, w *world) (Result, steps.Quality) {
	t.Helper()
	s := &Step{Unused: 90}
	result, err := s.Run(context.Background(), steps.Env{Target: steps.Target{Account: account}, Cloud: fake{w.page()}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return result.Value.(Result), result.Quality
}

func named(t *testing.T, result Result, name string) Principal {
	t.Helper()
	i := slices.IndexFunc(result.Principals, func(p Principal) bool { return p.Name == name })
	if i < 0 {
		t.Fatalf("there is no %s", name)
	}
	return result.Principals[i]
}

func TestWhatAPrincipalCanChange(t *testing.T) {
	boxed := func(limit any, document any) func(w *world) {
		return func(w *world) { w.user("u", document, "PermissionsBoundary", boundary(w.managed("limit", limit))) }
	}
	inline := func(document any) func(w *world) { return func(w *world) { w.user("u", document) } }
	for _, test := range []struct {
		name  string
		build func(w *world)
		want  []string
	}{
		{"nothing", inline(nil), []string{}},
		{"reading only", inline(allow("ec2:Describe* s3:Get* s3:List* dynamodb:BatchGetItem sts:AssumeRole *:Get*", "*")), []string{}},
		{"one change among them", inline(allow("ec2:Describe* ec2:RunInstances", "*")), []string{"ec2"}},
		{"a pattern that begins like reading", inline(allow("ec2:D*", "*")), []string{"ec2"}},
		{"all of a service", inline(allow("S3:*", "*")), []string{"s3"}},
		{"everything", inline(allow("*", "*")), []string{"*"}},
		{"everything, otherwise", inline(allow("*:* s3:Put*", "*")), []string{"*"}},
		{"on one resource", inline(allow("s3:PutObject", "arn:aws:s3:::a/*")), []string{"s3"}},
		{"all but", inline(policy(`{"Statement": {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}}`)), []string{"*"}},
		{"denied", inline(policy(`{"Statement": [{"Effect": "Allow", "Action": ["s3:*", "ec2:RunInstances"], "Resource": "*"},
			{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}`)), []string{"ec2"}},
		{"denied in part", inline(policy(`{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
			{"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}]}`)), []string{"s3"}},
		{"denied on one resource", inline(policy(`{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
			{"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::a"}]}`)), []string{"s3"}},
		{"denied on a condition", inline(policy(`{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
			{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}]}`)), []string{"s3"}},
		{"denied all but", inline(policy(`{"Statement": [{"Effect": "Allow", "Action": ["s3:*", "ec2:*"], "Resource": "*"},
			{"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}]}`)), []string{"s3"}},
		{"allowed on a condition", inline(policy(`{"Statement": {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*",
			"Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}}`)), []string{"s3"}},
		{"a boundary of another service", boxed(allow("s3:*", "*"), allow("ec2:*", "*")), []string{}},
		{"a boundary of reading", boxed(allow("ec2:Describe*", "*"), allow("ec2:*", "*")), []string{}},
		{"a boundary that narrows everything", boxed(allow("s3:* ec2:Describe*", "*"), allow("*", "*")), []string{"s3"}},
		{"a boundary of all but", boxed(policy(`{"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}`), allow("iam:* ec2:*", "*")), []string{"ec2"}},
		{"a boundary that denies", boxed(policy(`{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}]}`),
			allow("ec2:* s3:*", "*")), []string{"s3"}},
		{"an unknown boundary limits nothing", func(w *world) {
			w.user("u", allow("ec2:*", "*"), "PermissionsBoundary", boundary("arn:aws:iam::aws:policy/Gone"))
		}, []string{"ec2"}},
		{"a managed policy, by its version in force", func(w *world) {
			w.user("u", nil, "AttachedManagedPolicies", attached(w.managed("deploy", allow("lambda:UpdateFunctionCode", "*"))))
		}, []string{"lambda"}},
		{"a group", func(w *world) {
			w.groups = append(w.groups, m{"GroupName": "g", "Arn": arn("group", "g"), "GroupPolicyList": []any{m{"PolicyName": "gp", "PolicyDocument": allow("rds:*", "*")}}})
			w.user("u", nil, "GroupList", []any{"g"})
		}, []string{"rds"}},
		{"text of JSON as the API writes it", func(w *world) {
			text, _ := json.Marshal(allow("kms:PutKeyPolicy", "arn:aws:kms:*:*:key/a+b"))
			w.user("u", url.PathEscape(string(text)))
		}, []string{"kms"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &world{}
			test.build(w)
			result, _ := run(t, w)
			if diff := cmp.Diff(test.want, named(t, result, "u").CanChange); diff != "" {
				t.Error(diff)
			}
		})
	}
}

const lambdaTrust = `{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]}`

func TestWhoIsAnAdministrator(t *testing.T) {
	root := `{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::` + account + `:root"}}}`
	u := func(actions, resource string) func(w *world) {
		return func(w *world) { w.user("u", allow(actions, resource)) }
	}
	// Every world has an administrator's role that Lambda runs as, a policy, and a user.
	for _, test := range []struct {
		name      string
		build     func(w *world)
		want      bool
		escalates bool
		because   string
	}{
		{"all rights", u("*", "*"), true, false, "inline policy p of u allows every action on every resource"},
		{"all rights on one resource", u("*", "arn:aws:s3:::a"), false, false, ""},
		{"AdministratorAccess", func(w *world) {
			w.user("u", nil, "AttachedManagedPolicies", attached("arn:aws:iam::aws:policy/AdministratorAccess"))
		}, true, false, "policy AdministratorAccess allows every action"},
		{"all rights within a boundary", func(w *world) {
			w.user("u", allow("*", "*"), "PermissionsBoundary", boundary(w.managed("limit", allow("s3:*", "*"))))
		}, false, false, ""},
		{"all rights but IAM", func(w *world) {
			w.user("u", policy(`{"Statement": {"Effect": "Allow", "NotAction": ["iam:*", "sts:*", "lambda:*"], "Resource": "*"}}`))
		}, false, false, ""},
		{"all of IAM", u("iam:*", "*"), true, true, "allows iam:CreatePolicyVersion on " + arn("policy", "team")},
		{"another version of a policy", u("iam:SetDefaultPolicyVersion", arn("policy", "te*")), true, true, "iam:SetDefaultPolicyVersion"},
		{"of a policy that is not there", u("iam:CreatePolicyVersion", arn("policy", "other")), false, false, ""},
		{"attaching to itself", u("iam:AttachUserPolicy", arn("user", "${aws:username}")), true, true, "iam:AttachUserPolicy on " + arn("user", "u")},
		{"its own keys", u("iam:CreateAccessKey", arn("user", "${aws:username}")), false, false, ""},
		{"keys of anybody, none of whom is one", u("iam:CreateAccessKey", "*"), false, false, ""},
		{"keys of an administrator", func(w *world) { w.user("boss", allow("*", "*")); w.user("u", allow("iam:CreateAccessKey", "*")) },
			true, true, "iam:CreateAccessKey on " + arn("user", "boss")},
		{"a group of administrators", func(w *world) {
			w.groups = append(w.groups, m{"GroupName": "g", "Arn": arn("group", "g"), "AttachedManagedPolicies": attached("arn:aws:iam::aws:policy/AdministratorAccess")})
			w.user("u", allow("iam:AddUserToGroup", "*"))
		}, true, true, "iam:AddUserToGroup on " + arn("group", "g")},
		{"a new role", u("iam:CreateRole iam:PutRolePolicy", arn("role", "new-*")), true, true, "iam:CreateRole"},
		{"the trust policy of an administrator", u("iam:UpdateAssumeRolePolicy", "*"), true, true, "iam:UpdateAssumeRolePolicy on " + arn("role", "admin")},
		{"passing an administrator to what runs", u("iam:PassRole lambda:CreateFunction", "*"), true, true,
			"iam:PassRole of " + arn("role", "admin") + ", an administrator, and inline policy p of u allows lambda:CreateFunction"},
		{"passing it to what does not run it", u("iam:PassRole ec2:RunInstances", "*"), false, false, ""},
		{"passing another role", u("iam:PassRole lambda:CreateFunction", arn("role", "other")), false, false, ""},
		{"only passing", u("iam:PassRole", "*"), false, false, ""},
		{"new code for what runs as one", u("lambda:UpdateFunctionCode", "*"), true, true, "on what may run as " + arn("role", "admin")},
		{"on another function", u("lambda:UpdateFunctionCode", "arn:aws:s3:::a"), false, false, ""},
		{"running a task as one", func(w *world) {
			w.role("task", allow("*", "*"), policy(strings.Replace(lambdaTrust, "lambda", "ecs-tasks", 1)))
			w.user("u", policy(`{"Statement": [{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::*:role/ta*"},
				{"Effect": "Allow", "Action": "ecs:Run*", "Resource": "arn:aws:ecs:*:*:task-definition/x"}]}`))
		}, true, true, "allows ecs:RunTask"},
		{"assuming one", func(w *world) {
			w.role("ops", allow("*", "*"), policy(root))
			w.user("u", allow("sts:AssumeRole", arn("role", "ops")))
		},
			true, true, "it can assume " + arn("role", "ops")},
		{"an account's role without the right", func(w *world) { w.role("ops", allow("*", "*"), policy(root)); w.user("u", nil) }, false, false, ""},
		{"a role that names it", func(w *world) {
			w.role("ops", allow("*", "*"), policy(strings.Replace(root, ":root", ":user/u", 1)))
			w.user("u", nil)
		}, true, true, "its trust policy names it"},
		{"a role that names it, and it is denied", func(w *world) {
			w.role("ops", allow("*", "*"), policy(strings.Replace(root, ":root", ":user/u", 1)))
			w.user("u", policy(`{"Statement": {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}}`))
		}, false, false, ""},
		{"by way of another", func(w *world) {
			w.role("ops", allow("iam:AttachRolePolicy", "*"), policy(root))
			w.user("u", allow("sts:AssumeRole", "*"))
		}, true, true, "it can assume " + arn("role", "ops")},
		{"a path on a condition", func(w *world) {
			w.user("u", policy(`{"Statement": {"Effect": "Allow", "Action": "iam:PutUserPolicy", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}}`))
		}, true, true, "iam:PutUserPolicy"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &world{}
			w.role("admin", allow("*", "*"), policy(lambdaTrust))
			w.managed("team", allow("s3:Get*", "*"))
			test.build(w)
			result, _ := run(t, w)
			got := named(t, result, "u")
			if got.Administrator != test.want || got.Escalates != test.escalates || !strings.Contains(strings.Join(got.Because, "\n"), test.because) {
				t.Errorf("administrator %v, escalates %v, because %q; want %v, %v, %s", got.Administrator, got.Escalates, got.Because, test.want, test.escalates, test.because)
			}
			if strings.Contains(test.name, "condition") && !slices.Equal(got.Conditions, []string{"Bool aws:SecureTransport true"}) {
				t.Errorf("conditions are %q", got.Conditions)
			}
		})
	}
}

func TestWhoCanAssumeARole(t *testing.T) {
	trust := func(principal, rest string) string {
		return `{"Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"], "Principal": ` + principal + rest + `}]}`
	}
	github := `{"Federated": "arn:aws:iam::` + account + `:oidc-provider/token.actions.githubusercontent.com"}`
	for _, test := range []struct {
		name, trust string
		want        []Trust
	}{
		{"a service", trust(`{"Service": "ec2.amazonaws.com"}`, ""), []Trust{{Type: "service", Who: "ec2.amazonaws.com"}}},
		{"its account", trust(`{"AWS": "111122223333"}`, ""), []Trust{{Type: "account", Who: "111122223333", Account: account}}},
		{"another account", trust(`{"AWS": ["arn:aws:iam::999900001111:root"]}`, ""),
			[]Trust{{Type: "account", Who: "arn:aws:iam::999900001111:root", Account: "999900001111", Outside: true}}},
		{"with an external id", trust(`{"AWS": "999900001111"}`, `, "Condition": {"StringEquals": {"sts:ExternalId": "x"}}`),
			[]Trust{{Type: "account", Who: "999900001111", Account: "999900001111", Outside: true, ExternalID: true, Conditions: []string{"StringEquals sts:ExternalId x"}}}},
		{"everybody", trust(`"*"`, ""), []Trust{{Type: "anyone", Who: "*", Outside: true, Anyone: true}}},
		{"everybody, otherwise", trust(`{"AWS": "*"}`, ""), []Trust{{Type: "anyone", Who: "*", Outside: true, Anyone: true}}},
		{"everybody of an organization", trust(`"*"`, `, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}`),
			[]Trust{{Type: "anyone", Who: "*", Outside: true, Conditions: []string{"StringEquals aws:PrincipalOrgID o-1"}}}},
		{"all but somebody", `{"Statement": {"Effect": "Allow", "Action": "sts:*", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:user/a"}}}`,
			[]Trust{{Type: "anyone", Who: "*", Outside: true, Anyone: true}}},
		{"one that was deleted", trust(`{"AWS": "AROAEXAMPLE"}`, ""), []Trust{{Type: "unknown", Who: "AROAEXAMPLE"}}},
		{"any repository", trust(github, `, "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}`),
			[]Trust{{Type: "federated", Who: "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", Outside: true, Anyone: true,
				Conditions: []string{"StringEquals token.actions.githubusercontent.com:aud sts.amazonaws.com"}}}},
		{"one repository", trust(github, `, "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:a/b:*"}}`),
			[]Trust{{Type: "federated", Who: "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", Outside: true,
				Conditions: []string{"StringLike token.actions.githubusercontent.com:sub repo:a/b:*"}}}},
		{"an account and everybody", trust(`{"AWS": ["*", "999900001111"]}`, ""),
			[]Trust{{Type: "anyone", Who: "*", Outside: true, Anyone: true}, {Type: "account", Who: "999900001111", Account: "999900001111", Outside: true}}},
		{"Identity Center", trust(`{"Federated": "arn:aws:iam::111122223333:saml-provider/AWSSSO_1_DO_NOT_DELETE"}`, ""),
			[]Trust{{Type: "federated", Who: "arn:aws:iam::111122223333:saml-provider/AWSSSO_1_DO_NOT_DELETE"}}},
		{"another provider", trust(`{"Federated": "arn:aws:iam::111122223333:saml-provider/adfs"}`, ""),
			[]Trust{{Type: "federated", Who: "arn:aws:iam::111122223333:saml-provider/adfs", Outside: true}}},
		{"pods", trust(`{"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0A"}`, ""),
			[]Trust{{Type: "federated", Who: "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0A"}}},
		{"denied to all but somebody", `{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "999900001111"}},
			{"Effect": "Deny", "Action": "*", "NotPrincipal": {"AWS": "999900001111"}}]}`,
			[]Trust{{Type: "account", Who: "999900001111", Account: "999900001111", Outside: true}}},
		{"not to assume", `{"Statement": {"Effect": "Allow", "Action": "sts:TagSession", "Principal": {"AWS": "*"}}}`, nil},
		{"denied to everybody", `{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}},
			{"Effect": "Deny", "Action": "*", "Principal": "*"}]}`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &world{}
			w.role("r", allow("s3:*", "*"), policy(test.trust))
			result, _ := run(t, w)
			want := append([]Trust{}, test.want...)
			outside, anyone := false, false
			for i := range want {
				want[i].Conditions = append([]string{}, want[i].Conditions...)
				outside, anyone = outside || want[i].Outside, anyone || want[i].Anyone
			}
			got := result.Roles[0]
			if diff := cmp.Diff(want, got.AssumableBy); diff != "" || got.Outside != outside || got.Anyone != anyone {
				t.Errorf("outside %v, anyone %v\n%s", got.Outside, got.Anyone, diff)
			}
		})
	}
}

func TestUnusedRoles(t *testing.T) {
	w := &world{}
	ago := func(days int) string { return now.AddDate(0, 0, -days).Format(time.RFC3339) }
	w.role("busy", nil, nil, "RoleLastUsed", m{"LastUsedDate": ago(90), "Region": "eu-west-1"})
	w.role("idle", nil, nil, "RoleLastUsed", m{"LastUsedDate": ago(91), "Region": "eu-west-1"})
	w.role("never", nil, nil, "RoleLastUsed", m{})
	w.role("young", nil, nil, "CreateDate", ago(5))
	w.role("odd", nil, nil, "CreateDate", "yesterday")
	w.user("u", nil)
	result, _ := run(t, w)
	got := map[string]string{}
	for _, p := range result.Principals {
		days := "?"
		if p.UnusedDays != nil {
			days = fmt.Sprint(*p.UnusedDays)
		}
		got[p.Name] = fmt.Sprint(days, " ", p.Unused)
	}
	want := map[string]string{"busy": "90 false", "idle": "91 true", "never": "400 true", "young": "5 false", "odd": "? false", "u": "? false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPreparedAnswers(t *testing.T) {
	w := &world{}
	w.role("deploy", allow("ec2:* s3:*", "*"), policy(`{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ["111122223333", "999900001111"]}}}`),
		"RoleLastUsed", m{"LastUsedDate": "2026-03-14T00:00:00+00:00"})
	w.role("old", allow("rds:*", "*"), nil)
	w.role("aws-service-role/support.amazonaws.com/Support", allow("support:*", "*"), nil)
	w.user("dana", allow("sts:AssumeRole", "*"))
	w.user("boss", allow("*", "*"))
	w.user("sam", allow("iam:CreateAccessKey", arn("user", "*")))
	result, quality := run(t, w)
	if quality.Examined != 6 || len(quality.Gaps) != 0 {
		t.Errorf("quality is %+v", quality)
	}
	want := []Answer{
		{"change_roles", "2 roles can change services: deploy (ec2, s3), old (rds). " + unknown},
		{"role_holders", "The account has 3 users; users can assume 1 role that can change services: deploy: boss, dana. 1 role that can change services can be assumed from outside the account: deploy. " + unknown},
		{"least_privilege", "1 administrator: user boss. 1 principal without being one can become one: user sam (inline policy p of sam allows iam:CreateAccessKey on " +
			arn("user", "boss") + ", an administrator). 1 role that can change services has not been used for 90 days: old. Which services the others have used was not looked at. " + unknown},
	}
	if diff := cmp.Diff(want, result.Answers); diff != "" {
		t.Error(diff)
	}
	if len(result.Roles) != 2 || !slices.Equal(result.Roles[0].Holders, []string{arn("user", "boss"), arn("user", "dana")}) {
		t.Errorf("roles are %+v", result.Roles)
	}
	if got := named(t, result, "aws-service-role/support.amazonaws.com/Support"); got.Type != "service_linked_role" {
		t.Errorf("a service-linked role is a %s", got.Type)
	}
}

func TestHoldersAreBounded(t *testing.T) {
	w := &world{}
	w.role("deploy", allow("ec2:*", "*"), policy(`{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111122223333"}}}`))
	for i := range 250 {
		w.user(fmt.Sprintf("u%03d", i), allow("sts:AssumeRole", "*"))
	}
	result, quality := run(t, w)
	if got := result.Roles[0]; len(got.Holders) != 200 || got.HolderCount != 250 || !slices.Equal(quality.Cut, []string{"roles.holders"}) {
		t.Errorf("%d of %d holders, cut %v", len(got.Holders), got.HolderCount, quality.Cut)
	}
	if want := "deploy: u000, u001, u002, u003, u004 and 245 more."; !strings.Contains(result.Answers[1].Text, want) {
		t.Errorf("%q does not have %s", result.Answers[1].Text, want)
	}
}

func TestWhatCannotBeReadIsAGap(t *testing.T) {
	for _, test := range []struct {
		name  string
		build func(w *world)
		want  string
	}{
		{"a policy that is not there", func(w *world) { w.user("u", nil, "AttachedManagedPolicies", attached("arn:aws:iam::aws:policy/Other")) },
			"arn:aws:iam::aws:policy/Other: this policy is attached and not in the answer"},
		{"a group that is not there", func(w *world) { w.user("u", nil, "GroupList", []any{"g", 7}) }, "group g: it is not in the answer"},
		{"a boundary that is not there", func(w *world) { w.user("u", nil, "PermissionsBoundary", boundary("b")) }, "b: this permissions boundary is not known"},
		{"no document", func(w *world) { w.user("u", nil, "UserPolicyList", []any{m{"PolicyName": "p"}}) }, "inline policy p of u: it cannot be read"},
		{"not JSON", func(w *world) { w.user("u", "%7B\x1b[2J") }, "it is not JSON"},
		{"no effect", func(w *world) { w.user("u", policy(`{"Statement": [{"Action": "*", "Resource": "*"}]}`)) }, "Statement[0]: its Effect is neither"},
		{"an action that is a number", func(w *world) { w.user("u", policy(`{"Statement": [{"Effect": "Allow", "Action": [7]}]}`)) }, "Action has an element"},
		{"no action", func(w *world) { w.user("u", policy(`{"Statement": [{"Effect": "Allow", "Resource": "*"}]}`)) }, "it has no Action"},
		{"a trust policy", func(w *world) { w.role("r", nil, "no") }, "the trust policy of r: it cannot be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &world{}
			test.build(w)
			_, quality := run(t, w)
			if len(quality.Gaps) == 0 || !quality.Gaps[0].Blocking || !strings.Contains(quality.Gaps[0].Source+": "+quality.Gaps[0].Problem, test.want) {
				t.Errorf("gaps are %+v, want %s", quality.Gaps, test.want)
			}
		})
	}
}

func TestAnswersThatAreRefused(t *testing.T) {
	env := steps.Env{Target: steps.Target{Account: "999900001111"}, Now: now}
	w := &world{}
	w.user("u", nil)
	for want, cloud := range map[string]fake{
		"is not of account 999900001111":                {w.page()},
		"a page has no Policies":                        {m{"UserDetailList": []any{}, "GroupDetailList": []any{}, "RoleDetailList": []any{}}},
		"iam:GetAccountAuthorizationDetails is missing": nil,
		"a role has no Arn or no RoleName":              {(&world{roles: []any{m{}}}).page()},
	} {
		env.Cloud = cloud
		_, err := (&Step{Unused: 90}).Run(context.Background(), env)
		var missing *steps.Missing
		if err == nil || !strings.Contains(err.Error(), want) || (cloud == nil) != errors.As(err, &missing) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func FuzzPolicies(f *testing.F) {
	f.Add(`{"Statement": [{"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "arn:aws:s3:::${aws:username}/*", "Condition": {"Bool": {"a": [true, 1]}}}]}`)
	f.Add(lambdaTrust)
	f.Add(`%7B%22Statement%22%3A%7B%22Effect%22%3A%22Deny%22%2C%22Action%22%3A%22*%22%7D%7D`)
	f.Add(`{"Statement": {"Effect": "Allow", "Action": "${", "NotResource": ["${a", "${a}${"]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		w := &world{}
		w.user("u", text, "PermissionsBoundary", boundary(w.managed("limit", text)))
		w.role("r", text, text)
		result, quality := run(t, w)
		_, err := parsePolicy(text, "x")
		if p := named(t, result, "u"); err != nil && (len(p.CanChange) > 0 || len(quality.Gaps) == 0) {
			t.Errorf("%v, and yet %v with gaps %v", err, p.CanChange, quality.Gaps)
		}
	})
}
