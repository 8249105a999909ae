// Shadow answers what Django's tests ask of Django as airworthy does: a line of JSON on standard input is a question
// {"op": name, "args": {...}}, one on standard output its answer, {"result": ...} or {"error": "..."}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
)

var silent = slog.New(slog.DiscardHandler)

// refusesToStart is the answer of a part that does not take the settings.
const refusesToStart = "refuses to start"

type op func(args json.RawMessage) (any, error)

func ops() map[string]op {
	return map[string]op{
		"csrf":           with(csrfQuestion.answer),
		"host":           with(hostQuestion.answer),
		"match":          with(matchQuestion.answer),
		"scheme":         with(schemeQuestion.answer),
		"separator":      with(signQuestion.separator),
		"sign":           with(signQuestion.sign),
		"unsign":         with(signQuestion.unsign),
		"dumps":          with(signQuestion.dumps),
		"loads":          with(signQuestion.loads),
		"sign cookie":    with(signQuestion.signCookie),
		"unsign cookie":  with(signQuestion.unsignCookie),
		"mac":            with(macQuestion.answer),
		"equal":          with(equalQuestion.answer),
		"encode session": with(sessionQuestion.encode),
		"decode session": with(sessionQuestion.decode),
		"session cookie": with(sessionCookieQuestion.answer),
		"redirect":       with(redirectQuestion.answer),
		"headers":        with(headersQuestion.answer),
		"checks":         checks,
	}
}

func with[Q any](f func(Q) (string, error)) op {
	return func(args json.RawMessage) (any, error) {
		var q Q
		if err := json.Unmarshal(args, &q); err != nil {
			return nil, err
		}
		return f(q)
	}
}

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func serve(in io.Reader, out io.Writer) error {
	known := ops()
	r := bufio.NewReader(in)
	for {
		line, err := r.ReadBytes('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := json.NewEncoder(out).Encode(answer(known, line)); err != nil {
			return err
		}
	}
}

func answer(known map[string]op, line []byte) (a map[string]any) {
	var question struct {
		Op   string
		Args json.RawMessage
	}
	if err := json.Unmarshal(line, &question); err != nil {
		return map[string]any{"error": err.Error()}
	}
	defer func() {
		if p := recover(); p != nil {
			a = map[string]any{"error": fmt.Sprintf("panic: %v", p)}
		}
	}()
	f, ok := known[question.Op]
	if !ok {
		return map[string]any{"error": "no such op: " + question.Op}
	}
	result, err := f(question.Args)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	return map[string]any{"result": result}
}
