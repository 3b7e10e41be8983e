package drill

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"playbook/steps"
)

// sampleScenario is the built-in case: a web shop, two weeks, one break-in.
func sampleScenario(opts Options) *scenario {
	w := sampleWorld()
	scale := 1.0
	if opts.Records > 0 {
		scale = max(0, float64(opts.Records-fixedRecords)) / scalableRecords
	}
	s := &scenario{
		seed: opts.Seed,
		window: steps.Window{
			From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
			To:   time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC),
		},
		collected: time.Date(2026, 3, 15, 6, 0, 0, 0, time.UTC),
		bucket:    "example-flow-logs",
		world:     w,
		services:  sampleServices(w, opts.Seed, scale),
	}
	if !opts.Quiet {
		s.plan = sampleIncident(w, opts.Seed)
		s.incident = s.plan.conns
	}
	s.papers = map[string]string{
		"case.yaml":                                  s.caseFile(),
		"answers.yaml":                               s.answersFile(),
		"s3/incident-analysis/iocs/iocs.csv":         hostileList(),
		"s3/incident-analysis/iocs/phone.txt":        textList,
		"s3/incident-analysis/iocs/sector.stix.json": s.stixBundle(),
		"s3/incident-analysis/baseline.json":         s.baseline(),
		"s3/incident-analysis/prowler/prowler-output-111122223333.ocsf.json": s.prowlerFindings(),
	}
	if s.plan != nil {
		s.papers["s3/incident-analysis/agent/bastion-1.json"] = s.agentLogs()
	}
	return s
}

// truth is read off the world and the incident, never off the files.
func (s *scenario) truth() Truth {
	t := Truth{Window: s.window, Collected: s.collected}
	add := func(id string, v *vpc, resource string, severity steps.Severity, detail map[string]any) {
		t.Facts = append(t.Facts, Fact{
			ID: id, Account: v.account, Region: v.region, Resource: resource, Severity: severity, Detail: detail,
		})
	}
	for _, v := range s.world.vpcs {
		if !v.logged {
			add(VPCWithoutFlowLog, v, v.id, steps.High, map[string]any{"name": v.name})
			add(ScannerSeesNoFlowLog, v, v.arn("vpc", v.id), steps.Low, nil)
		}
		if v.nat != nil && !v.nat.alarms {
			add(NATWithoutAlarm, v, v.nat.id, steps.Medium, map[string]any{
				"name": v.nat.name, "metrics": []string{"BytesOutToDestination", "ErrorPortAllocation"},
			})
		}
	}
	bastion := s.world.nic("prod-web", "bastion-1")
	add(ExposedSSH, bastion.vpc, bastion.id, steps.High, map[string]any{
		"instance": bastion.instance.id, "name": bastion.name, "group": bastion.groups[0].id,
		"address": bastion.public, "private_address": bastion.ip.String(), "protocol": "tcp", "port": 22, "source": anywhere,
	})
	add(RuleChanged, bastion.vpc, bastion.groups[0].id, steps.Medium, map[string]any{"since": baselineTime})
	for _, resource := range s.acquired() {
		legacy := s.world.vpc("payments-legacy")
		add(NotInBaseline, legacy, resource, steps.Low, map[string]any{"since": baselineTime})
	}
	add(ScannerSeesSSH, bastion.vpc, bastion.vpc.arn("security-group", bastion.groups[0].id), steps.Medium, nil)
	for _, account := range s.world.accounts() {
		for _, r := range sampleRoles(account) {
			arn := "arn:aws:iam::" + account + ":role/" + r.name
			if !slices.Contains(r.managed, "AdministratorAccess") {
				continue
			}
			add(AdministratorFromOutside, &vpc{account: account}, arn, steps.Medium, map[string]any{"by": organization})
			if r.idle > 90*day {
				add(AdministratorUnused, &vpc{account: account}, arn, steps.Low, map[string]any{"days": int(r.idle / day)})
			}
		}
	}
	if p := s.plan; p != nil {
		contact := map[string]any{
			"interface": bastion.id, "instance": bastion.instance.id, "private_address": bastion.ip.String(),
			"address": exfilAddress, "port": 443, "bytes": p.sent, "bytes_back": p.got, "first": p.first, "last": p.last,
			"scanner": scannerAddress, "scanner_listed": false, "guesses": p.guesses, "broken_in": p.broke,
			"database": p.db.ip.String(), "bytes_from_database": p.stolen, "addresses_swept": p.swept, "ports_scanned": p.scannedPorts,
		}
		add(IOCContact, bastion.vpc, bastion.id, steps.Critical, contact)
		add(BytesOut, bastion.vpc, bastion.ip.String(), steps.High, contact)
		host, database := bastion.ip.String(), p.db.ip.String()
		add(PasswordGuessed, bastion.vpc, host+":22", steps.Critical, contact)
		add(NewRemoteAccess, bastion.vpc, scannerAddress+" to "+host+":22", steps.Medium, contact)
		add(HostSweep, bastion.vpc, host, steps.High, contact)
		add(Sideways, bastion.vpc, host, steps.High, contact)
		add(Beacon, bastion.vpc, host, steps.High, contact)
		add(NewDestination, bastion.vpc, host+" to "+exfilAddress, steps.Medium, contact)
		add(LargeUpload, bastion.vpc, host+" to "+exfilAddress+":443", steps.Medium, contact)
		add(DatabaseCopied, bastion.vpc, host+" to "+database+":5432", steps.Medium, contact)
		for _, day := range p.uploadDays {
			add(UnusualVolume, bastion.vpc, host+" "+day, steps.Medium, map[string]any{"day": day})
		}
		add(NotRestored, bastion.vpc, "", steps.Medium, nil)
	}
	return t
}

