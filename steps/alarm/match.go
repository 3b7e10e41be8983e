package alarm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"playbook/steps"
)

// check finds the alarm of one resource, or says how the nearest one differs.
// Fields: CloudWatch API Reference, MetricAlarm and CompositeAlarm.
func (s *Step) check(r resource, alarms, composites []map[string]any) Check {
	best := Check{ID: r.id, Name: r.name, Problems: []string{fmt.Sprintf("no alarm watches its %s", s.Metric)}}
	found := false
	for _, raw := range alarms {
		if !s.watches(raw, r.id) {
			continue
		}
		c := s.compare(raw, composites)
		c.ID, c.Name = r.id, r.name
		if !found || len(c.Problems) < len(best.Problems) {
			best, found = c, true
		}
		if c.Covered {
			break
		}
	}
	return best
}

// watches reports whether an alarm is on exactly this metric of exactly this resource.
// An alarm on a metric expression or an anomaly band has Metrics instead, and no
// threshold that could be compared.
func (s *Step) watches(raw map[string]any, id string) bool {
	if steps.TextOf(raw, "Namespace") != s.Namespace || steps.TextOf(raw, "MetricName") != s.Metric {
		return false
	}
	dimensions := steps.MapsOf(raw, "Dimensions")
	return len(dimensions) == 1 && steps.TextOf(dimensions[0], "Name") == s.Dimension && steps.TextOf(dimensions[0], "Value") == id
}

func (s *Step) compare(raw map[string]any, composites []map[string]any) Check {
	c := Check{
		Alarm: steps.TextOf(raw, "AlarmName"), ARN: steps.TextOf(raw, "AlarmArn"), State: steps.TextOf(raw, "StateValue"),
		Problems: []string{},
	}
	differ := func(what string, is, want any) {
		if fmt.Sprint(is) != fmt.Sprint(want) {
			c.Problems = append(c.Problems, fmt.Sprintf("alarm %s has %s %v, want %v", c.Alarm, what, shown(is), want))
		}
	}
	statistic := raw["Statistic"]
	if statistic == nil {
		statistic = raw["ExtendedStatistic"]
	}
	differ("statistic", statistic, s.Statistic)
	differ("period", raw["Period"], s.Period)
	differ("comparison", raw["ComparisonOperator"], s.Comparison)
	differ("periods", raw["EvaluationPeriods"], s.Periods)
	if points, ok := raw["DatapointsToAlarm"].(int64); ok {
		differ("datapoints to alarm", points, s.Periods)
	}
	if threshold, ok := asFloat(raw["Threshold"]); !ok || threshold != s.Threshold {
		c.Problems = append(c.Problems, fmt.Sprintf("alarm %s has threshold %v, want %v", c.Alarm, shown(raw["Threshold"]), shown(s.Threshold)))
	}
	c.Enabled, _ = raw["ActionsEnabled"].(bool)
	c.Notifies = c.Enabled && hasActions(raw) || notifiedBy(c.Alarm, composites)
	if s.Notify && !c.Notifies {
		why := "has no action"
		if hasActions(raw) && !c.Enabled {
			why = "has its actions disabled"
		}
		c.Problems = append(c.Problems, fmt.Sprintf("alarm %s %s, so nobody is told", c.Alarm, why))
	}
	c.Covered = len(c.Problems) == 0
	return c
}

func shown(value any) any {
	switch value := value.(type) {
	case nil:
		return "none"
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	return value
}

func asFloat(value any) (float64, bool) {
	switch value := value.(type) {
	case int64:
		return float64(value), true
	case float64:
		return value, true
	}
	return 0, false
}

func hasActions(raw map[string]any) bool {
	actions, _ := raw["AlarmActions"].([]any)
	return len(actions) > 0
}

// notifiedBy reports whether a composite alarm with actions has the alarm in its rule,
// as ALARM("name") or ALARM(name), which is the usual way to quieten single alarms.
func notifiedBy(alarm string, composites []map[string]any) bool {
	return slices.ContainsFunc(composites, func(raw map[string]any) bool {
		enabled, _ := raw["ActionsEnabled"].(bool)
		rule := strings.ReplaceAll(steps.TextOf(raw, "AlarmRule"), `"`, "")
		return enabled && hasActions(raw) && strings.Contains(rule, "ALARM("+alarm+")") &&
			!strings.Contains(rule, "NOT ALARM("+alarm+")")
	})
}
