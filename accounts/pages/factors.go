package pages

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/airworthy-go/airworthy/accounts"
)

// The addresses of the pages about second factors, below Path.
const (
	factorsPath = "second-factor/"
	addPath     = factorsPath + "add/"
	confirmPath = factorsPath + "confirm/"
	removePath  = factorsPath + "remove/"
	codesPath   = factorsPath + "recovery-codes/"
)

func (p *Pages) factors(w http.ResponseWriter, r *http.Request, u *accounts.User) {
	page, err := p.memberPage(r, u, "second_factor", factorsPath, "Second factor")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	states, err := p.accounts.FactorStates(r.Context())
	if err != nil {
		p.fail(w, r, err)
		return
	}
	next, now := next(r.URL.Query()), time.Now()
	add := Link{Path: withNext(p.cfg.Path+addPath, next), Label: "Add another app"}
	for _, f := range states {
		item := Item{Title: f.Name, Lines: []string{"Added on " + f.Created.UTC().Format("2 January 2006") + ", last used " + ago(f.Used, now)}}
		if f.Kind == accounts.RecoveryCodes {
			item.Lines = []string{fmt.Sprintf("%d left, made on %s", f.Left, f.Created.UTC().Format("2 January 2006"))}
			item.Links = []Link{{Path: p.cfg.Path + codesPath, Label: "Make new ones"}}
		} else {
			item.Tag = "On"
			item.Links = []Link{{Path: p.cfg.Path + removePath + "?" + url.Values{"id": {f.ID}}.Encode(), Label: "Remove"}}
		}
		page.Items = append(page.Items, item)
	}
	// Recovery codes are last, whenever they were used.
	slices.SortStableFunc(page.Items, func(a, b Item) int { return len(b.Tag) - len(a.Tag) })
	if len(states) == 0 {
		add.Label = "Set up an authenticator app"
		page.Intro = "When you log in, you are asked for a code that an app on your phone shows. So nobody gets in who only knows your password."
		if p.accounts.FactorDemanded(u) {
			page.Intro += " Your account has to have one."
		}
	}
	page.Actions = []Link{add}
	p.show(w, r, http.StatusOK, page)
}

func (p *Pages) addPage(r *http.Request, u *accounts.User, next string) (Page, error) {
	page, err := p.memberPage(r, u, "add_factor", factorsPath, "Add an authenticator app")
	page.Intro = "Any app will do that shows codes which change every half a minute."
	page.Form = &Form{
		Action: p.cfg.Path + addPath, Submit: "Go on", User: u.Username, Hidden: hiddenNext(next),
		Fields: []Field{
			{Name: "name", Label: "What do you call it?", Type: "text", Help: "Such as “my phone”.", Value: "My phone", Autocomplete: "off"},
			passwordField("old", "Your password"),
		},
	}
	return page, err
}

func (p *Pages) addForm(w http.ResponseWriter, r *http.Request, u *accounts.User) {
	if p.stale(w, r) {
		return
	}
	page, err := p.addPage(r, u, next(r.URL.Query()))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, page)
}

func (p *Pages) add(w http.ResponseWriter, r *http.Request, u *accounts.User) {
	v, ok := p.form(w, r)
	if !ok {
		return
	}
	next := safeNext(v["next"])
	page, err := p.addPage(r, u, next)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	page.Form.fill(v)
	e, err := p.accounts.Enrol(r, v.password("old"), v.get("name"))
	if err != nil {
		p.refuse(w, r, page, wrongPassword, err)
		return
	}
	p.redirect(w, p.confirmAddress(e.ID, next), "")
}

func (p *Pages) confirmAddress(id, next string) string {
	q := url.Values{"id": {id}}
	if next != "" {
		q.Set("next", next)
	}
	return p.cfg.Path + confirmPath + "?" + q.Encode()
}

// confirmPage shows the secret, as a QR code and to be typed. If there is none to show, it has answered.
func (p *Pages) confirmPage(w http.ResponseWriter, r *http.Request, u *accounts.User, id, next string) (Page, bool) {
	e, err := p.accounts.Enrolling(r.Context(), id)
	if errors.Is(err, accounts.ErrNotFound) {
		p.redirect(w, p.cfg.Path+factorsPath, next)
		return Page{}, false
	}
	page, noticeErr := p.memberPage(r, u, "enrol", factorsPath, "Add an authenticator app")
	if err := errors.Join(err, noticeErr); err != nil {
		p.fail(w, r, err)
		return Page{}, false
	}
	if p.cfg.QR != nil {
		if page.QR, err = p.cfg.QR(e.URI.Reveal()); err != nil {
			p.fail(w, r, err)
			return Page{}, false
		}
	}
	page.Secret = grouped(e.Secret.Reveal())
	page.Form = &Form{
		Action: p.cfg.Path + confirmPath, Submit: "Confirm", Hidden: append(hiddenNext(next), Hidden{"id", e.ID}),
		Fields: []Field{codeField("Code", "", true)},
	}
	page.Form.Fields[0].Autofocus = false // the code to scan is further up
	page.Links = []Link{{Path: p.cfg.Path + factorsPath, Label: "Not now"}}
	return page, true
}

// grouped returns a secret in groups of four letters, which are easier to type.
func grouped(s string) string {
	var groups []string
	for group := range slices.Chunk([]byte(s), 4) {
		groups = append(groups, string(group))
	}
	return strings.Join(groups, " ")
}

