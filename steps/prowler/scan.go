package prowler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"playbook/steps"
)

// outputName is what Prowler is told to call its file.
const outputName = "prowler"

// arguments are those of a scan (Prowler documentation, "Basic usage" and "Reporting").
// Without --ignore-exit-code-3 a scan that found something ends like one that failed.
func (s *Step) arguments(folder string) []string {
	args := []string{"aws", "--categories"}
	args = append(args, s.Categories...)
	return append(args, "--output-formats", "json-ocsf", "--output-directory", folder, "--output-filename", outputName, "--ignore-exit-code-3", "--no-banner")
}

// scan runs Prowler when that is possible: live, with the credentials of the run. On a
// case nothing may be asked of AWS, so the findings have to come as files.
func (s *Step) scan(ctx context.Context, env steps.Env, w *work) error {
	command := "prowler " + strings.Join(s.arguments("DIR"), " ")
	if !env.Live {
		return &steps.Skip{Reason: "no file of findings was named; make one where there are credentials, with " + command}
	}
	program, err := exec.LookPath("prowler")
	if err != nil {
		return &steps.Skip{Reason: "Prowler is not installed here, and no file of findings was named; install it, or make one with " + command}
	}
	folder, err := os.MkdirTemp("", "prowler")
	if err != nil {
		return fmt.Errorf("make a folder for what Prowler writes: %w", err)
	}
	defer os.RemoveAll(folder)
	last := &tail{}
	run := exec.CommandContext(ctx, program, s.arguments(folder)...)
	run.Stdout, run.Stderr = last, last
	run.Cancel = func() error { return run.Process.Signal(os.Interrupt) }
	run.WaitDelay = 10 * time.Second
	if err := run.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("run %s: %w; it said last: %s", command, err, last)
	}
	written := filepath.Join(folder, outputName+".ocsf.json")
	if err := keep(env.Evidence, written); err != nil {
		return fmt.Errorf("keep what Prowler wrote: %w", err)
	}
	file, err := os.Open(written)
	if err != nil {
		return fmt.Errorf("read what Prowler wrote: %w", err)
	}
	defer file.Close()
	if err := w.read(file, outputName+".ocsf.json"); err != nil {
		return fmt.Errorf("read what Prowler wrote: %w", err)
	}
	return w.empty()
}

// keep copies the output into the evidence of the step.
func keep(evidence steps.Evidence, path string) error {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return errors.New("it ended without writing a file")
	}
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = evidence.Write(filepath.Base(path), func(to io.Writer) error {
		_, err := io.Copy(to, file)
		return err
	})
	return err
}

// tail keeps the end of what a program says.
type tail struct{ text []byte }

const maxTail = 2000

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if len(t.text) > 2*maxTail {
		t.text = append(t.text[:0], t.text[len(t.text)-maxTail:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	text := t.text[max(0, len(t.text)-maxTail):]
	if len(text) == 0 {
		return "nothing"
	}
	return strings.TrimSpace(strings.ToValidUTF8(string(text), "\uFFFD"))
}
