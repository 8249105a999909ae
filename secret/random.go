package secret

import "strings"

// minRandom is the least length of what may look random.
const minRandom = 16

// parts reports whether c parts a value into pieces.
func parts(c rune) bool { return strings.ContainsRune(" \t\r\n\v\f\"'`\\,;", c) }

// random reports whether a piece of a value looks random behind its label, and how long that is. It is the rule that the
// comment of [Mask] tells.
func random(piece string) (label int, ok bool) {
	label = labelOf(piece)
	s := piece[label:]
	if len(s) < minRandom || strings.Contains(piece, "://") {
		return label, false
	}
	var seen [256]bool
	distinct, letters, common := 0, 0, 0
	for i := range len(s) {
		if !seen[s[i]] {
			seen[s[i]] = true
			distinct++
		}
		if letter(s[i]) {
			letters++
		}
		if i > 0 && pair(s[i-1], s[i]) {
			common++
		}
	}
	return label, distinct >= 6 && letters > 0 && 2*common < len(s)-1
}

// labelOf returns the length of what stands before the secret itself and is told to everybody: words, numbers and times
// that end in a separator, as in sk_live_, AccountKey= or aw1_production_20261122T193000Z_.
func labelOf(s string) int {
	n := 0
	for {
		at := strings.IndexAny(s[n:], "_-.:=")
		if at < 0 || !labels(s[n:n+at]) {
			return n
		}
		n += at + 1
	}
}

// labels reports whether one word before a separator is part of a label.
func labels(word string) bool {
	digits, common, upper := 0, 0, 0
	for i := range len(word) {
		switch {
		case '0' <= word[i] && word[i] <= '9':
			digits++
		case !letter(word[i]):
			return false
		case word[i] < 'a':
			upper++
		}
		if i > 0 && pair(word[i-1], word[i]) {
			common++
		}
	}
	switch {
	case len(word) <= 4 && (upper == 0 || upper+digits == len(word)) || digits == len(word) && len(word) <= 14:
		return true // aw1, sk, a number
	case len(word) == 16 && digits == 14 && word[8] == 'T' && word[15] == 'Z':
		return true // a time
	}
	return digits == 0 && len(word) <= 24 && upper <= 4 && 3*common >= 2*(len(word)-1)
}

// wordy reports whether a window reads like a word or two, or says next to nothing.
func wordy(s string) bool {
	letters, uncommon := 0, 0
	other := s[0] // than the first
	distinct := 1
	for i := range len(s) {
		if c := s[i]; c != s[0] && c != other {
			other = c
			distinct++
		}
		switch {
		case letter(s[i]):
			letters++
			if i > 0 && letter(s[i-1]) && (!pair(s[i-1], s[i]) || s[i-1] >= 'a' && s[i] < 'a') {
				uncommon++ // as aB is
			}
		case s[i] != '.' && s[i] != '_' && s[i] != '-' && s[i] != ':' && s[i] != '/' && s[i] != '@' && s[i] != '=':
			letters -= len(s)
		}
		if distinct > 2 && (letters < 0 || uncommon > 1) {
			return false
		}
	}
	return distinct < 3 || letters >= 5 && uncommon <= 1
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// pair reports whether b often follows a in words. Beyond ASCII, where scripts differ, everything does.
func pair(a, b byte) bool {
	if a >= 0x80 && b >= 0x80 {
		return true
	}
	return letter(a) && letter(b) && follows[a|0x20-'a']&(1<<(b|0x20-'a')) != 0
}

// follows holds for each letter a bit for those that often follow it in English: 250 pairs, which are 95 of 100 in words and
// 37 of 100 among random letters.
var follows = func() (sets [26]uint32) {
	for i, letters := range [26]string{
		"bcdgiklmnprstuvy", "aeilorsu", "acehiklorstu", "adeilorsu", "abcdefgilmnpqrstvwx", "aefiloru", "acehilnorsu",
		"aeiort", "abcdefglmnoprstvz", "", "eis", "adeilostuy", "abeimopsu", "acdefgiklnopstuv", "abcdfgiklmnoprstuvw",
		"aehiloprstu", "u", "acdefgiklmnoprstuvy", "acehilmopstuy", "acehiloprstuy", "abcefgilmnprst", "aei", "aeior",
		"eipt", "ips", "e",
	} {
		for _, c := range letters {
			sets[i] |= 1 << (c - 'a')
		}
	}
	return sets
}()
