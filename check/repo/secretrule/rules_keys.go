package secretrule

import "bytes"

// privateKey finds keys in PEM (RFC 7468).
func privateKey() *Rule {
	return &Rule{
		ID: "private-key", Name: "private key",
		Literals: []string{"private key-----"},
		Match: func(f *File, at int) []Match {
			start, _ := f.Line(at)
			begin := bytes.LastIndex(f.Data[start:at], []byte("-----BEGIN "))
			if begin < 0 {
				return nil
			}
			label := f.Data[start+begin+len("-----BEGIN ") : at+len("PRIVATE KEY")]
			closing := append(append([]byte("-----END "), label...), "-----"...)
			rest := f.Data[at:min(len(f.Data), at+16<<10)]
			end := bytes.Index(rest, closing)
			if end < 200 {
				return nil
			}
			return []Match{{Start: start + begin, End: at + end + len(closing)}}
		},
	}
}
