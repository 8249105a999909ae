//go:build ignore

// Generate makes common.bin of the list of passwords in zxcvbn 4.4.2 (MIT licence, see LICENSE), a package of npm:
//
//	npm pack zxcvbn@4.4.2 && tar xzf zxcvbn-4.4.2.tgz
//	go run generate.go package/lib/frequency_lists.js
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"regexp"
	"slices"
	"strings"
)

// source is the SHA-256 of the file that the list is taken from.
const source = "8c01b70a6d7728f27e3187f7b9b09085d4df090bd8222e0f242bf369e65541b8"

// perBlock is how many entries share their beginnings; see common.go, which reads the format.
const perBlock = 32

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run generate.go frequency_lists.js")
	}
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(text)); got != source {
		log.Fatalf("%s has the SHA-256 %s: it is not that of zxcvbn 4.4.2", os.Args[1], got)
	}
	list := regexp.MustCompile(`passwords: "([^"]*)"`).FindSubmatch(text)
	if list == nil {
		log.Fatal("no passwords found")
	}
	words := strings.Split(strings.ReplaceAll(string(list[1]), `\'`, `'`), ",")
	slices.Sort(words)
	if n := len(slices.Compact(words)); n != 30000 {
		log.Fatalf("%d passwords found, want 30000", n)
	}
	if err := os.WriteFile("common.bin", encode(words), 0o644); err != nil {
		log.Fatal(err)
	}
}

func encode(words []string) []byte {
	blocks := (len(words) + perBlock - 1) / perBlock
	head := binary.BigEndian.AppendUint32(nil, uint32(blocks))
	var body bytes.Buffer
	for block := range slices.Chunk(words, perBlock) {
		head = binary.BigEndian.AppendUint32(head, uint32(4+4*blocks+body.Len()))
		before := ""
		for _, word := range block {
			shared := 0
			for shared < min(len(word), len(before), 15) && word[shared] == before[shared] {
				shared++
			}
			rest := word[shared:]
			if len(rest) < 15 {
				body.WriteByte(byte(shared<<4 | len(rest)))
			} else {
				body.WriteByte(byte(shared<<4 | 15))
				body.WriteByte(byte(len(rest)))
			}
			body.WriteString(rest)
			before = word
		}
	}
	return append(head, body.Bytes()...)
}
