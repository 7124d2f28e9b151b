# Orderdeck.  "make demo" and "make check" are all a newcomer needs.
#
#   make            the programs, in build/release       make BUILD=asan   with ASan and UBSan
#   make demo       run everything with simulated orders, in the foreground
#   make check      all tests and lints; ends with "N passed, N failed"
#   make bench      what reads and live events cost, as ratios; BENCH_SIZES="10000 100000 1000000"
#   make bench-front   nginx and workers beside the least that they can cost
#   make soak       kill syncd a thousand times under load and compare everything (SOAK="--rounds=N crash");
#                   follow 20,000 orders through faults and an outage
#   make soak-dashboard   the dashboard through twenty minutes of changes: MINUTES=N
#   make lint       linters, man pages, which folder may include which, which files need each other
#   make corpus     replay every seed and finding through the parsers
#   make fuzz       fuzz each parser: FUZZ_RUNS executions (or FUZZ_SECONDS)
#   make install    DESTDIR= PREFIX=             make deb         a Debian package
BUILD  ?= release
ifeq ($(BUILD),fuzz)
CC     := clang
else ifeq ($(origin CC),default)
CC     := gcc
endif
# objects of another compiler have their own folder
O      ?= build/$(BUILD)$(if $(filter clang%,$(notdir $(CC))),$(if $(filter fuzz,$(BUILD)),,-clang))
PREFIX ?= /usr/local

MODE_release := -O2 -D_FORTIFY_SOURCE=2
MODE_asan    := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -DORDERDECK_FAULT_POINTS
# for the unit tests, as on machines whose plain char has no sign (ARM)
MODE_unsigned := -O1 -g0 -funsigned-char
MODE_fuzz    := -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
WARN   := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror

LIBS_common       := lmdb libcjson libutf8proc libseccomp zlib nettle
LIBS_syncd        := $(LIBS_common) libuv libcurl
LIBS_fcgi-api     := $(LIBS_common) fcgi xlsxwriter
LIBS_airtable-sim := $(LIBS_common) libmicrohttpd libcurl libpcre2-8
LIBS_tests        := $(LIBS_common) libuv libcurl fcgi xlsxwriter libmicrohttpd libpcre2-8

libs = $(shell pkg-config --libs $(1)) -lm -lpthread
ALL_CFLAGS = -std=gnu17 -g $(WARN) -MMD -MP -I. -D_GNU_SOURCE $(MODE_$(BUILD)) $(CFLAGS)
link = @mkdir -p $(@D); echo "  LD  $@"; $(CC) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(MODE_$(BUILD)) $(LDFLAGS)

# every .c below a folder; a program's main file is kept out of its archive
FOLDERS := common syncd fcgi-api airtable-sim
src  = $(sort $(shell find $(1) -name node_modules -prune -o -name '*.c' -print))
objs = $(patsubst %.c,$(O)/%.o,$(filter-out %/main.c %/syncctl.c,$(call src,$(1))))
# a story compiles the sources in tests/system by itself
SOURCES := $(filter-out tests/system/%,$(foreach d,$(FOLDERS) tests,$(call src,$(d))))

PROGRAMS := $(O)/syncd/syncd $(O)/syncd/syncctl $(O)/fcgi-api/fcgi-api $(O)/airtable-sim/airtable-sim
SHARE    := $(O)/share/openapi.json $(O)/share/docs.html
WEB      := $(O)/web/index.html
UNIT     := $(patsubst %.c,$(O)/%,$(call src,tests/unit))
BENCHES  := $(patsubst %.c,$(O)/%,$(call src,tests/bench))
FUZZERS  := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
REPLAYS  := $(patsubst fuzz_%,$(O)/tests/fuzz/replay_%,$(FUZZERS))
ARCHIVES := $(O)/syncd.a $(O)/fcgi-api.a $(O)/airtable-sim.a $(O)/common.a

.PHONY: all tools
all: $(PROGRAMS) $(SHARE) $(WEB)
# "make" checks for its tools, but installs nothing
tools:
	@for t in $(firstword $(CC)) pkg-config; do command -v $$t >/dev/null || \
	    { echo "$$t is missing: scripts/install-packages build" >&2; exit 1; }; done

$(O)/%.o: %.c | tools
	@mkdir -p $(@D); echo "  CC  $<"; $(CC) $(ALL_CFLAGS) -c -o $@ $<

