.DEFAULT_GOAL := help
.PHONY: help demo test check servers build clean prerequisites

# Passed on to the command: make demo ARGS=--keep
ARGS ?=

help: ## Show the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## Watch two remediations on real servers, started for it (ARGS=--keep leaves them running)
	@node dist/dev/demo/main.js $(ARGS)

test: node_modules/.package-lock.json ## Run every check and every test
	@node --import tsx dev/test.ts

check: node_modules/.package-lock.json ## Run what takes less than a minute: format, lint, types, unit tests, replay
	@npm run --silent check

servers: node_modules/.package-lock.json ## Find or build the servers (ARGS=--keep starts them and keeps them running)
	@node --import tsx dev/servers/main.ts $(ARGS)

build: node_modules/.package-lock.json ## Compile to dist
	@node --import tsx dev/build.ts

clean: ## Remove what was built here; servers stay in the user's cache
	rm -rf dist .state coverage

node_modules/.package-lock.json: package-lock.json | prerequisites
	@echo "Installing npm packages: package-lock.json is newer than node_modules"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

prerequisites:
	@command -v node >/dev/null || { echo "Node.js is not installed: version 20.19 or newer is needed (https://nodejs.org)"; exit 1; }
	@node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 19) ? 0 : 1)' \
	  || { echo "Node.js $$(node --version) is too old: version 20.19 or newer is needed (https://nodejs.org)"; exit 1; }
	@command -v npm >/dev/null || { echo "npm is not installed: it comes with Node.js (https://nodejs.org)"; exit 1; }
