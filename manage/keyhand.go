package manage

import (
	"context"
	"fmt"
	"strings"

	"github.com/airworthy-go/airworthy/internal/words"
	"github.com/airworthy-go/airworthy/keyring"
	"github.com/airworthy-go/airworthy/secret"
)

// byHand says how to rotate keys that stand where this command cannot write.
func (r *rotation) byHand(ctx context.Context) error {
	at := &r.place
	retire, err := r.retireFirst(ctx)
	if err != nil {
		return err
	}
	if r.flags.print {
		return r.printed(retire)
	}
	generate := "key generate"
	if k, err := r.generate(); err == nil {
		if label, _ := keyring.LabelOf(k); label.Environment != "" {
			generate += " --environment " + label.Environment
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s stands in %s, which this command cannot write. ", keyVariable, at.key.Origin)
	switch {
	case retire != "":
		fmt.Fprintf(&b, `By hand, so that the second factors, which are sealed with the keys, are not lost:
  1. Set %[1]s to what %[2]q prints, put the keys that stood there into %[3]s,
     and restart every instance.
  2. Run %[4]q, which seals the second factors anew.
  3. Unset %[3]s, and restart every instance. All sessions end.`, keyVariable, generate, fallbacksVariable, retire)
	case r.flags.revoke:
		fmt.Fprintf(&b, `By hand:
  1. Set %[1]s to what %[2]q prints, and unset %[3]s.
  2. Restart every instance. All sessions end.`, keyVariable, generate, fallbacksVariable)
	case at.follows() && at.config().Staged():
		fmt.Fprintf(&b, `The new key %s is staged. By hand: when every instance has it, %s after it was put there,
move the first key of %s to %s, and the key that stood there to the head of %[3]s.`,
			at.others[0].Fingerprint(), words.Span(at.propagation()), fallbacksVariable, keyVariable)
	case at.follows():
		fmt.Fprintf(&b, `By hand, in two steps:
  1. Put what %[3]q prints before the other keys in %[2]s, leave %[1]s alone,
     and wait until every instance has it: %[4]s from when it can be read there.
  2. Move that key to %[1]s, and put the key that stood there at the head of %[2]s.
     No instance has to be restarted. "key status" says when the former key may go.`,
			keyVariable, fallbacksVariable, generate, words.Span(at.propagation()))
	case at.config().Staged():
		fmt.Fprintf(&b, `The new key %[4]s is staged. By hand:
  1. When every instance has been restarted since, move the first key of %[2]s to %[1]s,
     and the key that stood there to the head of %[2]s.
  2. Restart the instances, one after the other. "key status" says when the former key may go.`,
			keyVariable, fallbacksVariable, "", at.others[0].Fingerprint())
	default:
		fmt.Fprintf(&b, `By hand, in two steps:
  1. Put what %[3]q prints before the other keys in %[2]s, leave %[1]s alone,
     and restart the instances, one after the other.
  2. When all have been restarted, move that key to %[1]s, put the key that stood there at the head
     of %[2]s, and restart the instances again. "key status" says when the former key may go.`,
			keyVariable, fallbacksVariable, generate)
	}
	b.WriteString("\nkey rotate --print prints what to write, keys included")
	return fmt.Errorf("%s", b.String())
}

// printed prints what byHand describes; retire is the command between the steps of a revocation.
func (r *rotation) printed(retire string) error {
	at := &r.place
	next, staged := secret.Text{}, at.config().Staged() && !r.flags.revoke
	if staged {
		next = at.others[0]
	} else {
		var err error
		if next, err = r.generate(); err != nil {
			return err
		}
	}
	switch {
	case listable(at.current):
	case retire != "":
		return fmt.Errorf("%s: the key holds a comma, or space at its ends, and cannot stand in a list; the second factors that it sealed "+
			"are lost with it: remove them, or put the key among the fallbacks in code before you replace it", keyVariable)
	case !r.flags.revoke:
		return fmt.Errorf("%s: the key holds a comma, or space at its ends, and cannot stand in a list: --revoke it", keyVariable)
	}
	others := without(at.others, next, at.current)
	line := func(step string, key secret.Text, fallbacks ...secret.Text) string {
		return fmt.Sprintf("# %s\n%s=%s\n%s=%s\n", step, keyVariable, key.Reveal(), fallbacksVariable, joined(fallbacks))
	}
	text := line("write this, and restart every instance: all sessions end", next)
	switch {
	case retire != "":
		text = line("step 1: write this, and restart every instance", next, append([]secret.Text{at.current}, others...)...) +
			"# step 2: run " + retire + "\n" + line("step 3: write this, and restart every instance: all sessions end", next)
	case !r.flags.revoke:
		text = ""
		if !staged {
			text = line("step 1: write this, and restart the instances one after the other", at.current, append([]secret.Text{next}, others...)...)
		}
		text += line("step 2, when every instance has the new key: write this, and restart them again", next, append([]secret.Text{at.current}, others...)...)
	}
	_, err := fmt.Fprint(r.out, text)
	return err
}
