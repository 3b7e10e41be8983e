package putalarm

import (
	"reflect"

	"playbook/steps"
)

// fields are what an alarm is defined by, and given to PutMetricAlarm under the same name
// as DescribeAlarms gives it back (CloudWatch API Reference). A call replaces them all.
var fields = []string{
	"AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "InsufficientDataActions", "MetricName",
	"Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit", "EvaluationPeriods", "DatapointsToAlarm",
	"Threshold", "ComparisonOperator", "TreatMissingData", "EvaluateLowSampleCountPercentile", "Metrics", "ThresholdMetricId",
}

// definition is the input that makes an alarm again as it was. Its tags are not touched.
func definition(alarm map[string]any) map[string]any {
	input := map[string]any{}
	for _, field := range fields {
		if value, ok := alarm[field]; ok && value != nil {
			input[field] = value
		}
	}
	return input
}

// holds reports whether an alarm has all that is wanted and is not told apart by more.
func holds(alarm, wanted map[string]any) bool {
	for _, field := range []string{"Metrics", "ExtendedStatistic", "DatapointsToAlarm", "Unit", "ThresholdMetricId"} {
		if more := alarm[field]; more != nil && !reflect.DeepEqual(more, []any{}) && !(field == "DatapointsToAlarm" && more == wanted["EvaluationPeriods"]) {
			return false
		}
	}
	for field, value := range wanted {
		if !reflect.DeepEqual(number(alarm[field]), number(value)) {
			return false
		}
	}
	return true
}

// number makes a whole number comparable with one that was written with a point.
func number(value any) any {
	if whole, ok := steps.Plain(value).(int64); ok {
		return float64(whole)
	}
	return value
}
