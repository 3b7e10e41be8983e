package alarm

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"playbook/steps"
)

// check finds the alarm of one resource, or says how the nearest one differs.
// Fields: CloudWatch API Reference, MetricAlarm and CompositeAlarm.
func (s *Step) check(r resource, all alarms) Check {
	none := Check{ID: r.id, Name: r.name, Tells: []string{}, Problems: []string{fmt.Sprintf("no alarm watches its %s", s.Metric)}}
	var candidates []Check
	for _, raw := range all.metric {
		raw = flat(raw)
		switch {
		case s.watches(raw, r.id):
			candidates = append(candidates, s.compare(raw, all))
		case slices.ContainsFunc(steps.MapsOf(raw, "Metrics"), func(m map[string]any) bool { return s.watches(flatQuery(m), r.id) }):
			none.Nearest = "alarm " + steps.TextOf(raw, "AlarmName")
			none.Problems = append(none.Problems, none.Nearest+" uses it in an expression or an anomaly band, which has no numbers to compare")
		}
	}
	if len(candidates) == 0 {
		return none
	}
	best := slices.MinFunc(candidates, func(a, b Check) int {
		return cmp.Or(cmp.Compare(len(a.Problems), len(b.Problems)), cmp.Compare(a.Alarm, b.Alarm))
	})
	if !best.Covered {
		best = Check{Nearest: strings.Join(best.Problems, "; "), Tells: []string{}, Problems: best.Problems}
	}
	best.ID, best.Name = r.id, r.name
	return best
}

// flat writes an alarm on one metric of its list Metrics as AWS writes one that has the
// metric in its own fields: they are the same alarm.
func flat(raw map[string]any) map[string]any {
	queries := steps.MapsOf(raw, "Metrics")
	if len(queries) != 1 || steps.TextOf(queries[0], "Expression") != "" {
		return raw
	}
	merged := flatQuery(queries[0])
	for key, value := range raw {
		if key != "Metrics" {
			merged[key] = value
		}
	}
	return merged
}

// flatQuery writes a MetricDataQuery in the fields of an alarm.
func flatQuery(query map[string]any) map[string]any {
	stat, _ := query["MetricStat"].(map[string]any)
	metric, _ := stat["Metric"].(map[string]any)
	return map[string]any{
		"Namespace": metric["Namespace"], "MetricName": metric["MetricName"], "Dimensions": metric["Dimensions"],
		"Statistic": stat["Stat"], "Period": stat["Period"],
	}
}

// watches reports whether an alarm is on exactly this metric of exactly this resource:
// a metric with further dimensions is another metric (CloudWatch User Guide,
// "Dimensions").
func (s *Step) watches(raw map[string]any, id string) bool {
	if steps.TextOf(raw, "Namespace") != s.Namespace || steps.TextOf(raw, "MetricName") != s.Metric {
		return false
	}
	dimensions := steps.MapsOf(raw, "Dimensions")
	return len(dimensions) == 1 && steps.TextOf(dimensions[0], "Name") == s.Dimension && steps.TextOf(dimensions[0], "Value") == id
}

func (s *Step) compare(raw map[string]any, all alarms) Check {
	c := Check{
		Alarm: steps.TextOf(raw, "AlarmName"), ARN: steps.TextOf(raw, "AlarmArn"), State: steps.TextOf(raw, "StateValue"),
		StateReason: steps.TextOf(raw, "StateReason"), Tells: []string{}, Problems: []string{},
	}
	differ := func(what, is, want string) {
		if is != want {
			c.Problems = append(c.Problems, fmt.Sprintf("alarm %s: %s %s, want %s", c.Alarm, what, is, want))
		}
	}
	statistic := steps.TextOf(raw, "Statistic") + steps.TextOf(raw, "ExtendedStatistic") // one of them is absent
	points := raw["DatapointsToAlarm"]
	if points == nil {
		points = raw["EvaluationPeriods"] // its default
	}
	differ("statistic", cmp.Or(statistic, "none"), s.Statistic)
	differ("period", shown(raw["Period"])+" s", fmt.Sprintf("%d s", s.Period))
	differ("comparison", symbol(steps.TextOf(raw, "ComparisonOperator")), symbol(s.Comparison))
	differ("threshold", shown(raw["Threshold"]), shown(s.Threshold))
	differ("periods", shown(raw["EvaluationPeriods"]), shown(s.Periods))
	if shown(raw["EvaluationPeriods"]) == shown(s.Periods) {
		differ("datapoints to alarm", shown(points), shown(s.Periods))
	}
	s.compareActions(raw, all, &c)
	c.Covered = len(c.Problems) == 0
	return c
}

