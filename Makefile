# `make help` is the table of contents of the developer's day.
PYTHON ?= python3
BIN := .venv/bin
SHELL := /bin/sh

# Faults and drills, those that take their time too: what make chaos runs after its storm.
DRILLS := $(addprefix tests/integration/test_,$(addsuffix .py,faults nothing_lost half_written broker_faults backups rebuilding \
  rotation moving migrations post stolen_portal))
# Foreign bytes by the million for everything that parses them.
FUZZING := $(BIN)/python -m tools.fuzz --cases 1000000

.PHONY: help setup run tools-ready test check audit chaos bench bom seed seed-many i18n lock screenshots requirements clean

help:  ## what there is
	@grep -hE '^[a-z0-9-]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

# Set-up happens once for each state of the locks; everything after it starts at once.
.venv/run.stamp: requirements/run.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install -qqq --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

# What serves runs without its libraries' documentation (docs/adr/0032): read once here, not at every start.
.venv/lean.stamp: .venv/run.stamp
	@$(BIN)/python -OO -m compileall -q -j 0 .venv/lib
	@touch $@

setup: .venv/lean.stamp  ## install what serving needs, build styles and catalogues, make development keys
	@$(BIN)/python tools/build_assets.py
	@$(BIN)/python tools/catalogues.py build
	@$(BIN)/python -m tools.unavailable
	@$(BIN)/python -m tools.templates
	@$(BIN)/python -m compileall -q app wsgi.py
	@$(BIN)/python -OO -m compileall -q app wsgi.py
	@$(BIN)/flask setup

run: setup  ## portal on 127.0.0.1:8000, desk on 127.0.0.1:8001, a courier between them
	@echo "In a moment: portal http://127.0.0.1:$${PORTAL_PORT:-8000}/  desk http://127.0.0.1:$${HUB_PORT:-8001}/  (Ctrl-C ends all of it)"
	@DEV_SIGN_IN=1 exec $(BIN)/python -I -S tools/run.py Procfile

tools-ready: .venv/dev.stamp
	@$(BIN)/python tools/build_assets.py
	@$(BIN)/python tools/catalogues.py build
	@$(BIN)/python -m tools.unavailable

test: tools-ready  ## every test, a real browser, PostgreSQL and RabbitMQ included
	@$(BIN)/python tools/programs.py
	@$(BIN)/python -m pytest -n 3 --dist worksteal -m "not audit and not alone"
	@exec $(BIN)/python -m pytest -m "alone and not audit"

check: tools-ready  ## linters, types, import contracts, catalogues, plain words, sources
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/djlint app/templates --lint --quiet
	@$(BIN)/deptry . --no-ansi
	@$(BIN)/bandit --quiet --recursive app wsgi.py --configfile pyproject.toml
	@$(BIN)/python tools/catalogues.py check
	@$(BIN)/python -m tools.reading
	@$(BIN)/python -m tools.content
	@$(BIN)/python -m tools.bom --check

bom: tools-ready  ## the bill of materials (CycloneDX) into build/, and the licences into docs/
	@exec $(BIN)/python -m tools.bom

seed: setup  ## fill both sides with the stories
	@exec $(BIN)/python -m tools.seed

seed-many: setup  ## four hundred cases at the desk, to see a full one (once; the portal knows nothing of them)
	@exec $(BIN)/python -m tools.seed --many

audit: tools-ready  ## every page x language x state x look, with Lighthouse and a screen reader; writes docs/coverage.md
	@$(BIN)/python tools/programs.py
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m audit
	@exec $(BIN)/python -m tools.audit

# CHAOS=... makes it smaller: make chaos CHAOS="--requests 500 --engine sqlite"
chaos: tools-ready  ## 10,000 requests while processes are killed, every fault and drill, and the long fuzzing
	@$(BIN)/python tools/programs.py
	@$(BIN)/python -m tools.chaos $(CHAOS)
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "audit or not audit" $(DRILLS)
	@$(FUZZING)

bench: tools-ready .venv/lean.stamp  ## how fast it is, as ratios to bare views, and what it weighs; writes docs/benchmarks.md (PART=... for one)
	@$(BIN)/python -m tools.templates
	@$(BIN)/python -m compileall -q app wsgi.py
	@$(BIN)/python -OO -m compileall -q app wsgi.py
	@$(BIN)/python tools/programs.py
	@exec $(BIN)/python -m tools.bench $(PART)

screenshots: tools-ready  ## pictures of every page, phone and desktop, into screenshots/
	@exec $(BIN)/python -m tools.screenshots

requirements: tools-ready  ## which requirements a test shows, and which none does
	@exec $(BIN)/python -m tools.requirements_shown

i18n: tools-ready  ## bring the catalogues up to date and say how far each is; LANGUAGE=pl writes its file for a translator
	@$(BIN)/python tools/catalogues.py extract
	@$(BIN)/python -m tools.translators state
	@test -z "$(LANGUAGE)" || { mkdir -p build/translators && $(BIN)/python -m tools.translators export $(LANGUAGE) build/translators/$(LANGUAGE).po; }

lock: .venv/dev.stamp  ## pin dependencies anew, by hash
	@for name in run dev; do \
	  extras="--extra build"; [ $$name = run ] || extras="--all-extras"; \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --no-annotate $$extras pyproject.toml -o requirements/$$name.txt || exit 1; \
	done

clean:  ## remove what set-up made, but for var/
	@rm -rf .venv node_modules static/built translations/en_XA translations/ar_XB
