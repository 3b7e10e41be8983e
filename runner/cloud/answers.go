package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"playbook/steps"
)

// maxAnswer is the size of one answer file: far above what AWS returns for a region,
// and below what would take the machine's memory.
const maxAnswer = 512 << 20

// answers reads what the AWS CLI printed for one target.
type answers struct {
	dir    string
	target steps.Target
}

// Read implements steps.Cloud. The pages of an operation are the JSON documents in
// <file>.json, one after the other, then those in <file>.2.json and so on for as long
// as the last one says that there is more.
func (a *answers) Read(ctx context.Context, name string, input map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		op, err := operation(name)
		if err != nil {
			yield(nil, err)
			return
		}
		place := a.target.Region
		if op.Global {
			place = "global"
		}
		base := filepath.Join("aws", a.target.Account, place, op.File)
		if len(input) > 0 {
			a.called(op, base, input, yield)
			return
		}
		for number := 1; ; number++ {
			path := base + ".json"
			if number > 1 {
				path = fmt.Sprintf("%s.%d.json", base, number)
			}
			pages, err := a.file(path, op)
			if errors.Is(err, fs.ErrNotExist) {
				err = a.missing(op, path, number)
			}
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, page := range pages {
				if !yield(page, nil) {
					return
				}
			}
			if !more(pages[len(pages)-1]) {
				return
			}
		}
	}
}

func (a *answers) missing(op Operation, path string, number int) error {
	what := fmt.Sprintf("the answer of %s for %s", op.Name, a.target)
	if number > 1 {
		what = fmt.Sprintf("page %d of %s", number, what)
	}
	service, command, _ := strings.Cut(op.File, "-")
	region := " --region " + a.target.Region
	if op.Global {
		region = ""
	}
	return &steps.Missing{
		What: what,
		Path: filepath.ToSlash(path),
		Hint: fmt.Sprintf("get it with `aws %s %s%s --output json`", service, command, region),
	}
}

// file reads the pages in one file.
func (a *answers) file(relative string, op Operation) ([]map[string]any, error) {
	file, err := open(a.dir, relative)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	pages, err := documents(file, filepath.ToSlash(relative))
	if err != nil {
		return nil, err
	}
	for _, page := range pages {
		if err := checkPage(page, op); err != nil {
			return nil, fmt.Errorf("read %s: %w", filepath.ToSlash(relative), err)
		}
	}
	return pages, nil
}

// open opens a file of the case, and nothing that a link leads to outside of it.
func open(dir, relative string) (*os.File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	file, err := root.Open(relative)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("read %s: it is not a file", filepath.ToSlash(relative))
	}
	if err == nil && info.Size() > maxAnswer {
		err = fmt.Errorf("read %s: %d bytes is more than an answer of AWS can have", filepath.ToSlash(relative), info.Size())
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// documents reads one JSON object after the other. Numbers become int64 or float64.
func documents(r io.Reader, name string) ([]map[string]any, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var pages []map[string]any
	for {
		var page map[string]any
		err := decoder.Decode(&page)
		if errors.Is(err, io.EOF) && len(pages) > 0 {
			return pages, nil
		}
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s is empty: the AWS CLI prints at least {…}; was the call refused?", name)
		}
		if err == nil && page == nil {
			err = errors.New("null is no answer")
		}
		if err != nil {
			line, column := place(text, offset(err, decoder))
			return nil, fmt.Errorf("%s:%d:%d: not the JSON of an answer: %w", name, line, column, err)
		}
		pages = append(pages, number(page).(map[string]any))
	}
}

func offset(err error, decoder *json.Decoder) int64 {
	var syntax *json.SyntaxError
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return syntax.Offset
	case errors.As(err, &mistyped):
		return mistyped.Offset
	}
	return decoder.InputOffset()
}

func place(text []byte, offset int64) (line, column int) {
	before := string(text[:min(max(offset, 0), int64(len(text)))])
	return strings.Count(before, "\n") + 1, len(before) - strings.LastIndexByte(before, '\n')
}

func number(value any) any {
	switch value := value.(type) {
	case json.Number:
		if n, err := value.Int64(); err == nil {
			return n
		}
		f, _ := value.Float64()
		return f
	case []any:
		for i := range value {
			value[i] = number(value[i])
		}
	case map[string]any:
		for key := range value {
			value[key] = number(value[key])
		}
	}
	return value
}

// checkPage tells an answer from an error message, another call's answer, or `{}`.
func checkPage(page map[string]any, op Operation) error {
	found := false
	for _, key := range op.Lists {
		value, ok := page[key]
		if !ok {
			continue
		}
		list, isList := value.([]any)
		if !isList {
			return fmt.Errorf("%s is not a list; this is no answer of %s", key, op.Name)
		}
		for i, element := range list {
			if _, isMap := element.(map[string]any); !isMap {
				return fmt.Errorf("%s[%d] is not a map; this is no answer of %s", key, i, op.Name)
			}
		}
		found = true
	}
	if !found {
		return fmt.Errorf("it has no %s; this is no answer of %s", op.Lists[0], op.Name)
	}
	return nil
}

// more reports whether AWS said that there are more pages.
func more(page map[string]any) bool {
	for _, key := range []string{"NextToken", "nextToken", "Marker", "NextMarker"} {
		if token, ok := page[key].(string); ok && token != "" {
			return true
		}
	}
	truncated, _ := page["IsTruncated"].(bool)
	return truncated
}

// called finds the answer to a call with input: <file>/*.json, each {"Input", "Output"}.
func (a *answers) called(op Operation, base string, input map[string]any, yield func(map[string]any, error) bool) {
	entries, err := os.ReadDir(filepath.Join(a.dir, base))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		yield(nil, err)
		return
	}
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) != ".json" {
			continue
		}
		relative := filepath.Join(base, entry.Name())
		file, err := open(a.dir, relative)
		if err != nil {
			yield(nil, err)
			return
		}
		calls, err := documents(file, filepath.ToSlash(relative))
		file.Close()
		if err != nil {
			yield(nil, err)
			return
		}
		if i := slices.IndexFunc(calls, func(c map[string]any) bool { return reflect.DeepEqual(c["Input"], steps.Plain(input)) }); i >= 0 {
			output, ok := calls[i]["Output"].(map[string]any)
			if !ok {
				err = fmt.Errorf("read %s: it has an Input and no Output", filepath.ToSlash(relative))
			} else if err = checkPage(output, op); err == nil && more(output) {
				err = fmt.Errorf("read %s: its Output is one page of several", filepath.ToSlash(relative))
			}
			yield(output, err)
			return
		}
	}
	yield(nil, a.missing(op, base+"/*.json", 1))
}
