package secretrule

// awsAccessKey finds the identifiers of long-lived keys of AWS.
func awsAccessKey() *Rule {
	return &Rule{
		ID: "aws-access-key", Name: "AWS access key",
		Literals: []string{"akia"},
		Match: func(f *File, at int) []Match {
			end := at
			for end < len(f.Data) && ('A' <= f.Data[end] && f.Data[end] <= 'Z' || '2' <= f.Data[end] && f.Data[end] <= '7') {
				end++
			}
			if end-at != 20 || at > 0 && wordByte(f.Data[at-1]) || end < len(f.Data) && wordByte(f.Data[end]) {
				return nil
			}
			return []Match{{Start: at, End: end}}
		},
	}
}

func wordByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '_'
}
