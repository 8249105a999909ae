package secretrule

// All returns every rule.
func All() []*Rule {
	return []*Rule{
		privateKey(),
		awsAccessKey(),
	}
}
