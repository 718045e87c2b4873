# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# tcpdwell. `make help` lists the targets.

VERSION := 0.1.0

# Overridable: tools, flags, places.
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(shell tools/find-bpftool)
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
prefix ?= /usr/local
bindir ?= $(prefix)/bin
mandir ?= $(prefix)/share/man
docdir ?= $(prefix)/share/doc/tcpdwell
bashdir ?= $(prefix)/share/bash-completion/completions
zshdir ?= $(prefix)/share/zsh/site-functions
fishdir ?= $(prefix)/share/fish/vendor_completions.d
unitdir ?= $(prefix)/lib/systemd/system
monitoringdir ?= $(prefix)/share/tcpdwell/monitoring

HOST_ARCH := $(patsubst aarch64,arm64,$(shell uname -m))
ARCH ?= $(HOST_ARCH)
ifeq ($(filter $(ARCH),x86_64 arm64),)
$(error ARCH=$(ARCH) is not supported: x86_64 or arm64)
endif
# The kernel of such a system may be of 64 bits, and its compiler would make what that kernel's tables don't fit.
ifeq ($(shell getconf LONG_BIT 2>/dev/null),32)
$(error the programs of this system are of 32 bits: build "make static" on one of 64 bits; that file runs here too if the kernel is of 64 bits ($(shell uname -m)))
endif

# A static or foreign build has a folder of its own below build/.
OUT := build$(if $(filter-out $(HOST_ARCH),$(ARCH)),/$(ARCH))$(if $(STATIC),/static)
OUT_STATIC := $(OUT)$(if $(STATIC),,/static)
IMAGE ?= localhost/tcpdwell
BPF_ARCH := $(patsubst x86_64,x86,$(ARCH))

ifneq ($(ARCH),$(HOST_ARCH))
# Cross build: Debian's cross compiler, libraries unpacked into a folder of ours by tests/vm/sysroot.
SYSROOT ?= build/cache/sysroot-$(ARCH)
CC := aarch64-linux-gnu-gcc
MULTIARCH := aarch64-linux-gnu
CROSS_CFLAGS := -isystem $(SYSROOT)/usr/include -isystem $(SYSROOT)/usr/include/$(MULTIARCH)
CROSS_LDFLAGS := -L$(SYSROOT)/usr/lib/$(MULTIARCH)
LIBBPF_CFLAGS :=
PKG_CONFIG := env PKG_CONFIG_LIBDIR=$(SYSROOT)/usr/lib/$(MULTIARCH)/pkgconfig PKG_CONFIG_SYSROOT_DIR=$(SYSROOT) $(PKG_CONFIG)
else
LIBBPF_CFLAGS = $(shell $(PKG_CONFIG) --cflags libbpf)
endif
# What makes a gzip member of much at once (user/util/gzip_member.h): ISA-L takes a third of libdeflate's time. No distribution has
# its static archive.
COMPRESSOR ?= $(if $(STATIC),libdeflate,$(shell $(PKG_CONFIG) --exists libisal && echo libisal || echo libdeflate))
OTHER_COMPRESSOR := $(filter-out $(COMPRESSOR),libisal libdeflate)
PACKAGES := libbpf zlib jansson ncursesw libseccomp sqlite3 $(COMPRESSOR) libevent
# What a static program needs more is found out by a trial, before anything is compiled (require).
# -lm: gcc has floor() and the like in the instructions of most processors, clang calls them.
LIBRARIES = $(if $(STATIC),$$(cat $(OUT)/libraries),$(shell $(PKG_CONFIG) --libs $(PACKAGES))) -lm

# A warning is an error where CI builds, and nowhere else: a newer compiler may have new ones.
WERROR ?= $(filter 1 true,$(CI))
WERROR_FLAG := $(if $(WERROR),-Werror)
# The same program from any folder.
PREFIX_MAP := -ffile-prefix-map=$(CURDIR)/= -ffile-prefix-map=$(CURDIR)=.

