package journal

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"
)

// mask keeps secrets from the disk: in events and records, which are JSON, and in
// evidence files, which can be anything and of any size.
type mask struct {
	inJSON [][]byte // as in a JSON string
	inFile [][]byte // as they are, and as JSON and CSV write them
}

var masked = []byte("***")

func newMask(secrets []string) mask {
	var m mask
	add := func(list *[][]byte, text string) {
		if !slices.ContainsFunc(*list, func(other []byte) bool { return string(other) == text }) {
			*list = append(*list, []byte(text))
		}
	}
	for _, secret := range secrets {
		encoded, err := json.Marshal(secret)
		if err != nil || secret == "" {
			continue
		}
		inner := string(encoded[1 : len(encoded)-1])
		add(&m.inJSON, inner)
		for _, text := range []string{secret, inner, strings.ReplaceAll(secret, `"`, `""`)} {
			add(&m.inFile, text)
		}
	}
	return m
}

// jsonString matches one string of a JSON text, quotes included.
var jsonString = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// json replaces secrets in the strings of a JSON text, so that the text stays JSON even
// when a secret is "1".
func (m mask) json(text []byte) []byte {
	if len(m.inJSON) == 0 {
		return text
	}
	return jsonString.ReplaceAllFunc(text, func(quoted []byte) []byte { return replace(quoted, m.inJSON) })
}

func replace(text []byte, secrets [][]byte) []byte {
	for _, secret := range secrets {
		text = bytes.ReplaceAll(text, secret, masked)
	}
	return text
}

// writer masks a stream. What is written last is held back for as long as it could be
// the beginning of a secret, until flush.
func (m mask) writer(w io.Writer) (masking io.Writer, flush func() error) {
	longest := 0
	for _, secret := range m.inFile {
		longest = max(longest, len(secret))
	}
	if longest == 0 {
		return w, func() error { return nil }
	}
	s := &maskedStream{w: w, secrets: m.inFile, hold: longest - 1}
	return s, s.flush
}

type maskedStream struct {
	w       io.Writer
	secrets [][]byte
	hold    int
	held    []byte
}

func (s *maskedStream) Write(p []byte) (int, error) {
	s.held = replace(append(s.held, p...), s.secrets)
	if ready := len(s.held) - s.hold; ready > 0 {
		if _, err := s.w.Write(s.held[:ready]); err != nil {
			return 0, err
		}
		s.held = append([]byte(nil), s.held[ready:]...)
	}
	return len(p), nil
}

func (s *maskedStream) flush() error {
	_, err := s.w.Write(s.held)
	s.held = nil
	return err
}
