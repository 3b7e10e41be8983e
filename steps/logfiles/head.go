package logfiles

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"playbook/steps"
	"playbook/steps/flowrecord"
)

// head is the first line of a file.
type head struct {
	location, encoding string
	fields             []string
}

const (
	encodingText    = "text"
	encodingParquet = "parquet"
	// maxLine is far above the length of a header line with every field there is.
	maxLine = 16 << 10
)

// open reads the first line of each file. What cannot be read is a gap of its own.
func open(ctx context.Context, files steps.Files, picked []file) (heads []head, gaps []steps.Gap) {
	for _, f := range picked {
		if ctx.Err() != nil {
			return heads, gaps
		}
		h, err := readHead(ctx, files, f.location)
		if err != nil {
			gaps = append(gaps, steps.Gap{Source: f.location, Problem: "its first line could not be read: " + steps.Cut(err.Error(), 300), Count: 1, Blocking: true})
			continue
		}
		heads = append(heads, h)
	}
	return heads, gaps
}

func readHead(ctx context.Context, files steps.Files, location string) (head, error) {
	opened, err := files.Open(ctx, location)
	if err != nil {
		return head{}, err
	}
	defer opened.Close()
	reader := bufio.NewReaderSize(opened, maxLine)
	magic, err := reader.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return head{}, err
	}
	switch {
	case len(magic) == 0:
		return head{}, errors.New("it is empty")
	case string(magic) == "PAR1":
		return head{location: location, encoding: encodingParquet}, nil
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		unpacked, err := gzip.NewReader(reader)
		if err != nil {
			return head{}, err
		}
		reader = bufio.NewReaderSize(unpacked, maxLine)
	}
	line, err := reader.ReadSlice('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return head{}, fmt.Errorf("its first line has no end within %d bytes: %w", maxLine, err)
	}
	if len(line) == 0 {
		return head{}, errors.New("it holds nothing")
	}
	h := head{location: location, encoding: encodingText, fields: strings.Fields(strings.ToValidUTF8(string(line), "�"))}
	known := 0
	for _, name := range h.fields {
		if flowrecord.Named(name) != nil {
			known++
		}
	}
	if known == 0 {
		return head{}, fmt.Errorf("its first line names no field of flow logs: %q", steps.Cut(strings.Join(h.fields, " "), 120))
	}
	return h, nil
}

// formats groups files by the order of their fields, the most common first.
func formats(heads []head) []Format {
	all := []Format{}
	for _, h := range heads {
		i := slices.IndexFunc(all, func(f Format) bool { return f.Encoding == h.encoding && slices.Equal(f.Fields, h.fields) })
		if i < 0 {
			i = len(all)
			all = append(all, Format{Fields: append([]string{}, h.fields...), Encoding: h.encoding, FirstFile: h.location})
		}
		all[i].Files++
	}
	slices.SortStableFunc(all, func(a, b Format) int { return cmp.Compare(b.Files, a.Files) })
	return all
}

func blocks(r Result, opened int) []steps.Block {
	facts := &steps.Facts{Items: []steps.Fact{
		{Label: "Files", Value: r.Files, Unit: steps.Count}, {Label: "Size", Value: r.Bytes, Unit: steps.Bytes},
		{Label: "Folders", Value: r.Layout}, {Label: "Files opened, one of each flow log and day", Value: int64(opened), Unit: steps.Count},
	}}
	if len(r.Missing) > 0 {
		facts.Items = append(facts.Items, steps.Fact{Label: "Fields that the logs lack, which read as NULL", Value: strings.Join(r.Missing, ", ")})
	}
	where := &steps.Table{Title: "Where files lie", Total: int64(len(r.Places)), Columns: []steps.TableColumn{
		{Name: "account"}, {Name: "region"}, {Name: "files", Unit: steps.Count}, {Name: "size", Unit: steps.Bytes}, {Name: "first day"}, {Name: "last day"},
		{Name: "days without", Unit: steps.Count}, {Name: "newest"}, {Name: "late", Unit: steps.Seconds},
	}}
	for _, p := range r.Places {
		var newest any
		if p.Newest != nil {
			newest = *p.Newest
		}
		where.Rows = append(where.Rows, []any{p.Account, p.Region, p.Files, p.Bytes, p.FirstDay, p.LastDay, int64(len(p.MissingDays)), newest, p.LateSeconds})
	}
	order := &steps.Table{Title: "Order of the fields", Total: int64(len(r.Formats)), Columns: []steps.TableColumn{{Name: "files", Unit: steps.Count}, {Name: "encoding"}, {Name: "fields"}, {Name: "first file"}}}
	for _, f := range r.Formats {
		order.Rows = append(order.Rows, []any{f.Files, f.Encoding, strings.Join(f.Fields, " "), f.FirstFile})
	}
	return []steps.Block{{Facts: facts}, {Table: where}, {Table: order}}
}
