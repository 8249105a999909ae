package nginx_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// guide returns the one block of docs/deploy.md that is written in the language.
func guide(language string) (string, error) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "deploy.md"))
	if err != nil {
		return "", err
	}
	parts := strings.Split(string(page), "\n```"+language+"\n")
	if len(parts) != 2 {
		return "", fmt.Errorf("docs/deploy.md has %d blocks of %s, want one", len(parts)-1, language)
	}
	block, _, ok := strings.Cut(parts[1], "\n```\n")
	if !ok {
		return "", fmt.Errorf("docs/deploy.md: the block of %s does not end", language)
	}
	return block + "\n", nil
}
