// Package repo judges a git repository: what is in it that must not be, and what is not ignored that should be.
//
// It protects from the secret that somebody pasted into a file to try something, from the .env that the next "git add ."
// takes along, and from one key under two environments, which lets a login made in staging into production.
//
//	checks := repo.Config{Secrets: []repo.Secret{{Setting: "SECRET_KEY", Value: key}}}.Checks()
//
// [Config.Checks] look for values that are known to be secret, in files and in the index: what is tracked or would be added. They
// take no longer than reading the files. [Config.ScanChecks] look for whatever looks like a secret, in all that git holds, each
// content once; what a secret looks like stands in secretrule. What was not looked at is reported, and has not passed.
//
// The repository is taken for hostile: git runs without its hooks, monitors and the user's configuration, and asks no
// network; links are not followed, and the work is bounded. Nothing says whether a secret is still accepted somewhere.
package repo

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/secret"
)

// Config says which repository to look at, and for what.
type Config struct {
	Dir         string   // in the repository; the working directory if empty
	Environment string   // whose secrets these are; empty if it has no name
	Secrets     []Secret // the values in use

	// Timeout bounds each check, and the scan that those of ScanChecks share; a minute if zero, ten for the scan.
	Timeout time.Duration

	// The rest is about ScanChecks.

	NoHistory bool  // look at the files, the index and the commit that is checked out only
	MaxBlob   int64 // the largest content that is looked at, in bytes; 100 MiB if zero

	// Cache is a directory in which is kept what was looked at, so that the next scan looks at what is new; empty keeps
	// nothing. It holds no secret. While Secrets are looked for it is not used, as an earlier scan looked for others.
	Cache string

	// Progress is called as the scan goes on, by several goroutines; total may still change.
	Progress func(done, total int64)
}

// Secret is a value that must not stand in the repository.
type Secret struct {
	Setting string // the variable that holds it
	Value   secret.Text
}

// MinLength is the length in bytes from which a value is looked for. Shorter ones stand in files by chance.
const MinLength = 12

// Checks returns the rules. One list asks git once which files there are: make a new one to look again. Where there is no
// repository they find nothing: ask [Exists] before, lest they seem to have passed.
func (c Config) Checks() []check.Check {
	tags := []string{"security", "repository"}
	s := &opened{Config: c}
	return []check.Check{{
		ID: "repo.E001", Level: check.Error, Tags: tags, Deploy: true, Needs: check.Repository,
		Title: "A secret that is in use stands in the repository: whoever reads the code has it.",
		Hint: "Rotate it first, it is known. Then take it out of the file, and set it in the environment or in a manager. " +
			"The history still holds the old value.",
		Why: "Everybody who has, or ever gets, a copy of the code has the secret: former staff, contractors, the " +
			"service that builds it. Keys of public repositories are found and used within minutes.",
		See:  "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/removing-sensitive-data-from-a-repository",
		Find: s.find(c.literals),
	}, {
		ID: "repo.E002", Level: check.Error, Tags: tags, Deploy: true, Needs: check.Repository,
		Title: "A file of settings is in the repository, with the secrets that it holds.",
		Hint: "Rotate what it holds, run \"git rm --cached\" on it, and add its name to .gitignore. " +
			"Commit an example without values, or a file that is encrypted.",
		Why: "A commit is for ever: taking the file out later leaves it in the history and in every clone. Whoever can " +
			"read the code can log in to the database.",
		See:  "https://cwe.mitre.org/data/definitions/540.html",
		Find: s.find(c.tracked),
	}, {
		ID: "repo.E003", Level: check.Error, Tags: tags, Deploy: true, Needs: check.Repository,
		Title: "Two environments share a key: what one signs, logins included, the other believes.",
		Hint:  "Give each environment a key of its own, such as the command \"key generate\" prints.",
		Why: "Test systems are open to more people and guarded less. Whoever is an administrator there carries the " +
			"session cookie over to the real site, and is one here.",
		See:     "https://cheatsheetseries.owasp.org/cheatsheets/Key_Management_Cheat_Sheet.html#key-usage",
		Setting: "SECRET_KEY",
		Find:    s.find(c.shared),
	}, {
		ID: "repo.W001", Level: check.Warning, Tags: tags, Deploy: true, Needs: check.Repository,
		Title: ".env is not ignored: the next \"git add .\" commits it.",
		Hint:  "Add the line .env to .gitignore.",
		Why: "It happens in a hurry and nobody notices, since the site works. From then on the secrets are in the " +
			"history.",
		See:  "https://git-scm.com/docs/gitignore",
		Find: s.find(c.ignored),
	}}
}

// opened is the tree that the checks of one list look at. Git is asked once for all of them.
type opened struct {
	Config

	mu   sync.Mutex
	tree *tree // which is never closed: the list may be asked again
}

// find returns a check's Find, which looks at the repository within the time that there is.
func (o *opened) find(look func(context.Context, *tree) ([]check.Finding, error)) func(context.Context) ([]check.Finding, error) {
	return func(ctx context.Context) ([]check.Finding, error) {
		limit := o.Timeout
		if limit <= 0 {
			limit = time.Minute
		}
		bounded, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		findings, err := o.look(bounded, look)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case bounded.Err() != nil:
			return nil, fmt.Errorf("the repository is too large to be read in %s", limit)
		}
		return findings, err
	}
}

func (o *opened) look(ctx context.Context, look func(context.Context, *tree) ([]check.Finding, error)) ([]check.Finding, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.tree == nil {
		t, err := open(ctx, o.Dir)
		if t == nil {
			return nil, err
		}
		o.tree = t
	}
	return look(ctx, o.tree)
}
