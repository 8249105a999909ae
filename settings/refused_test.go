package settings_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/airworthy-go/airworthy/secret"
	"github.com/airworthy-go/airworthy/settings"
)

// door is a struct that refuses to be green.
type door struct {
	Colour string      `env:"DOOR_COLOUR" doc:"What it looks like."`
	Width  int         `env:"DOOR_WIDTH" doc:"In centimetres."`
	Code   secret.Text `env:"DOOR_CODE" doc:"What opens it."`
	Loaded settings.Loaded
}

func (d door) Validate() error {
	if d.Colour == "green" {
		return errors.New("door: DOOR_COLOUR: it is green: paint it")
	}
	return nil
}

// TestUnfit holds that a gate gets settings which were read and refused, and none of which something could not be read.
func TestUnfit(t *testing.T) {
	const canary = "c4n4ry-of-the-door"
	for name, row := range map[string]struct {
		set   map[string]string
		want  string // the text of the error
		unfit bool
	}{
		"fit":                    {map[string]string{"DOOR_COLOUR": "red"}, "", false},
		"refused":                {map[string]string{"DOOR_COLOUR": "green", "DOOR_WIDTH": "90", "DOOR_CODE": canary}, "paint it", true},
		"unreadable":             {map[string]string{"DOOR_WIDTH": "wide"}, "DOOR_WIDTH", false},
		"refused and unreadable": {map[string]string{"DOOR_COLOUR": "green", "DOOR_WIDTH": "wide"}, "paint it", false},
	} {
		got, err := settings.Load(t.Context(), door{}, settings.Map("test", row.set))
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: error = %v, want %q", name, err, row.want)
		}
		if err != nil && got.Width != 0 {
			t.Errorf("%s: Load returns settings that it refuses", name)
		}
		unfit, ok := settings.Unfit(fmt.Errorf("around it: %w", err))
		if ok != row.unfit {
			t.Errorf("%s: Unfit = %t, want %t", name, ok, row.unfit)
		}
		for _, text := range []string{fmt.Sprintf("%v", err), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
			if strings.Contains(text, canary) {
				t.Errorf("%s: the error holds a secret", name)
			}
		}
		if !row.unfit {
			continue
		}
		d := unfit.(door)
		if d.Width != 90 || d.Code.Reveal() != canary || d.Loaded.Origin("DOOR_WIDTH") != "test" {
			t.Errorf("%s: the settings are not those that were read, or say nothing of where from", name)
		}
	}
}