# The list of a folder's objects is a file that changes only when the list
# does, so that the object of a removed source leaves the archive too.
.PHONY: FORCE
FORCE:
$(O)/%.list: FORCE
	@mkdir -p $(@D); echo '$(call objs,$*)' | cmp -s - $@ || echo '$(call objs,$*)' >$@

.SECONDEXPANSION:
$(O)/%.a: $$(call objs,$$*) $(O)/%.list
	@mkdir -p $(@D); rm -f $@; ar rcs $@ $(filter %.o,$^)

$(O)/syncd/syncd: $(O)/syncd/main.o $(O)/syncd.a $(O)/common.a
	$(link) $(call libs,$(LIBS_syncd))
$(O)/syncd/syncctl: $(O)/syncd/ctl/syncctl.o $(O)/syncd.a $(O)/common.a
	$(link) $(call libs,$(LIBS_syncd))
$(O)/fcgi-api/fcgi-api: $(O)/fcgi-api/main.o $(O)/fcgi-api.a $(O)/common.a
	$(link) $(call libs,$(LIBS_fcgi-api))
$(O)/airtable-sim/airtable-sim: $(O)/airtable-sim/main.o $(O)/airtable-sim.a $(O)/common.a
	$(link) $(call libs,$(LIBS_airtable-sim))

# files that the workers read from api.share
$(O)/share/openapi.json: openapi.yaml scripts/openapi-json
	@mkdir -p $(@D); echo "  GEN $@"; scripts/openapi-json openapi.yaml >$@.new && mv $@.new $@
$(O)/share/docs.html: dashboard/docs.html
	@mkdir -p $(@D); cp $< $@

