// Package drill makes cases whose truth is known: a folder of evidence as it would be
// copied out of AWS, and the list of what was planted in it.
//
// A case is made of four parts that know little of each other. The world is what
// exists: accounts, VPCs, interfaces, rules. The background is the traffic of its
// services, each with a rhythm. The incident is a list of stages on a timeline. The
// writers turn these into the files that AWS would have written. All of it is a pure
// function of the options: same seed, same bytes.
//
// It does not run playbooks and does not read cases.
package drill

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"playbook/steps"
)

// SampleName is how the built-in case is asked for: `--case sample`.
const SampleName = "sample"

// Options choose one of the cases that a scenario can give. The zero value is the one
// that `--case sample` shows.
type Options struct {
	Seed    uint64 // chooses the records, never the world or what is planted; 0 means 1
	Records int    // about how many records to write, but never fewer than some 120,000; 0: some 217,000
	Quiet   bool   // the same world without the incident
}

// Truth is what a run on the case should find.
type Truth struct {
	Window    steps.Window
	Collected time.Time
	Facts     []Fact
}

// Fact is one thing planted in a case. Resource is what a finding about it names.
type Fact struct {
	ID       string
	Account  string
	Region   string
	Resource string
	Severity steps.Severity
	Detail   map[string]any // addresses, byte counts, times: what the files hold in proof
}

// Fact returns the planted fact with this id.
func (t Truth) Fact(id string) (Fact, bool) {
	for _, fact := range t.Facts {
		if fact.ID == id {
			return fact, true
		}
	}
	return Fact{}, false
}

// The ids of planted facts.
const (
	ExposedSSH               = "exposed_ssh"
	VPCWithoutFlowLog        = "vpc_without_flow_log"
	NATWithoutAlarm          = "nat_without_alarm"
	IOCContact               = "ioc_contact"
	BytesOut                 = "bytes_out"
	RuleChanged              = "rule_changed"    // since the baseline
	NotInBaseline            = "not_in_baseline" // a resource that came later
	AdministratorFromOutside = "administrator_from_outside"
	AdministratorUnused      = "administrator_unused"
	ScannerSeesSSH           = "scanner_sees_ssh"
	ScannerSeesNoFlowLog     = "scanner_sees_no_flow_log"
	NotRestored              = "not_restored" // as a person says
	PasswordGuessed          = "password_guessed"
	NewRemoteAccess          = "new_remote_access"
	HostSweep                = "host_sweep"
	Sideways                 = "sideways"
	Beacon                   = "beacon"
	NewDestination           = "new_destination"
	LargeUpload              = "large_upload"
	DatabaseCopied           = "database_copied"
	UnusualVolume            = "unusual_volume" // one for each day
)

// Sample writes the sample case into dir, an existing empty folder, and returns its
// truth.
func Sample(ctx context.Context, dir string, opts Options) (Truth, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Truth{}, fmt.Errorf("write the sample case: %w", err)
	}
	if len(entries) > 0 {
		return Truth{}, fmt.Errorf("write the sample case: %s is not empty; name a new folder", dir)
	}
	if opts.Seed == 0 {
		opts.Seed = 1
	}
	s := sampleScenario(opts)
	if err := s.write(ctx, dir); err != nil {
		return Truth{}, fmt.Errorf("write the sample case into %s: %w", dir, err)
	}
	return s.truth(), nil
}

// scenario is all that a case is made from.
type scenario struct {
	seed      uint64
	window    steps.Window
	collected time.Time
	bucket    string // of the flow logs
	world     *world
	services  []service
	incident  []conn // by start
	plan      *plan  // of the incident; nil when there is none
	papers    map[string]string
}

// write makes the case folder: what AWS answered, what lay in S3, and what people wrote.
func (s *scenario) write(ctx context.Context, dir string) error {
	for name, text := range s.papers {
		if err := writeFile(dir, name, []byte(text)); err != nil {
			return err
		}
	}
	for _, t := range s.world.targets() {
		if err := writeAnswers(dir, s.world, t, s.bucket); err != nil {
			return err
		}
		if err := s.writeMetrics(dir, t); err != nil {
			return err
		}
		if err := writeJSON(dir, "aws/"+t.Account+"/"+t.Region+"/securityhub-get-findings.json", s.securityHubFindings(t.Account, t.Region)); err != nil {
			return err
		}
	}
	for _, account := range s.world.accounts() {
		if err := writeJSON(dir, "aws/"+account+"/global/iam-get-account-authorization-details.json", s.authorizationDetails(account)); err != nil {
			return err
		}
	}
	return s.writeFlowLogs(ctx, dir)
}

// writeFile writes dir/name, whose folders need not exist yet.
func writeFile(dir, name string, content []byte) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}
