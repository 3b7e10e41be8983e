package cloud

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

func TestObjectsAreTheFilesBelowS3(t *testing.T) {
	dir := folder(t, `
-- aws/111122223333/eu-west-1/ec2-describe-vpcs.json --
-- s3/intel/lists/b.csv --
198.51.100.7
-- s3/intel/lists/a/deep.txt --
x
-- s3/intel/listsother.csv --
`)
	objects := objects{dir}
	for location, want := range map[string][]string{
		"s3://intel/lists/":      {"s3://intel/lists/a/deep.txt", "s3://intel/lists/b.csv"},
		"s3://intel/lists":       {"s3://intel/lists/a/deep.txt", "s3://intel/lists/b.csv"},
		"s3://intel/lists/b.csv": {"s3://intel/lists/b.csv"},
		"s3://intel":             {"s3://intel/lists/a/deep.txt", "s3://intel/lists/b.csv", "s3://intel/listsother.csv"},
	} {
		var got []string
		for object, err := range objects.List(t.Context(), location) {
			if err != nil {
				t.Fatalf("%s: %v", location, err)
			}
			got = append(got, object.Location)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", location, diff)
		}
	}
	file, err := objects.Open(t.Context(), "s3://intel/lists/b.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if text, _ := io.ReadAll(file); string(text) != "198.51.100.7\n" {
		t.Errorf("read %q", text)
	}
}

func TestObjectsThatAreNotThereAreMissing(t *testing.T) {
	dir := folder(t, "-- aws/111122223333/eu-west-1/ec2-describe-vpcs.json --\n-- s3/intel/x.csv --\n")
	if err := os.Mkdir(filepath.Join(dir, "s3/intel/empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	objects := objects{dir}
	for _, location := range []string{"s3://intel/y.csv", "s3://other/", "s3://intel/empty/"} {
		_, err := objects.Open(t.Context(), location)
		if location != "s3://intel/empty/" {
			checkMissing(t, location, err)
		}
		for _, err := range objects.List(t.Context(), location) {
			checkMissing(t, location, err)
		}
	}
	for _, location := range []string{"/etc/passwd", "s3://", "s3:///x", "s3://../aws", "s3://intel/../../../etc/passwd", "file:///etc/passwd"} {
		if _, err := objects.Open(t.Context(), location); err == nil {
			t.Errorf("%s was opened", location)
		}
	}
}

func checkMissing(t *testing.T, location string, err error) {
	t.Helper()
	var missing *steps.Missing
	if !errors.As(err, &missing) || !strings.Contains(missing.Hint, "aws s3 sync "+location) {
		t.Errorf("%s: %v", location, err)
	}
}

func TestObjectsFollowNoLink(t *testing.T) {
	dir := folder(t, "-- aws/111122223333/eu-west-1/ec2-describe-vpcs.json --\n-- s3/intel/x.csv --\n")
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "s3/intel/y.csv")); err != nil {
		t.Fatal(err)
	}
	if _, err := (objects{dir}).Open(t.Context(), "s3://intel/y.csv"); err == nil {
		t.Error("a link out of the case was opened")
	}
	var last error
	for _, err := range (objects{dir}).List(t.Context(), "s3://intel/") {
		last = err
	}
	if last == nil || !strings.Contains(last.Error(), "is a link, which is not followed") {
		t.Errorf("a link was passed over: %v", last)
	}
}
