# Two commands on a fresh Debian 12: `make demo` and `make test`. Everything else here is a part of them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
CARGO ?= cargo
HOTLINE := target/debug/hotline
NODE_PATH_FILE := target/.node-path

.PHONY: demo test build setup setup-test console models check lint bench clean help

help: ## List these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: build models ## Set up, then place four real calls against a service of its own; ONCE=1 stops after them
	@$(HOTLINE) demo $(if $(ONCE),--once,)

test: build models setup-test ## Set up, then run every test
	@scripts/step "Running the tests" $(CARGO) test --workspace --locked --no-fail-fast
	@scripts/step "Testing the console" scripts/with-node npm --prefix web test --silent
	@scripts/step "Trying the console in a browser, with a real call" scripts/with-node npm --prefix web run --silent e2e

build: setup console ## Set-up and the binary: the shared part of demo and test
	@scripts/step "Building hotline (the first time takes some minutes)" $(CARGO) build --workspace --locked

setup: ## Install the Debian packages and Node.js that the build needs
	@scripts/setup build

setup-test:
	@scripts/setup test

console: setup ## Build the console
	@scripts/console

models: build ## Pull the default models into the cache
	@$(HOTLINE) models pull

lint: console ## Format, clippy, and the console's checks
	@scripts/step "Checking the format" $(CARGO) fmt --all --check
	@scripts/step "Running clippy" $(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	@scripts/step "Checking the console's types" scripts/with-node npm --prefix web run --silent typecheck
	@scripts/step "Linting the console" scripts/with-node npm --prefix web run --silent lint

clean: ## Remove what was built; models stay in the cache
	rm -rf target web/dist web/node_modules
