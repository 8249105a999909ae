//go:build ignore

// Generate makes common.bin of the passwords in @zxcvbn-ts/language-common 4.1.3 (MIT licence, see LICENSE), a package of
// npm, the most common first:
//
//	npm pack @zxcvbn-ts/language-common@4.1.3 && tar xzf zxcvbn-ts-language-common-4.1.3.tgz
//	go run generate.go package/src/passwords.json
//
// That list leaves out what zxcvbn finds by rules. So the same is added here: one character again and again, runs of
// the alphabet, of digits and of keys, and the most common passwords repeated until they are long.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
)

// source is the SHA-256 of the file that the list is taken from.
const source = "f422773d94d630f27e08b26d7017e847bb1feb2a84809340e9c0b0c47b33e3f1"

const (
	taken    = 34000 // of the list
	repeated = 1000  // of those, repeated
	shortest = 6     // of what is added
	longest  = 24
	perBlock = 32 // entries that share their beginnings; see common.go, which reads the format
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run generate.go passwords.json")
	}
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(text)); got != source {
		log.Fatalf("%s has the SHA-256 %s: it is not that of the version named above", os.Args[1], got)
	}
	var list []string
	if err := json.Unmarshal(text, &list); err != nil {
		log.Fatal(err)
	}
	words := slices.Concat(list[:taken], simple(), again(list[:repeated]))
	slices.Sort(words)
	words = slices.Compact(words)
	if err := os.WriteFile("common.bin", encode(words), 0o644); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(words), "passwords")
}

// simple returns one character again and again, and runs from the beginning of what everybody can say or type, there and
// back.
func simple() (words []string) {
	const letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
	for n := shortest; n <= longest; n++ {
		for _, r := range letters + digits {
			words = append(words, strings.Repeat(string(r), n))
		}
		for _, row := range []string{letters, digits, digits[1:] + digits, "qwertyuiopasdfghjklzxcvbnm", "asdfghjklqwertyuiop", "zxcvbnmasdfghjkl",
			"1qaz2wsx3edc4rfv5tgb6yhn", "1q2w3e4r5t6y7u8i9o0p", "qazwsxedcrfvtgbyhnujm"} {
			long := []rune(strings.Repeat(row, 3))
			slices.Reverse(long)
			words = append(words, strings.Repeat(row, 3)[:n], string(long)[:n])
		}
	}
	return words
}

// again returns each word twice, and as often as it takes to be 15 characters long.
func again(list []string) (words []string) {
	for _, word := range list {
		for _, times := range []int{2, (15 + len(word) - 1) / len(word)} {
			if long := strings.Repeat(word, times); times > 1 && len(long) >= shortest && len(long) <= longest {
				words = append(words, long)
			}
		}
	}
	return words
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