# the dashboard is built once, whatever the mode of the programs
DASHBOARD := $(shell find dashboard/src dashboard/public -type f) $(wildcard dashboard/*.ts dashboard/*.json) dashboard/index.html
build/dashboard/installed: dashboard/package-lock.json
	@mkdir -p $(@D); echo "  NPM dashboard"; dashboard/run install >$(@D)/install.log 2>&1 || { cat $(@D)/install.log; exit 1; }; touch $@
build/dashboard/web/index.html: build/dashboard/installed $(DASHBOARD) openapi.yaml
	@echo "  WEB $(@D)"; dashboard/run types:check >/dev/null && dashboard/run typecheck && dashboard/run build $(abspath $(@D))
$(WEB): build/dashboard/web/index.html
	@rm -rf $(@D); mkdir -p $(O); cp -r $(<D) $(@D); touch $@

# One Check program per module; it may use any archive.  Code that several test
# programs share is in $(O)/tests/lib.a.
$(O)/tests/unit/%: $(O)/tests/unit/%.o $(O)/tests/lib.a $(ARCHIVES)
	$(link) $(call libs,$(LIBS_tests) check)
# Writes are tested between stand-ins for Airtable and for callers.  The stand-ins
# have the names of the functions they replace, so no other program is linked with them.
$(filter $(O)/tests/unit/write/%,$(UNIT)): %: %.o $(O)/tests/fakes.a $(O)/tests/lib.a $(ARCHIVES)
	$(link) $(call libs,$(LIBS_tests) check)
# programs that "make bench" runs beside the stack
$(O)/tests/bench/%: $(O)/tests/bench/%.o $(O)/tests/lib.a $(ARCHIVES)
	$(link) $(call libs,$(LIBS_tests) check)
# the seeds of a fuzz target, run through it without a fuzzer
$(O)/tests/fuzz/replay_%: $(O)/tests/fuzz/fuzz_%.o $(O)/tests/fuzz/replay.o $(O)/tests/fuzz/made_store.o $(ARCHIVES)
	$(link) $(call libs,$(LIBS_tests))
# BUILD=fuzz, clang
$(O)/tests/fuzz/fuzz_%: $(O)/tests/fuzz/fuzz_%.o $(O)/tests/fuzz/made_store.o $(ARCHIVES)
	$(link) -fsanitize=fuzzer $(call libs,$(LIBS_tests))

.PHONY: objects units benches replays fuzzers
objects:  $(patsubst %.c,$(O)/%.o,$(SOURCES))
units:    $(UNIT)
benches:  $(BENCHES)
replays:  $(REPLAYS)
fuzzers:  $(patsubst %,$(O)/tests/fuzz/%,$(FUZZERS))
.SECONDARY:

# ---- running it ---------------------------------------------------------------
.PHONY: packages-build packages-demo packages-deb packages-check demo check bench bench-front soak soak-dashboard soak-stack abuse
packages-build packages-demo packages-deb packages-check: packages-%:
	@scripts/install-packages $*
demo: packages-demo
	@$(MAKE) --no-print-directory -j2 all
	@ORDERDECK_BUILD=$(abspath $(O)) scripts/demo
check: packages-check
	@tests/run
# the long forms of tests/system/50-crash.mjs and 61-feed.mjs; only the ASan build has fault points
SOAK ?=
soak: packages-check
	@$(MAKE) --no-print-directory -j2 BUILD=asan all
	@$(MAKE) --no-print-directory -j2 BUILD=release all
	@ORDERDECK_BUILD=$(abspath build/asan) node tests/soak/soak.mjs $(SOAK)
	@ORDERDECK_BUILD=$(abspath build/release) node tests/soak/soak.mjs --rounds=200 kill
	@ORDERDECK_BUILD=$(abspath build/release) node tests/soak/feed.mjs
soak-dashboard: packages-check
	@$(MAKE) --no-print-directory -j2 BUILD=release all
	@ORDERDECK_BUILD=$(abspath build/release) node tests/soak/dashboard.mjs $(if $(MINUTES),--minutes=$(MINUTES))
# the long forms of tests/system/73-soak.mjs, and of 75-abuse.mjs and 74-floods.mjs
soak-stack: packages-check
	@$(MAKE) --no-print-directory -j2 BUILD=release all
	@ORDERDECK_BUILD=$(abspath build/release) node tests/soak/day.mjs --minutes=$(or $(MINUTES),120)
REQUESTS ?= 100000
abuse: packages-check
	@$(MAKE) --no-print-directory -j2 BUILD=asan all
	@$(MAKE) --no-print-directory -j2 BUILD=release all
	@ORDERDECK_ABUSE=$(REQUESTS) ORDERDECK_BUILD=$(abspath build/asan) node tests/system/75-abuse.mjs
	@ORDERDECK_ABUSE=$(REQUESTS) ORDERDECK_BUILD=$(abspath build/release) node tests/system/75-abuse.mjs
	@ORDERDECK_ABUSE=$(REQUESTS) ORDERDECK_BUILD=$(abspath build/release) node tests/system/74-floods.mjs
bench: packages-check
	@$(MAKE) --no-print-directory -j2 all benches
	@ORDERDECK_BUILD=$(abspath $(O)) node tests/bench/run.mjs
	@ORDERDECK_BUILD=$(abspath $(O)) node tests/bench/front.mjs
# the front alone: nginx and workers beside a bare nginx
bench-front: packages-check
	@$(MAKE) --no-print-directory -j2 all benches
	@ORDERDECK_BUILD=$(abspath $(O)) node tests/bench/front.mjs

.PHONY: fuzz corpus
FUZZ_RUNS    ?= 10000000
FUZZ_SECONDS ?= 0
fuzz: packages-check
	@$(MAKE) --no-print-directory -j2 BUILD=fuzz fuzzers
	@tests/fuzz/run --runs $(FUZZ_RUNS) --seconds $(FUZZ_SECONDS)
corpus: packages-check
	@$(MAKE) --no-print-directory -j2 BUILD=asan replays
	@tests/run corpus

# ---- looking at the source ------------------------------------------------------
.PHONY: lint layers circles
lint: packages-check
	@tests/run lint
layers:
	@tests/layers
circles: $(foreach d,syncd fcgi-api common,$(patsubst %.c,$(O)/%.o,$(call src,$(d))))
	@ORDERDECK_BUILD=$(O) tests/circles

# clang-tidy with a stamp for each file, so that only changed files are checked
# again; after a change of any header, all are
.PHONY: tidy cppcheck
tidy: $(patsubst %.c,build/lint/%.tidy,$(SOURCES))
build/lint/%.tidy: %.c .clang-tidy tests/.clang-tidy $(shell find $(FOLDERS) tests -name node_modules -prune -o -name '*.h' -print) | packages-check
	@mkdir -p $(@D); echo "  TIDY $<"; clang-tidy --quiet $< -- -std=gnu17 -I. -D_GNU_SOURCE 2>$@.err >$@.out || \
	    { cat $@.out $@.err; rm -f $@; exit 1; }; touch $@
cppcheck: packages-check
	@mkdir -p build/lint/cppcheck
	@cppcheck --quiet -j2 --std=c11 --enable=warning,performance,portability --error-exitcode=1 \
	    --inline-suppr --suppressions-list=tests/cppcheck.supp --cppcheck-build-dir=build/lint/cppcheck \
	    --library=tests/cppcheck.cfg \
	    -I. -D_GNU_SOURCE $(FOLDERS) tests

# ---- installing -------------------------------------------------------------------
# DESTDIR= PREFIX=; units, logrotate file and nginx site go where Debian looks for
# them.  Nothing is started, and existing settings are not overwritten.  "make deb"
# makes a package of the same, which also creates the users and starts everything.
.PHONY: install deb clean
sbin := $(DESTDIR)$(PREFIX)/sbin
bin  := $(DESTDIR)$(PREFIX)/bin
data := $(DESTDIR)$(PREFIX)/share/orderdeck
man  := $(DESTDIR)$(PREFIX)/share/man
doc  := $(DESTDIR)$(PREFIX)/share/doc/orderdeck
etc  := $(DESTDIR)/etc
VERSION := $(shell sed -n 's/^.define ORDERDECK_VERSION[[:space:]]*"\(.*\)"/\1/p' common/base/version.h)
unit := $(DESTDIR)$(if $(filter /usr,$(PREFIX)),,$(PREFIX))/lib/systemd/system
# fill in paths, and a socket for each possible worker
fill     = sed 's|@PREFIX@|$(PREFIX)|g' $(1) >$(2) && chmod $(3) $(2)
sockets := $(patsubst %,ListenStream=/run/orderdeck/api-%.sock\n,$(shell seq 0 63) slow metrics)
# the man pages of a section; airtable-sim is not installed
pages    = $(sort $(shell find common syncd fcgi-api -name '*.$(1)'))
# install a file of settings, unless there is one
config   = test -e $(2) || { echo "install $(2)"; install -m $(3) $(1) $(2); }
install: packages-build
	@$(MAKE) --no-print-directory -j2 all
	install -d $(sbin) $(bin) $(data)/dashboard $(data)/nginx $(man)/man1 $(man)/man5 $(man)/man8 \
	    $(doc) $(unit) $(data)/prometheus $(data)/grafana $(DESTDIR)$(PREFIX)/lib/tmpfiles.d \
	    $(etc)/orderdeck $(etc)/logrotate.d $(etc)/nginx/sites-available
	install -m 0755 $(O)/syncd/syncd $(O)/fcgi-api/fcgi-api $(sbin)
	install -m 0755 $(O)/syncd/syncctl $(bin)
	install -m 0644 $(SHARE) orders.conf $(data)
	cp -r $(O)/web/. $(data)/dashboard
	install -m 0644 etc/prometheus/orderdeck.rules.yml $(data)/prometheus
	install -m 0644 etc/grafana/orderdeck.json $(data)/grafana
	install -m 0644 nginx/orders.conf.in $(data)/nginx
	sed 's|^version=.*|version=$(VERSION)|' nginx/render >$(data)/nginx/render && chmod 0755 $(data)/nginx/render
	$(call fill,nginx/prepare.in,$(data)/nginx/prepare,0755)
	install -m 0644 $(call pages,1) $(man)/man1
	install -m 0644 $(call pages,5) $(man)/man5
	install -m 0644 $(call pages,8) $(man)/man8
	install -m 0644 etc/nginx/basic-auth.conf etc/nginx/client-certificates.conf $(doc)
	install -m 0644 README.md ARCHITECTURE.md LICENSE openapi.yaml docs/runbook.md $(doc)
	for u in syncd/syncd.service fcgi-api/fcgi-api.service nginx/orderdeck-nginx.service etc/systemd/orderdeck-backup.service; do \
	    $(call fill,$$u.in,$(unit)/$${u##*/},0644) || exit 1; done
	sed 's|@SOCKETS@|$(sockets)|' fcgi-api/fcgi-api.socket.in | sed 's/^ //; /^$$/{N;/^\n$$/D;}' >$(unit)/fcgi-api.socket
	install -m 0644 etc/systemd/orderdeck-backup.timer $(unit)
	install -m 0644 etc/tmpfiles.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/orderdeck.conf
	@$(call config,etc/logrotate/orderdeck,$(etc)/logrotate.d/orderdeck,0644)
	@$(call config,nginx/site.conf,$(etc)/nginx/sites-available/orderdeck,0644)
	@sed 's|^#share = /usr/local/|$(if $(filter /usr/local,$(PREFIX)),#share = /usr/local/,share = $(PREFIX)/)|' orders.conf >$(O)/orders.conf
	@$(call config,$(O)/orders.conf,$(etc)/orderdeck/orders.conf,0640)

deb: packages-deb
	@$(MAKE) --no-print-directory -j2 all
	@O=$(O) scripts/deb

clean:
	rm -rf build

-include $(shell find $(O) -name '*.d' 2>/dev/null)