func (p *Pages) confirmForm(w http.ResponseWriter, r *http.Request, u *accounts.User) {
	q := r.URL.Query()
	if page, ok := p.confirmPage(w, r, u, q.Get("id"), next(q)); ok {
		p.show(w, r, http.StatusOK, page)
	}
}

func (p *Pages) confirm(w http.ResponseWriter, r *http.Request, u *accounts.User) {
	v, ok := p.form(w, r)
	if !ok {
		return
	}
	next := safeNext(v["next"])
	codes, err := p.accounts.Confirm(r, v["id"], v["code"])
	switch {
	case errors.Is(err, accounts.ErrNotFound):
		p.redirect(w, p.cfg.Path+factorsPath, next)
	case errors.Is(err, accounts.ErrStale):
		p.redirect(w, p.cfg.Path+"step-up/", p.confirmAddress(v["id"], next))
	case err != nil:
		if page, ok := p.confirmPage(w, r, u, v["id"], next); ok {
			p.refuse(w, r, page, refusedText{"code", "The code is not right. Look whether the clock of your phone is, and try the next code."}, err)
		}
	case len(codes) > 0:
		p.showCodes(w, r, u, codes, next)
	case next != "":
		p.redirect(w, next, "")
	default:
		p.done(w, r, "added", factorsPath)
	}
}

// showCodes shows recovery codes. They stand in no address and no cache, so that they are seen once.
func (p *Pages) showCodes(w http.ResponseWriter, r *http.Request, u *accounts.User, codes []string, next string) {
	page, err := p.memberPage(r, u, "recovery_codes", factorsPath, "Your recovery codes")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if next == "" {
		next = p.cfg.Path + factorsPath
	}
	page.Codes, page.Actions = codes, []Link{{Path: next, Label: "I have kept them"}}
	p.show(w, r, http.StatusOK, page)
}

// needFresh sends who has no fresh factor to show one, or to set one up. It reports whether it has.
func (p *Pages) needFresh(w http.ResponseWriter, r *http.Request) bool {
	if p.accounts.Fresh(r.Context()) {
		return false
	}
	p.redirect(w, p.cfg.Path+"step-up/", safeNext(r.URL.RequestURI()))
	return true
}

func (p *Pages) removePage(r *http.Request, u *accounts.User, id string) (Page, error) {
	page, err := p.memberPage(r, u, "remove_factor", factorsPath, "Remove an authenticator app")
	if err != nil {
		return page, err
	}
	states, err := p.accounts.FactorStates(r.Context())
	if err != nil {
		return page, err
	}
	apps, name := 0, ""
	for _, f := range states {
		if f.Kind == accounts.TOTP {
			apps++
			if f.ID == id {
				name = f.Name
			}
		}
	}
	if name == "" {
		return page, accounts.ErrNotFound
	}
	page.Intro = "The codes of “" + name + "” will no longer let you in. All your other sessions end."
	if apps == 1 {
		page.Intro += " It is the last one: your recovery codes go with it, and your password alone will let in whoever knows it."
	}
	page.Form = &Form{Action: p.cfg.Path + removePath, Submit: "Remove it", Danger: true, Hidden: []Hidden{{"id", id}}}
	page.Links = []Link{{Path: p.cfg.Path + factorsPath, Label: "Keep it"}}
	return page, nil
}

func (p *Pages) removeForm(w http.ResponseWriter, r *http.Request, u *accounts.User) {
	if p.needFresh(w, r) {
		return
	}
	page, err := p.removePage(r, u, r.URL.Query().Get("id"))
	switch {
	case errors.Is(err, accounts.ErrNotFound):
		p.redirect(w, p.cfg.Path+factorsPath, "")
	case err != nil:
		p.fail(w, r, err)
	default:
		p.show(w, r, http.StatusOK, page)
	}
}

func (p *Pages) remove(w http.ResponseWriter, r *http.Request, u *accounts.User) {
	v, ok := p.form(w, r)
	if !ok {
		return
	}
	switch err := p.accounts.RemoveFactor(r, v["id"]); {
	case errors.Is(err, accounts.ErrStale):
		p.redirect(w, p.cfg.Path+"step-up/", p.cfg.Path+factorsPath)
	case errors.Is(err, accounts.ErrNotFound):
		p.redirect(w, p.cfg.Path+factorsPath, "")
	case err != nil:
		p.fail(w, r, err)
	default:
		p.done(w, r, "removed", factorsPath)
	}
}

func (p *Pages) codesForm(w http.ResponseWriter, r *http.Request, u *accounts.User) {
	if p.needFresh(w, r) {
		return
	}
	page, err := p.memberPage(r, u, "new_codes", factorsPath, "New recovery codes")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	page.Intro = "You get ten new codes, and the old ones no longer work. All your other sessions end."
	page.Form = &Form{Action: p.cfg.Path + codesPath, Submit: "Make new codes"}
	page.Links = []Link{{Path: p.cfg.Path + factorsPath, Label: "Keep the old ones"}}
	p.show(w, r, http.StatusOK, page)
}

func (p *Pages) codes(w http.ResponseWriter, r *http.Request, u *accounts.User) {
	if _, ok := p.form(w, r); !ok {
		return
	}
	codes, err := p.accounts.NewRecoveryCodes(r)
	switch {
	case errors.Is(err, accounts.ErrStale):
		p.redirect(w, p.cfg.Path+"step-up/", p.cfg.Path+codesPath)
	case err != nil:
		p.fail(w, r, err)
	default:
		p.showCodes(w, r, u, codes, "")
	}
}
