package httpx_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/internal/httpx"
)

// objector has the answer replaced.
type objector struct {
	st    *httpx.State
	calls int
}

func (o *objector) BeforeHeader(http.ResponseWriter, int) {
	o.calls++
	o.st.Replace(http.StatusBadRequest, errors.New("cause"))
}

// witness notes the statuses that it is told of.
type witness struct{ statuses []int }

func (w *witness) BeforeHeader(rw http.ResponseWriter, status int) {
	w.statuses = append(w.statuses, status)
	rw.Header().Set("X-Witness", fmt.Sprint(status))
}

func TestAHookCanHaveTheAnswerReplaced(t *testing.T) {
	for name, write := range map[string]func(http.ResponseWriter){
		"with a body":     func(w http.ResponseWriter) { fmt.Fprint(w, "welcome"); fmt.Fprint(w, " again") },
		"with a redirect": func(w http.ResponseWriter) { w.Header().Set("Location", "/in"); w.WriteHeader(302) },
		"with a flush":    func(w http.ResponseWriter) { w.(http.Flusher).Flush(); fmt.Fprint(w, "welcome") },
		"with nothing":    func(http.ResponseWriter) {},
	} {
		t.Run(name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			st, w, _ := httpx.Begin(rec, httptest.NewRequest("GET", "/", nil))
			outer, object, inner := &witness{}, &objector{st: st}, &witness{}
			st.OnHeader(outer)
			st.OnHeader(object)
			st.OnHeader(inner)
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Etag", `"1"`)
			write(w)
			st.Finish()
			if rec.Code != 400 || st.Status() != 400 || strings.TrimSpace(rec.Body.String()) != "Bad Request" {
				t.Errorf("answered %d, %d, %q, want 400 and its text alone", rec.Code, st.Status(), rec.Body)
			}
			for _, name := range []string{"Location", "Content-Encoding", "Etag"} {
				if got := rec.Header().Get(name); got != "" {
					t.Errorf("%s = %q, want none", name, got)
				}
			}
			if object.calls != 1 || len(inner.statuses) != 1 || len(outer.statuses) != 1 || outer.statuses[0] != 400 {
				t.Errorf("the hooks were called %d times, with %v and %v, want once each, the outer one with 400",
					object.calls, inner.statuses, outer.statuses)
			}
			if got := rec.Header().Get("X-Witness"); got != "400" {
				t.Errorf("the outer hook's header is %q, want %q", got, "400")
			}
		})
	}
}
