package cloud

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path"
	"reflect"

	"playbook/steps"
)

// answers reads what the AWS CLI printed for one target.
type answers struct {
	dir    string
	target steps.Target
}

// Read implements steps.Cloud.
func (a *answers) Read(ctx context.Context, name string, input map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		give := func(page map[string]any) bool { return yield(page, nil) }
		op, err := operation(name)
		if err == nil && len(input) == 0 {
			err = a.pages(ctx, op, give)
		} else if err == nil {
			err = a.calls(ctx, op, input, give)
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// pages gives the pages of an unfiltered operation: the JSON documents in <file>.json,
// one after the other, then those in <file>.2.json and so on. It ends without an error
// only after a page that says it is the last, with nothing behind it: a second answer
// to the same call would otherwise go unseen.
func (a *answers) pages(ctx context.Context, op Operation, give func(map[string]any) bool) error {
	root, err := os.OpenRoot(a.dir)
	if err != nil {
		return fmt.Errorf("read %s: %w", op.Name, err)
	}
	defer root.Close()
	more, whole := true, false
	for number := 1; ; number++ {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("read %s: %w", op.Name, err)
		}
		name := a.base(op) + ".json"
		if number > 1 {
			name = fmt.Sprintf("%s.%d.json", a.base(op), number)
		}
		found, err := readDocuments(root, name)
		switch {
		case errors.Is(err, fs.ErrNotExist) && more:
			return a.missing(op, name, number)
		case errors.Is(err, fs.ErrNotExist) && !whole:
			return fmt.Errorf("read %s.json: it has no %s; this is no whole answer of %s", a.base(op), op.Lists[0], op.Name)
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		}
		for _, page := range found {
			if !more {
				return fmt.Errorf("read %s: it holds another page of %s, but the page before says that it is the last; "+
					"are these two answers to the same call?", name, op.Name)
			}
			has, err := op.check(page)
			if err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
			if !give(page) {
				return nil
			}
			_, token := next(page)
			more, whole = token != nil, whole || has
		}
	}
}

// calls gives the pages of an operation with input: <file>/*.json hold the calls that
// were made, each {"Input": …, "Output": …}.
func (a *answers) calls(ctx context.Context, op Operation, input map[string]any, give func(map[string]any) bool) error {
	asked, _ := steps.Plain(input).(map[string]any)
	made, err := a.made(op)
	if errors.Is(err, fs.ErrNotExist) {
		return a.missingCall(op, asked)
	}
	if err != nil {
		return err
	}
	whole := false
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("read %s: %w", op.Name, err)
		}
		var output map[string]any
		for _, call := range made {
			if !reflect.DeepEqual(call.input, asked) {
				continue
			}
			if output != nil {
				return fmt.Errorf("read %s: the case holds two answers to the same call, one of them in this file", call.file)
			}
			output = call.output
			has, err := op.check(output)
			if err != nil {
				return fmt.Errorf("read %s: Output: %w", call.file, err)
			}
			whole = whole || has
		}
		if output == nil {
			return a.missingCall(op, asked)
		}
		if !give(output) {
			return nil
		}
		key, token := next(output)
		switch {
		case token == nil && !whole:
			return fmt.Errorf("read %s/*.json: no Output has %s; this is no whole answer of %s", a.base(op), op.Lists[0], op.Name)
		case token == nil:
			return nil
		case reflect.DeepEqual(asked[key], token):
			return fmt.Errorf("read %s/*.json: a page names itself as the one to follow", a.base(op))
		}
		asked = maps.Clone(asked)
		asked[key] = token
	}
}

type call struct {
	file          string
	input, output map[string]any
}

func (a *answers) made(op Operation) ([]call, error) {
	root, err := os.OpenRoot(a.dir)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", op.Name, err)
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), a.base(op))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", op.Name, err)
	}
	var made []call
	for _, entry := range entries {
		if path.Ext(entry.Name()) != ".json" {
			continue
		}
		name := a.base(op) + "/" + entry.Name()
		found, err := readDocuments(root, name)
		if err != nil {
			return nil, err
		}
		for _, document := range found {
			input, hasInput := document["Input"].(map[string]any)
			output, hasOutput := document["Output"].(map[string]any)
			if !hasInput || !hasOutput {
				return nil, fmt.Errorf(`read %s: a call is {"Input": {…}, "Output": {…}}`, name)
			}
			made = append(made, call{name, input, output})
		}
	}
	return made, nil
}

// base is the path of an operation's answer in the case, without what follows a page.
func (a *answers) base(op Operation) string {
	place := a.target.Region
	if op.Global {
		place = "global"
	}
	return path.Join("aws", a.target.Account, place, op.Service+"-"+op.Command)
}

// missing says which answer is not in the case, and the command that gets it.
func (a *answers) missing(op Operation, name string, page int) error {
	command := "aws " + op.Service + " " + op.Command
	if op.Options != "" {
		command += " " + op.Options
	}
	if !op.Global {
		command += " --region " + a.target.Region
	}
	command += " --output json"
	m := &steps.Missing{What: fmt.Sprintf("the answer of %s for %s", op.Name, a.target), Path: name}
	if page > 1 {
		m.What = fmt.Sprintf("page %d of %s", page, m.What)
	}
	m.Hint = fmt.Sprintf("in the case's folder, with credentials for account %s: %s > %s.json", a.target.Account, command, a.base(op))
	return m
}

// missingCall says which call with input is not in the case, and how to make it.
func (a *answers) missingCall(op Operation, input map[string]any) error {
	target := a.target
	if op.Global {
		target.Region = ""
	}
	return &steps.Missing{
		What: fmt.Sprintf("the answer of %s for %s to a call with this input", op.Name, a.target),
		Path: a.base(op) + "/*.json",
		Hint: fmt.Sprintf(`make the call (%s --output json), and store it as {"Input": …, "Output": …}`,
			steps.Call{Operation: op.Name, Input: input}.Command(target)),
	}
}
