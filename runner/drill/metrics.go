package drill

import (
	"time"

	"playbook/steps"
)

// natMetrics are the calls that a playbook makes for a NAT gateway: what leaves by the
// minute, the rest by five. CloudWatch has them for a minute each (VPC User Guide,
// "Monitor NAT gateways using Amazon CloudWatch").
var natMetrics = []struct {
	file    string
	period  int64
	metrics []metric // in order of their names, as the step that asks has them
}{
	{"bytes", 60, []metric{{"BytesOutToDestination", "Sum", func(m minute) int64 { return m.out }}}},
	{"load", 300, []metric{
		{"ActiveConnectionCount", "Maximum", func(m minute) int64 { return m.open }},
		{"BytesInFromDestination", "Sum", func(m minute) int64 { return m.in }},
		{"ConnectionAttemptCount", "Sum", func(m minute) int64 { return m.begun }},
		{"ErrorPortAllocation", "Maximum", func(minute) int64 { return 0 }},
		{"PacketsDropCount", "Sum", func(minute) int64 { return 0 }},
	}},
}

type metric struct {
	name, statistic string
	of              func(minute) int64
}

// minute is what goes through a NAT gateway in one minute.
type minute struct{ out, in, open, begun int64 }

// writeMetrics writes what CloudWatch counted at the NAT gateways of one target, with
// the calls that it was asked in.
func (s *scenario) writeMetrics(dir string, t steps.Target) error {
	for _, v := range s.world.vpcs {
		if v.nat == nil || v.account != t.Account || v.region != t.Region {
			continue
		}
		minutes := s.throughNAT(v)
		for _, call := range natMetrics {
			content := object{
				"Input": object{
					"MetricDataQueries": queries(v.nat.id, call.period, call.metrics), "ScanBy": "TimestampAscending",
					"StartTime": s.window.From.Format(time.RFC3339), "EndTime": s.window.To.Format(time.RFC3339),
				},
				"Output": object{"MetricDataResults": s.measured(minutes, call.period, call.metrics), "Messages": []object{}},
			}
			name := "aws/" + t.Account + "/" + t.Region + "/cloudwatch-get-metric-data/" + v.nat.id + "-" + call.file + ".json"
			if err := writeFile(dir, name, []byte(compact(content))); err != nil {
				return err
			}
		}
	}
	return nil
}

func metricID(i int) string { return "m" + string(rune('1'+i)) }

func queries(nat string, period int64, metrics []metric) []object {
	var list []object
	for i, m := range metrics {
		list = append(list, object{"Id": metricID(i), "ReturnData": true, "MetricStat": object{
			"Metric": object{"Namespace": "AWS/NATGateway", "MetricName": m.name,
				"Dimensions": []object{{"Name": "NatGatewayId", "Value": nat}}},
			"Period": period, "Stat": m.statistic,
		}})
	}
	return list
}

// measured takes the minutes together to periods, as the statistic says.
func (s *scenario) measured(minutes []minute, period int64, metrics []metric) []object {
	var results []object
	for i, m := range metrics {
		var times []string
		var values []int64
		for n, minute := range minutes {
			if int64(n)*60%period == 0 {
				times = append(times, s.window.From.Add(time.Duration(n)*time.Minute).Format("2006-01-02T15:04:05-07:00"))
				values = append(values, 0)
			}
			last := &values[len(values)-1]
			if value := m.of(minute); m.statistic == "Sum" {
				*last += value
			} else {
				*last = max(*last, value)
			}
		}
		results = append(results, object{"Id": metricID(i), "Label": m.name, "Timestamps": times, "Values": values, "StatusCode": "Complete"})
	}
	return results
}

// throughNAT counts, minute by minute of the window, the same connections that the flow
// logs are written from.
func (s *scenario) throughNAT(v *vpc) []minute {
	minutes := make([]minute, int(s.window.To.Sub(s.window.From)/time.Minute))
	var conns []conn
	for from := s.window.From.Unix(); from < s.window.To.Unix(); from += 3600 {
		conns = s.hour(v, from, conns[:0])
		for i := range conns {
			s.countNAT(v, &conns[i], minutes)
		}
	}
	for i := range s.incident {
		s.countNAT(v, &s.incident[i], minutes)
	}
	return minutes
}

// countNAT spreads a connection over the minutes that it lasts.
func (s *scenario) countNAT(v *vpc, c *conn, minutes []minute) {
	if c.client.nic == nil || s.world.natOf(c.client.nic, c.server) != v.nat.nic {
		return
	}
	start := c.start - s.window.From.Unix()
	first, last := start/60, (start+c.seconds)/60
	for at := first; at <= last; at++ {
		if at < 0 || at >= int64(len(minutes)) {
			continue
		}
		m, n, of := &minutes[at], at-first, last-first+1
		m.open++
		m.out += c.up.bytes*(n+1)/of - c.up.bytes*n/of
		m.in += c.down.bytes*(n+1)/of - c.down.bytes*n/of
		if n == 0 {
			m.begun++
		}
	}
}
