package policy

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxCommon is how many bytes a list of common passwords may have, unpacked. Django's has 160 KiB; what is much longer is
// a list of breached passwords, which belongs into a filter.
const maxCommon = 16 << 20

// readCommon reads a list of common passwords as Django does: gzip or text, in UTF-8, one password on each line, without
// the white space around it. Django compares with passwords in lower case, so that an entry with capitals is never
// found; here it is an error.
func readCommon(path string) (map[string]struct{}, error) {
	text, err := unpack(path)
	if err != nil {
		return nil, err
	}
	if !utf8.ValidString(text) {
		return nil, errors.New("is not UTF-8")
	}
	words := map[string]struct{}{}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n") // as Python reads lines
	n, some := 0, false
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		n++
		word := strip(line)
		some = some || word != ""
		if lower(word) != word {
			return nil, fmt.Errorf("line %d has capital letters, so that it would never be found: write it in lower case", n)
		}
		words[word] = struct{}{}
	}
	if !some {
		return nil, errors.New("has no passwords in it")
	}
	return words, nil
}

func unpack(path string) (string, error) {
	file, _, err := openRegular(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	buffered := bufio.NewReader(file)
	var in io.Reader = buffered
	magic, _ := buffered.Peek(2) // a shorter file is text
	zipped := bytes.Equal(magic, []byte{0x1f, 0x8b})
	if zipped {
		if in, err = gzip.NewReader(buffered); err != nil {
			return "", errors.New("is damaged gzip")
		}
	}
	text, err := io.ReadAll(io.LimitReader(in, maxCommon+1))
	switch {
	case len(text) > maxCommon:
		return "", fmt.Errorf("has more than %d MiB: a list of that length belongs into a filter of breached passwords", maxCommon>>20)
	case err != nil && zipped:
		return "", errors.New("is damaged gzip")
	case err != nil:
		return "", bare(err)
	}
	return string(text), nil
}