ALL_CFLAGS = -std=gnu11 -Wall -Wextra -Wno-missing-field-initializers $(WERROR_FLAG) -D_GNU_SOURCE -DVERSION='"$(VERSION)"' \
	-Iuser -Ibpf -I$(OUT)/skel $(PREFIX_MAP) $(CROSS_CFLAGS) $(LIBBPF_CFLAGS) $(CFLAGS)
# libbpf's macros declare what they fill in later with the type of the field, const and all; clang 21 and newer warn of it, older
# ones don't know the warning.
BPF_WARNINGS := -Wall -Wno-unknown-warning-option -Wno-default-const-init-var-unsafe
BPF_CFLAGS = -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) -D__bpf__ $(BPF_WARNINGS) -Ivmlinux -Ibpf $(PREFIX_MAP) $(LIBBPF_CFLAGS)
ALL_LDFLAGS = $(if $(STATIC),-static) $(CROSS_LDFLAGS) $(LDFLAGS)

# Against what a hostile recording, name or kernel answer could make of a mistake of ours. A static program is loaded where it is linked.
HARDENING := -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -Wformat -Wformat-security $(if $(STATIC),,-fPIE)
HARDENING_LDFLAGS := -Wl,-z,relro,-z,now -Wl,-z,noexecstack $(if $(STATIC),,-pie)

ifeq ($(V),1)
Q :=
msg :=
else
Q := @
msg = @printf '  %-8s %s\n' '$(1)' '$(2)';
MAKEFLAGS += --no-print-directory
endif

# Targets that build and then run use all processors, unless the caller has said how many.
JOBS = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

