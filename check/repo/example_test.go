package repo_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/airworthy-go/airworthy/check"
	"github.com/airworthy-go/airworthy/check/repo"
)

func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := exec.Command("git", "init", "-q", dir).Run(); err != nil {
		fmt.Println(err)
		return
	}
	report := check.Run(context.Background(), repo.Config{Dir: dir}.Checks(), check.Options{Deploy: true})
	for _, f := range report.Findings {
		fmt.Println(f.ID, f.Level, f.Evidence)
	}
	// Output: repo.W001 WARNING git would add .env
}
