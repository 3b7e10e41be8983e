package drill

import (
	"slices"
	"strings"
	"time"

	"playbook/steps"
)

// baselineTime is when the network of the sample was assessed: the state of it that
// counts as meant.
var baselineTime = time.Date(2025, 11, 28, 16, 0, 0, 0, time.UTC)

// inventoried are the answers that an inventory is taken from; a type is called as its
// call is.
var inventoried = [...]string{
	"vpcs", "network_acls", "security_groups", "route_tables", "network_interfaces", "internet_gateways",
	"vpc_peering_connections", "nat_gateways", "vpc_endpoints", "customer_gateways", "addresses",
}

// assessedWorld is the world as it was then: payments-legacy had not come yet, and SSH on
// the bastion was for the office.
func assessedWorld() *world {
	w := sampleWorld()
	w.vpcs = slices.DeleteFunc(w.vpcs, func(v *vpc) bool { return v.name == "payments-legacy" })
	w.nic("prod-web", "bastion-1").groups[0].rules = []rule{tcp(22, officeAddress+"/32", "office")}
	return w
}

// baseline is what `playbook baseline` wrote down then (its format: steps/drift).
func (s *scenario) baseline() string {
	then := assessedWorld()
	targets := s.world.targets()
	resources := map[string][]object{}
	for _, name := range inventoried {
		resources[name] = []object{}
		for _, t := range targets {
			for _, resource := range answerOf(then, t, name, s.bucket) {
				resource["account"], resource["region"] = t.Account, t.Region
				resources[name] = append(resources[name], resource)
			}
		}
	}
	return compact(object{
		"version": 1, "as_of": baselineTime, "made_at": baselineTime.Add(90 * time.Minute), "by": dana,
		"tool": "playbook", "source": "case assessment-2025-11", "targets": targets, "resources": resources,
	}) + "\n"
}

func answerOf(w *world, t steps.Target, name, bucket string) []object {
	for _, answer := range answers {
		if answer.file == "ec2-describe-"+strings.ReplaceAll(name, "_", "-") {
			return answer.of(w, t, bucket)
		}
	}
	panic("nobody asks for " + name)
}

// acquired are the resources that came with payments-legacy and decide what can be
// reached.
func (s *scenario) acquired() []string {
	v := s.world.vpc("payments-legacy")
	list := []string{v.id, identifier("acl", v.id), identifier("rtb", v.id, "main"), identifier("rtb", v.id, "private"), identifier("cgw", v.id)}
	for _, g := range v.groups {
		list = append(list, g.id)
	}
	return list
}
