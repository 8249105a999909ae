package cli

import "testing"

func TestHere(t *testing.T) {
	in := here("/home/ada/site", "/home/ada")
	for name, row := range map[string]struct{ text, want string }{
		"61: a file of the tree":            {"open /home/ada/site/.env: no", "open .env: no"},
		"61: the tree itself":               {"scan /home/ada/site: no", "scan .: no"},
		"61: the tree at a sentence's end":  {"no git in /home/ada/site.", "no git in .."},
		"61: a file of the user's":          {`File "/home/ada/.venv/x.py", line 3`, `File "~/.venv/x.py", line 3`},
		"61: several":                       {"/home/ada/site/a:/home/ada/site/b", "a:b"},
		"61: another user's is not ours":    {"/home/adam/x", "/home/adam/x"},
		"61: another tree is not this one":  {"/home/ada/site2/x /home/ada/site.old/x", "~/site2/x ~/site.old/x"},
		"61: an address with the same path": {"https://x.example/home/ada/site/", "https://x.example/home/ada/site/"},
		"61: a path within another":         {"/mnt/home/ada/site/x", "/mnt/home/ada/site/x"},
		"61: a text without paths":          {"nothing", "nothing"},
		"61: the address of a file":         {"file:///home/ada/site/x", "file://x"},
	} {
		if got := in(row.text); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
	if got := here("/", "/")("/etc/x"); got != "/etc/x" {
		t.Errorf("a root directory was taken out: %q", got)
	}
}