SOURCES := $(sort $(filter-out user/util/gzip_member_$(OTHER_COMPRESSOR).c,$(wildcard user/*.c user/*/*.c user/*/*/*.c)))
OBJECTS := $(SOURCES:%.c=$(OUT)/obj/%.o)
SKELETON := $(OUT)/skel/tcpdwell.skel.h
BPF_SOURCES := $(wildcard bpf/*.h) vmlinux/vmlinux.h
UNIT_SOURCES := $(sort $(wildcard tests/unit/*/*_test.c))
UNIT_TESTS := $(UNIT_SOURCES:tests/unit/%.c=build/tests/unit/%)
UNIT_OBJECTS := $(patsubst %.c,build/tests/unit/obj/%.o,$(filter-out user/main.c,$(SOURCES)))
UNIT_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -O1 -g
SCENARIO_SOURCES := $(sort $(wildcard tests/scenarios/*.c))
PORTS_SOURCES := $(sort $(wildcard tests/ports/*.c)) tests/scenarios/report.c user/ports/capacity.c user/ports/pool.c
SCENARIOS := $(if $(filter-out $(HOST_ARCH),$(ARCH)),build/$(ARCH)/tests/scenarios,build/tests/scenarios)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all run static image dist deb test check test-kernels test-full bench unit scenarios libraries analyze fuzz soak install uninstall clean help deps test-deps bash needs require force

all: $(OUT)/tcpdwell ## build build/tcpdwell (STATIC=1, ARCH=arm64, V=1)

help: ## show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo "  variables: V=1 (show commands) prefix= DESTDIR= CC= CLANG= BPFTOOL= CFLAGS= LDFLAGS= ARCH=x86_64|arm64 COMPRESSOR=libisal|libdeflate"

run: deps ## install what is missing, build, show the live answer (as root)
	$(Q)$(MAKE) $(JOBS) all
	$(OUT)/tcpdwell

deps: bash
	$(Q)tools/install-deps build

test-deps: bash
	$(Q)tools/install-deps build test

# Some systems come without it, and would say "not found" of the first script.
bash:
	@[ -x /bin/bash ] || { echo "/bin/bash is missing, which the scripts of the build need: install it. Or make the static program, which" \
		"runs here too, in a container of Debian (podman or docker):"; echo "  $$(tools/static/in-container)"; exit 1; } >&2

static: ## build build/static/tcpdwell, which needs no library (ARCH=arm64: build/arm64/static/tcpdwell)
	$(Q)$(if $(filter-out $(HOST_ARCH),$(ARCH)),tests/vm/sysroot $(ARCH) >/dev/null &&) $(MAKE) $(JOBS) STATIC=1 ARCH=$(ARCH) all

image: needs static ## build the container image localhost/tcpdwell (IMAGE=, ARCH=arm64), from scratch, with buildah
	$(Q)tools/container/build $(OUT_STATIC)/tcpdwell $(VERSION) $(ARCH) $(IMAGE)

dist: needs static ## build build/dist/tcpdwell-VERSION-linux-ARCH.tar.gz: program, man page, completions, unit; reproducible (ARCH=arm64)
	+$(Q)PACKAGES='$(PACKAGES:libisal=libdeflate)' tools/package/archive $(VERSION) $(ARCH) build/dist

deb: needs static ## build build/dist/tcpdwell_VERSION_ARCH.deb of the same, for every release of Debian and Ubuntu (ARCH=arm64)
	+$(Q)PACKAGES='$(PACKAGES:libisal=libdeflate)' tools/package/deb $(VERSION) $(ARCH) build/dist

# Told before anything is compiled; they come with a set of tools/install-deps of their own.
image: NEEDS = buildah setcap
dist: NEEDS = scdoc
deb: NEEDS = scdoc dpkg-deb
needs:
	@for program in $(NEEDS); do command -v $$program >/dev/null || { \
		echo "$$program is missing: run tools/install-deps $(if $(filter buildah,$(NEEDS)),image,package)" >&2; exit 1; }; done

test: test-deps ## install what is missing, build, run all tests (as root)
	$(Q)$(MAKE) $(JOBS) all unit scenarios
	$(Q)$(MAKE) $(JOBS) static
	$(Q)tests/run all

check: all unit scenarios ## build and run the quick tests (as root, a minute or two)
	$(Q)tests/run quick

test-kernels: test-deps ## the scenarios on every kernel, hook mode and architecture in QEMU
	$(Q)$(MAKE) $(JOBS) all
	$(Q)tests/run kernels

test-full: test-deps ## kill -9, torn writes, faults injected: all of what `make test` takes samples of (hours, as root)
	$(Q)$(MAKE) $(JOBS) all
	$(Q)tests/run full

bench: test-deps ## compare cost with other tracers (as root)
	$(Q)$(MAKE) $(JOBS) all
	$(Q)tests/bench/run $(BENCH_ARGS)

# What changed since the last time, headers included. An unused value is no defect (deadcode).
ANALYZE_FLAGS = --analyze --analyzer-output text -Xclang -analyzer-werror -Xclang -analyzer-disable-checker=deadcode.DeadStores
analyze: $(SOURCES:%.c=build/analyze/%.ok) ## clang's static analyzer over the program, without a finding (minutes at first)

build/analyze/%.ok: $(OUT)/obj/%.o
	$(Q)mkdir -p $(@D)
	$(call msg,ANALYZE,$*.c)$(CLANG) $(ANALYZE_FLAGS) $(filter-out -Werror,$(ALL_CFLAGS)) $*.c && touch $@

# For tests that link the program's sources in their own way.
libraries:
	@echo $(LIBRARIES)

unit: $(UNIT_TESTS)

scenarios: $(SCENARIOS) $(dir $(SCENARIOS))ports

clean: ## remove what was built, but not what tests downloaded
	$(Q)find build -mindepth 1 -maxdepth 1 ! -name cache -exec rm -rf {} + 2>/dev/null || true

# File, its place. The unit names the program where it will be (binprefix: once an archive was unpacked).
binprefix ?= $(prefix)
INSTALLED = $(bindir)/tcpdwell $(mandir)/man8/tcpdwell.8 $(bashdir)/tcpdwell $(zshdir)/_tcpdwell $(fishdir)/tcpdwell.fish \
	$(unitdir)/tcpdwell.service $(MONITORING:tools/monitoring/%=$(monitoringdir)/%) $(LICENSES:%=$(docdir)/%)
MONITORING := $(sort $(wildcard tools/monitoring/*))
LICENSES := LICENSE LICENSE.BSD-2-Clause LICENSE.GPL-2.0

install: all ## install into $(DESTDIR)$(prefix): program, man page, completions, systemd unit, alert rules, licence
	$(call msg,INSTALL,$(DESTDIR)$(bindir)/tcpdwell)install -D -m 755 $(OUT)/tcpdwell $(DESTDIR)$(bindir)/tcpdwell
	$(Q)if command -v scdoc >/dev/null; then \
		scdoc <tools/man/tcpdwell.8.scd | install -D -m 644 /dev/stdin $(DESTDIR)$(mandir)/man8/tcpdwell.8; \
		else echo "scdoc is missing: the man page is not installed" >&2; fi
	$(Q)install -D -m 644 tools/completion/tcpdwell.bash $(DESTDIR)$(bashdir)/tcpdwell
	$(Q)install -D -m 644 tools/completion/tcpdwell.zsh $(DESTDIR)$(zshdir)/_tcpdwell
	$(Q)install -D -m 644 -t $(DESTDIR)$(fishdir) tools/completion/tcpdwell.fish
	$(Q)sed 's#/usr/local/bin#$(binprefix)/bin#' tools/systemd/tcpdwell.service | \
		install -D -m 644 /dev/stdin $(DESTDIR)$(unitdir)/tcpdwell.service
	$(Q)install -D -m 644 -t $(DESTDIR)$(monitoringdir) $(MONITORING)
	$(Q)install -D -m 644 -t $(DESTDIR)$(docdir) $(LICENSES)

uninstall: ## remove what install put there
	$(Q)rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	$(Q)rmdir $(DESTDIR)$(docdir) $(DESTDIR)$(monitoringdir) $(dir $(DESTDIR)$(monitoringdir)) 2>/dev/null || true

$(OUT)/tcpdwell: $(OBJECTS)
	$(call msg,LINK,$@)$(CC) $(HARDENING_LDFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBRARIES)

# What was compiled with other flags is compiled anew.
FLAGS_USED = $(CC) $(HARDENING) $(filter-out -Werror,$(ALL_CFLAGS)) $(CLANG) $(BPF_CFLAGS)
$(OUT)/flags: force
	$(Q)mkdir -p $(@D)
	$(Q)echo "$(subst ",\",$(FLAGS_USED))" | cmp -s - $@ || echo "$(subst ",\",$(FLAGS_USED))" >$@
force:

$(OUT)/obj/%.o: %.c $(SKELETON) $(OUT)/flags | require
	$(Q)mkdir -p $(@D)
	$(call msg,CC,$@)$(CC) $(HARDENING) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(OUT)/skel/tcpdwell.bpf.o: bpf/tcpdwell.bpf.c $(BPF_SOURCES) $(OUT)/flags | require
	$(Q)mkdir -p $(@D)
	$(call msg,BPF,$@)$(CLANG) $(BPF_CFLAGS) $(WERROR_FLAG) -c -o $@.full $<
	$(Q)$(BPFTOOL) gen object $@ $@.full && rm $@.full

$(SKELETON): $(OUT)/skel/tcpdwell.bpf.o
	$(call msg,SKEL,$@)$(BPFTOOL) gen skeleton $< name tcpdwell >$@

# The unit tests' own copy of the objects, with sanitizers, in one archive.
build/tests/unit/obj/%.o: %.c $(SKELETON) | require
	$(Q)mkdir -p $(@D)
	$(call msg,CC,$@)$(CC) $(ALL_CFLAGS) -Itests/unit $(UNIT_FLAGS) -MMD -MP -c -o $@ $<

build/tests/unit/tcpdwell.a: $(UNIT_OBJECTS)
	$(call msg,AR,$@)rm -f $@ && ar rcs $@ $^

build/tests/unit/%_test: build/tests/unit/obj/tests/unit/%_test.o build/tests/unit/tcpdwell.a
	$(Q)mkdir -p $(@D)
	$(call msg,UNIT,$@)$(CC) $(ALL_LDFLAGS) $(UNIT_FLAGS) -o $@ $^ -lcmocka $(LIBRARIES)

$(SCENARIOS): $(SCENARIO_SOURCES) $(wildcard tests/scenarios/*.h)
	$(Q)mkdir -p $(@D)
	$(call msg,TEST,$@)$(CC) -std=gnu11 -O2 -g -Wall -Wextra $(WERROR_FLAG) -D_GNU_SOURCE $(CROSS_CFLAGS) -static $(CROSS_LDFLAGS) -o $@ \
		$(SCENARIO_SOURCES) -ljansson -lpthread

$(dir $(SCENARIOS))ports: $(PORTS_SOURCES) $(wildcard tests/ports/*.h user/ports/*.h) bpf/abi.h
	$(Q)mkdir -p $(@D)
	$(call msg,TEST,$@)$(CC) -std=gnu11 -O2 -g -Wall -Wextra -Wno-missing-field-initializers -D_GNU_SOURCE -Iuser -Ibpf \
		$(CROSS_CFLAGS) -static $(CROSS_LDFLAGS) -o $@ $(PORTS_SOURCES) -ljansson

# Recordings go through the agent's history, faster than life.
build/tests/history/%: tests/history/%.c $(filter-out $(OUT)/obj/user/main.o,$(OBJECTS))
	$(Q)mkdir -p $(@D)
	$(call msg,TEST,$@)$(CC) $(ALL_CFLAGS) $(HARDENING_LDFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBRARIES)

# The fuzzers: the program's objects with clang's sanitizers and coverage, and one program whose FUZZ_TARGET names what it fuzzes.
FUZZ_FLAGS = -O1 -g -w -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=undefined,float-cast-overflow
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/*.c))
FUZZ_OBJECTS := $(patsubst %.c,build/fuzz/obj/%.o,$(filter-out user/main.c,$(SOURCES)) $(FUZZ_SOURCES))
build/fuzz/obj/%.o: %.c $(SKELETON) | require
	$(Q)mkdir -p $(@D)
	$(call msg,CC,$@)$(CLANG) $(filter-out -Werror,$(ALL_CFLAGS)) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -DTICKS_AT_BEGIN=200 -MMD -MP -c -o $@ $<

build/fuzz/fuzz: $(FUZZ_OBJECTS)
	$(call msg,LINK,$@)$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBRARIES)

fuzz: ## fuzz everything that others may have written, for long (SECONDS=3600 each)
	$(Q)tests/fuzz/run $(or $(SECONDS),3600)

soak: all ## a steady rate for long: flat memory, exact counts (MINUTES=60 RATE=2000, as root)
	$(Q)tests/bench/soak --minutes $(or $(MINUTES),60) --rate $(or $(RATE),2000)

# What runs in the test containers, whose root file system has nothing else.
build/tests/container_traffic: tests/containers/traffic.c
	$(Q)mkdir -p $(@D)
	$(call msg,TEST,$@)$(CC) -std=gnu11 -O2 -Wall -Wextra $(WERROR_FLAG) -D_GNU_SOURCE -static -o $@ $<

# A build that can't work stops with a sentence and not with a wall of errors.
require:
	@command -v $(CLANG) >/dev/null || { echo "clang is missing: run make deps" >&2; exit 1; }
	@$(BPFTOOL) version >/dev/null 2>&1 || { echo "bpftool is missing: run make deps" >&2; exit 1; }
	@$(PKG_CONFIG) --atleast-version=1.1 libbpf 2>/dev/null || { \
		echo "libbpf 1.1 or newer is needed: tools/install-deps build says how to get it" >&2; exit 1; }
	$(Q)$(if $(STATIC),mkdir -p $(OUT) && CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' LDFLAGS='$(CROSS_LDFLAGS) $(LDFLAGS)' \
		tools/static/libraries $(OUT) $(PACKAGES) >$(OUT)/libraries)

-include $(OBJECTS:.o=.d) $(UNIT_OBJECTS:.o=.d) $(UNIT_SOURCES:%.c=build/tests/unit/obj/%.d) $(FUZZ_OBJECTS:.o=.d)