func (s *scenario) caseFile() string {
	var b strings.Builder
	b.WriteString("# A made-up case: a web shop, two weeks of flow logs, one break-in.\n")
	fmt.Fprintf(&b, "collected_at: %s\n", s.collected.Format(time.RFC3339))
	fmt.Fprintf(&b, "window: {from: %s, to: %s}\n", s.window.From.Format(time.RFC3339), s.window.To.Format(time.RFC3339))
	fmt.Fprintf(&b, "accounts: [%q, %q]\n", production, platform)
	fmt.Fprintf(&b, "regions: [%s]\n", strings.Join(s.world.regions(), ", "))
	b.WriteString("params:\n  baseline: s3://incident-analysis/baseline.json\n  prowler: s3://incident-analysis/prowler/\n")
	if s.plan != nil {
		b.WriteString("  json_logs: s3://incident-analysis/agent/\n")
	}
	b.WriteString("notes: >-\n  Sample case of playbook, made on the spot. Accounts, addresses and people are invented.\n")
	return b.String()
}

// hostileList is threat intelligence as a team would have it: addresses and where they
// come from. Only one of them is in the logs.
func hostileList() string {
	var b strings.Builder
	for i, address := range append([]string{exfilAddress}, knownHostile()...) {
		comment := hostileComments[(i+len(hostileComments)-1)%len(hostileComments)]
		if i == 0 {
			comment = "Data drop, seen in three intrusions, sector report 2026-02"
		}
		if strings.Contains(comment, ",") {
			comment = `"` + comment + `"`
		}
		fmt.Fprintf(&b, "%s,%s\n", address, comment)
	}
	return b.String()
}

var hostileComments = [...]string{
	"Command and control, shared by sector ISAC",
	"SSH brute force",
	"Phishing kit host",
	"Command and control, sinkholed 2026-01",
	"Malware download",
	"Tor exit node",
	"Open proxy, abused for credential stuffing",
}

// knownHostile are the listed addresses that the case never meets.
func knownHostile() []string {
	list := []string{"2001:db8:bad0::5d", "2001:db8:bad0::1f2"}
	for _, last := range [...]int{6, 19, 58, 91, 133, 187, 214} {
		list = append(list, fmt.Sprintf("192.0.2.%d", last))
	}
	for _, last := range [...]int{11, 42, 77, 104, 129, 166, 201, 240} {
		list = append(list, fmt.Sprintf("198.51.100.%d", last))
	}
	for _, last := range [...]int{9, 33, 62, 88, 117, 199, 231} {
		list = append(list, fmt.Sprintf("203.0.113.%d", last))
	}
	return list
}
