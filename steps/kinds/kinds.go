// Package kinds is the list of the kinds of step. A new kind is one new folder beside
// this one and one line here.
package kinds

import (
	"playbook/steps"
	"playbook/steps/access"
	"playbook/steps/alarm"
	"playbook/steps/athena"
	"playbook/steps/block"
	"playbook/steps/createflowlog"
	"playbook/steps/deadlines"
	"playbook/steps/drift"
	"playbook/steps/exposure"
	"playbook/steps/flowlogs"
	"playbook/steps/integration"
	"playbook/steps/inventory"
	"playbook/steps/iocs"
	"playbook/steps/isolate"
	"playbook/steps/logfiles"
	"playbook/steps/logsinsights"
	"playbook/steps/metrics"
	"playbook/steps/network"
	"playbook/steps/prowler"
	"playbook/steps/putalarm"
	"playbook/steps/question"
	"playbook/steps/revoke"
	"playbook/steps/securityhub"
	"playbook/steps/snapshot"
)

// All returns every kind, by name.
func All() []steps.Kind {
	return []steps.Kind{
		access.Kind(),
		alarm.Kind(),
		athena.Kind(),
		integration.Kind(),
		block.Kind(),
		createflowlog.Kind(),
		deadlines.Kind(),
		drift.Kind(),
		exposure.Kind(),
		flowlogs.Kind(),
		inventory.Kind(),
		iocs.Kind(),
		isolate.Kind(),
		logfiles.Kind(),
		logsinsights.Kind(),
		metrics.Kind(),
		network.Kind(),
		prowler.Kind(),
		putalarm.Kind(),
		question.Kind(),
		revoke.Kind(),
		securityhub.Kind(),
		snapshot.Kind(),
	}
}
