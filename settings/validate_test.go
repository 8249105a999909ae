package settings_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/settings"
)

type part struct {
	Host  string `env:"HOST"`
	Count int    `env:"COUNT"`
}

func (b part) Validate() error {
	var errs []error
	if b.Host == "" {
		errs = append(errs, errors.New("part: HOST: is not set"))
	}
	if b.Count == 0 {
		errs = append(errs, errors.New("part: COUNT: is zero"))
	}
	return errors.Join(errs...)
}

type whole struct {
	part
	URL settings.Database `env:"DATABASE_URL,required"`
}

func TestFaultsOfValuesAndOfTheWholeAreSaidTogether(t *testing.T) {
	_, err := settings.Load(t.Context(), whole{}, settings.Map("test", nil))
	for _, want := range []string{"HOST: is not set", "COUNT: is zero", "DATABASE_URL: is not set"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
}

func TestAFaultyVariableIsNotJudgedByItsBaseValue(t *testing.T) {
	_, err := settings.Load(t.Context(), part{}, settings.Map("test", map[string]string{"COUNT": "many", "HOST": "x"}))
	if err == nil || strings.Contains(err.Error(), "is zero") || !strings.Contains(err.Error(), "whole number") {
		t.Errorf("got %v, want the fault of the value alone", err)
	}
}

func TestValidSettingsPass(t *testing.T) {
	got, err := settings.Load(t.Context(), part{Count: 1}, settings.Map("test", map[string]string{"HOST": "x"}))
	if err != nil || got.Host != "x" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestSameSite(t *testing.T) {
	type cookie struct {
		SameSite http.SameSite `env:"SAMESITE"`
	}
	for text, want := range map[string]http.SameSite{
		"Lax": http.SameSiteLaxMode, " strict ": http.SameSiteStrictMode, "NONE": http.SameSiteNoneMode,
	} {
		got, err := settings.Load(t.Context(), cookie{}, settings.Map("test", map[string]string{"SAMESITE": text}))
		if err != nil || got.SameSite != want {
			t.Errorf("%q: %v, %v, want %v", text, got.SameSite, err, want)
		}
	}
	for _, text := range []string{"", "2", "Laxx", "false"} {
		if _, err := settings.Load(t.Context(), cookie{}, settings.Map("test", map[string]string{"SAMESITE": text})); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
	if got := settings.Describe(cookie{http.SameSiteStrictMode}).Values[0].Text; got != "Strict" {
		t.Errorf("described as %q, want %q", got, "Strict")
	}
}
