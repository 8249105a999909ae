package main

import (
	"strings"
	"testing"
)

// A question that cannot be answered is not the end of the conversation.
func TestServe(t *testing.T) {
	var out strings.Builder
	in := strings.Join([]string{
		`{"op": "no such op"}`,
		`nonsense`,
		`{"op": "mac", "args": {"Keys": []}}`,
		`{"op": "match", "args": {"Host": "a.example.com", "Pattern": ".example.com"}}`,
		`{"op": "match", "args": {"Host": "example.org", "Pattern": ".example.com"}}`,
	}, "\n") + "\n"
	if err := serve(strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	want := []string{`"error":"no such op: no such op"`, `"error":"invalid`, `"error":"panic:`, `{"result":"true"}`, `{"result":"false"}`}
	if len(got) != len(want) {
		t.Fatalf("answers = %q, want %d", got, len(want))
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("answer %d = %s, want %s", i, got[i], want[i])
		}
	}
}
