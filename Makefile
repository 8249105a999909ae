# `make` lists the targets.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: help test race fuzz lint ci
help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

test: ## the tests of all three modules
	go test work

race: ## the same under the race detector, in random order
	go test -race -shuffle=on work

fuzz: ## ten seconds of each fuzz target
	bash .ci/fuzz 10s

lint: ## gofmt, vet, staticcheck
	test -z "$$(gofmt -l .)"
	go vet work
	go run $(STATICCHECK) $$(go list work)

ci: ## everything that CI runs
	bash .ci/run
