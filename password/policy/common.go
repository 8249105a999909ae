package policy

import (
	_ "embed" // for the directive
	"sort"
)

// commonList holds 36,699 common passwords in lower case, sorted, in a form that is searched as it lies in the program:
// nothing is loaded or unpacked. common/generate.go makes it, and says of what; the licence stands beside it.
//
// It begins with the number of blocks and the place of each, as 32-bit numbers, big end first. A block has 32 entries. An
// entry is a byte whose upper half says how many bytes it shares with the one before it and whose lower half how many
// follow (15: the next byte says how many), then those bytes. The first of a block shares none.
//
//go:embed common/common.bin
var commonList string

// isCommon reports whether word, in lower case, is in commonList.
func isCommon(word string) bool {
	blocks := number(0)
	block := sort.Search(blocks, func(i int) bool {
		_, first, _ := entry(number(1 + i))
		return first > word
	}) - 1
	if block < 0 {
		return false
	}
	end := len(commonList)
	if block+1 < blocks {
		end = number(1 + block + 1)
	}
	var buf [64]byte
	whole := buf[:0]
	for at := number(1 + block); at < end; {
		shared, rest, next := entry(at)
		whole = append(whole[:shared], rest...)
		if string(whole) == word {
			return true
		}
		at = next
	}
	return false
}

// number returns the i-th number at the beginning of commonList.
func number(i int) int {
	n := commonList[4*i:]
	return int(n[0])<<24 | int(n[1])<<16 | int(n[2])<<8 | int(n[3])
}

// entry reads the entry at a place in commonList: how much it shares, what follows, and where the next one is.
func entry(at int) (shared int, rest string, next int) {
	head := commonList[at]
	at++
	length := int(head & 15)
	if length == 15 {
		length = int(commonList[at])
		at++
	}
	return int(head >> 4), commonList[at : at+length], at + length
}