func symbol(comparison string) string { return cmp.Or(symbols[comparison], comparison, "none") }

// shown prints a number so that 5000000 and 5e6 are the same.
func shown(value any) string {
	switch value := value.(type) {
	case int64:
		return strconv.FormatInt(value, 10)
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	return "none"
}

func (s *Step) compareActions(raw map[string]any, all alarms, c *Check) {
	c.Enabled, _ = raw["ActionsEnabled"].(bool)
	actions, others := notifications(raw)
	if c.Enabled {
		c.Tells = append(c.Tells, actions...)
	}
	composites, doubts := all.notifying(c.Alarm, c.ARN)
	for _, name := range composites {
		c.Tells = append(c.Tells, "composite alarm "+name)
	}
	c.Notifies = len(c.Tells) > 0
	if !s.Notify || c.Notifies {
		return
	}
	why := "it has no action"
	switch {
	case len(actions) > 0:
		why = "its actions are disabled"
	case len(others) > 0:
		why = "its actions tell nobody (" + strings.Join(others, ", ") + ")"
	}
	c.Problems = append(c.Problems, fmt.Sprintf("alarm %s: it notifies nobody: %s", c.Alarm, strings.Join(append([]string{why}, doubts...), "; ")))
}

// notifications parts the actions that tell somebody from those that act on machines
// (CloudWatch API Reference, PutMetricAlarm, AlarmActions).
func notifications(raw map[string]any) (tell, others []string) {
	actions, _ := raw["AlarmActions"].([]any)
	for _, action := range actions {
		arn, _ := action.(string)
		part := append(strings.SplitN(arn, ":", 4), "", "", "")
		switch part[2] {
		case "autoscaling", "automate", "swf", "":
			others = append(others, arn)
		default: // sns, lambda, ssm, ssm-incidents, aiops
			tell = append(tell, arn)
		}
	}
	return tell, others
}

// topic is the SNS topic of this account and region that most alarms on a namespace tell,
// or most alarms on anything when none does; "" when no alarm tells one.
func (a alarms) topic(namespace string, here steps.Target) string {
	counts := map[string][2]int64{} // of the namespace, of all
	for _, raw := range a.metric {
		if raw["ActionsEnabled"] != true {
			continue
		}
		of := steps.TextOf(flat(raw), "Namespace")
		tell, _ := notifications(raw)
		for _, arn := range tell {
			if part := strings.Split(arn, ":"); len(part) != 6 || part[2] != "sns" || part[3] != here.Region || part[4] != here.Account {
				continue
			}
			count := counts[arn]
			count[1]++
			if of == namespace {
				count[0]++
			}
			counts[arn] = count
		}
	}
	if len(counts) == 0 {
		return ""
	}
	return slices.MaxFunc(slices.Sorted(maps.Keys(counts)), func(x, y string) int {
		return cmp.Or(cmp.Compare(counts[x][0], counts[y][0]), cmp.Compare(counts[x][1], counts[y][1]))
	})
}

func (s *Step) blocks(result Result) []steps.Block {
	wanted := fmt.Sprintf("Wanted: %s of %s %s %s %s over %d s, %d in a row", s.Statistic, s.Namespace, s.Metric,
		symbol(s.Comparison), shown(s.Threshold), s.Period, s.Periods)
	if s.Notify {
		wanted += ", notifying somebody"
	}
	table := &steps.Table{
		Columns: []steps.TableColumn{{Name: "resource"}, {Name: "name"}, {Name: "alarm"}, {Name: "state"}, {Name: "tells"}, {Name: "check"}},
		Total:   int64(len(result.Checks)),
	}
	for _, c := range result.Checks {
		verdict := "as wanted"
		if !c.Covered {
			verdict = strings.Join(c.Problems, "; ")
		}
		table.Rows = append(table.Rows, []any{c.ID, c.Name, c.Alarm, c.State, strings.Join(c.Tells, ", "), verdict})
	}
	return []steps.Block{{Text: &steps.Text{Body: wanted}}, {Table: table}}
}
