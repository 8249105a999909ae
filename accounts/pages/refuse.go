package pages

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
	"github.com/airworthy-go/airworthy/internal/httpx"
	"github.com/airworthy-go/airworthy/password"
	"github.com/airworthy-go/airworthy/session"
)

// refusedText says what ErrRefused means on a page, and at which field; empty for the form as a whole.
type refusedText struct{ field, text string }

// refuse shows the page once more, with what is wrong, or sends the visitor where it can be mended.
func (p *Pages) refuse(w http.ResponseWriter, r *http.Request, page Page, refused refusedText, err error) {
	status := http.StatusUnprocessableEntity
	var (
		invalid *accounts.InvalidError
		many    *accounts.TooManyError
		busy    *password.BusyError
	)
	switch {
	case errors.As(err, &invalid):
		for _, problem := range invalid.Problems {
			page.Form.refuse(problem.Field, problem.Message)
		}
	case errors.Is(err, accounts.ErrRefused):
		page.Form.refuse(refused.field, refused.text)
	case errors.As(err, &many):
		status = http.StatusTooManyRequests
		page.Form.refuse("", "Too many attempts. Please try again "+retryAfter(w, many.RetryAfter)+".")
	case errors.As(err, &busy):
		status = http.StatusServiceUnavailable
		page.Form.refuse("", "The site is very busy. Please try again "+retryAfter(w, busy.RetryAfter)+".")
	case errors.Is(err, accounts.ErrConflict):
		status = http.StatusConflict
		page.Form.refuse("", "This was changed somewhere else in the meantime. Please try again.")
	case errors.Is(err, accounts.ErrStale):
		p.redirect(w, p.cfg.Path+"step-up/", safeNext(r.URL.RequestURI()))
		return
	case errors.Is(err, accounts.ErrNobody):
		p.redirect(w, p.cfg.Path+"login/", safeNext(r.URL.RequestURI()))
		return
	default:
		p.fail(w, r, err)
		return
	}
	p.show(w, r, status, page)
}

// retryAfter sets the header and returns the same in words.
func retryAfter(w http.ResponseWriter, d time.Duration) string {
	seconds := max(int(math.Ceil(d.Seconds())), 1)
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	switch {
	case seconds < 90:
		return "in " + count(seconds, "second")
	case seconds < 90*60:
		return "in " + count((seconds+59)/60, "minute")
	}
	return "in " + count((seconds+3599)/3600, "hour")
}

// count returns "1 hour", "2 hours".
func count(n int, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return strconv.Itoa(n) + " " + unit
}

// form reads what was posted. If that cannot be, it has answered and returns false.
func (p *Pages) form(w http.ResponseWriter, r *http.Request) (values, bool) {
	v, err := read(w, r)
	switch {
	case errors.Is(err, errTooLarge):
		httpx.Refuse(w, r, http.StatusRequestEntityTooLarge, err)
	case err != nil:
		httpx.Refuse(w, r, http.StatusBadRequest, err)
	}
	return v, err == nil
}

// noticeKey holds what the next page is to say has been done: a key of notices, so that no text comes from anywhere else.
const noticeKey = "_airworthy_notice"

var notices = map[string]string{
	"password": "Your password was changed, and all your other sessions were ended.",
	"email":    "Your e-mail address was changed, and all your other sessions were ended.",
	"reset":    "Your password was changed. Log in with the new one.",
	"session":  "The session was ended.",
	"gone":     "That session had ended already.",
	"others":   "All your other sessions were ended.",
	"added":    "The app was added. From now on you are asked for a code when you log in.",
	"removed":  "The app was removed.",
	"late":     "That took too long. Please log in again.",
	"signup":   "Welcome! Your account was made.",
}

func setNotice(ctx context.Context, key string) error {
	if s := session.From(ctx); s != nil {
		return s.Set(noticeKey, key)
	}
	return nil
}

// takeNotice returns what to say, once.
func takeNotice(ctx context.Context) (string, error) {
	s := session.From(ctx)
	if s == nil || !s.Has(noticeKey) {
		return "", nil
	}
	text := notices[s.String(noticeKey)]
	return text, s.Delete(noticeKey)
}
