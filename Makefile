# Everything here can be done by hand; the targets are short names for it.
# Only setup needs a network.

FUZZTIME  ?= 10s
BENCH     ?= .
BENCHTIME ?= 1s

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this help.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Download modules, and npm packages for interop/ (which needs Chromium too, as the page of runs does), once.
	go mod download
	@go mod tidy -diff >/dev/null || true # CI's check of go.mod reads more modules than a build
	@for module in examples/*/; do (cd $$module && go mod download && { go mod tidy -diff >/dev/null || true; }); done
	@if [ -e interop/package.json ]; then cd interop && npm ci; fi

.PHONY: build
build: ## Build the programs into bin/, without a need of C libraries.
	CGO_ENABLED=0 go build -tags urfave_cli_no_docs -o $(BIN)/ $(PROGRAMS)
build: BIN = bin
build: PROGRAMS = ./cmd/...

.PHONY: test
test: ## Run the tests.
	go test ./...

.PHONY: lint
lint: ## Check formatting, go vet, staticcheck.
	.ci/format
	go vet -tags interop,course,browser ./...
	go tool staticcheck -tags interop,course,browser ./...

.PHONY: race
race: ## Run the tests with the race detector (slow; needs a C compiler).
	go test -race ./...

.PHONY: fuzz
fuzz: ## Fuzz every fuzz target for FUZZTIME (10s).
	.ci/fuzz $(FUZZTIME)

.PHONY: bench
bench: ## Run the benchmarks that match BENCH (all) for BENCHTIME (1s).
	go test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -benchmem ./...

.PHONY: bench-http
bench-http: ## Load a node of ours and one of npm, side by side (needs wrk).
	go run ./bench/http

.PHONY: bench-documents
bench-documents: ## Add and read documents at nine nodes of ours and nine of the npm package metastocle, in turn.
	go run ./bench/documents

.PHONY: bench-attack
bench-attack: ## Attack a node in all known ways for a minute; its clients must not notice (Linux).
	go run ./bench/attack

.PHONY: cover
cover: ## Show the test coverage of each function, and in all.
	go test -coverpkg=./... -coverprofile=cover.out ./...
	go tool cover -func=cover.out

.PHONY: quickstart
quickstart: ## Run the first scenario.
	go run ./cmd/spreadsim run scenarios/quickstart.yaml

.PHONY: scenarios
scenarios: ## Run all shipped scenarios (minutes).
	go run ./cmd/spreadsim run scenarios/*.yaml scenarios/*/*.yaml

.PHONY: laws
laws: ## Hold the simulator against theory in full, and draw the plots of docs/truth.md (minutes).
	go run ./cmd/spreadsim laws --full --out docs/images/laws

.PHONY: cluster
cluster: ## Run nine nodes on this machine until Ctrl-C.
	go run ./cmd/spreadnode cluster -n 9

.PHONY: settle
settle: ## Time how soon 64 nodes settle that start at once (rounds of 2 s).
	go test -count=1 -v -run SixtyFour ./cmd/spreadnode -cluster-interval 2s

.PHONY: levels
levels: ## Let 25 nodes over HTTP take a second level and give it up.
	go test -count=1 -v -run SecondLevel ./node -change-levels

.PHONY: kills
kills: ## Kill a node 50 times under load; it must keep its word.
	go test -count=1 -v -run Killed ./cmd/spreadnode -kills 50

.PHONY: models
models: ## Check the stores against models in 2,000 random courses of faults (half an hour).
	go test -count=1 -timeout 120m -run Models ./sim/stores -seeds 2000 -first-seed 1000

.PHONY: stream
stream: ## Send 4 GiB through four nodes; none may have more than 96 MB in memory (Linux, minutes, 16 GiB in TMPDIR).
	go test -count=1 -v -timeout 60m -run LargeFile ./node -stream 4294967296

.PHONY: files
files: ## Kill nine nodes 50 times while files are written, and store a file of 4 GiB (minutes; takes 20 GB of disk).
	go test -count=1 -v -timeout 60m -run 'KilledNodesLose|LargeFile' ./cmd/spreadnode -file-nodes 9 -file-kills 50 -file-size 4096
	go test -count=1 -v -timeout 60m -run 'ThirdOfTheNodes' ./cmd/spreadnode -file-nodes 12 -file-count 500

.PHONY: queue
queue: ## Sweep over a queue of ours and one of Debian's while workers are killed (minutes).
	go test -count=1 -v -run OverAQueue ./cmd/spreadsim -queue-full -queue-kills 20
	go test -count=1 -v -run OverAQueue ./cmd/spreadsim -queue-full -queue-kills 20 -nats-server "$$(command -v nats-server)"

.PHONY: docs
docs: ## Run the sweeps of the how-tos in full, and write their numbers and plots anew (minutes).
	go test -count=1 -v -run HowTos -timeout 60m ./cmd/spreadsim -docs-full -update

.PHONY: mixed
mixed: ## Run ten networks of six npm nodes and six of ours, all options default.
	go test -count=1 -v -tags interop -timeout 60m -run BeingItself ./interop -default-runs 10 -default-interval 16s

.PHONY: web
web: ## Test the pages of runs, also with 100,000 nodes, and of music in a browser (needs Chromium).
	go test -count=1 -v -tags browser ./cmd/spreadsim/internal/web -large 100000
	go test -count=1 -v -tags browser -run Page ./extensions/music

.PHONY: course
course: ## Compare the course of 64 npm nodes with the simulator's, by three schedules (a quarter of an hour).
	go test -count=1 -v -tags interop,course -timeout 60m ./interop/course

.PHONY: completion
completion: ## Test completion by TAB at a terminal (needs bash, zsh and fish).
	go test -count=1 -tags shells ./cmd/internal/command

.PHONY: ci
ci: ## Run all that CI runs.
	.ci/run

.PHONY: clean
clean: ## Remove what was built. Results in runs/ stay.
	rm -rf bin cover.out
