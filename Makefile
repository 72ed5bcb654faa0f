# SPDX-License-Identifier: Apache-2.0
# takt: `make demo` shows it, `make check` tests it, `make` builds it without installing anything.

O        ?= build
CC       ?= gcc
PYTHON   ?= /usr/bin/python3
DESTDIR  ?=
prefix   ?= /usr
libdir   ?= $(prefix)/lib
sysconfdir ?= /etc
VERSION  := $(shell cat VERSION)

PACKAGES := libzmq yaml-0.1 sqlite3 libpq jansson libsystemd libsodium zlib libmicrohttpd libqrencode
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wvla $(WERROR)
HARDEN   := -fstack-protector-strong -fPIE $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
OPTIMISE ?= -O2 -g
SANFLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all)
# Hidden: a name of ours that a library happens to use as well, as krb5 does `profile_init`, must not take that one's place.
CFLAGS_  := -std=c11 -fvisibility=hidden -D_GNU_SOURCE -I. $(WARNINGS) $(HARDEN) $(OPTIMISE) $(SANFLAGS) -DTAKT_VERSION='"$(VERSION)"' \
            $(shell pkg-config --cflags $(PACKAGES)) $(CFLAGS)
LDFLAGS_ := -pie -Wl,-z,relro,-z,now $(SANFLAGS) $(LDFLAGS)
LIBS     := $(shell pkg-config --libs $(PACKAGES)) -lpthread -lm

# A file that holds a main() is called *main.c; every other object goes into one archive, which programs and tests link.
SOURCES  := $(shell find base config schedulers daemon clients/taktctl clients/load -name '*.c' 2>/dev/null | sort)
MAINS    := $(filter %main.c,$(SOURCES))
OBJECTS  := $(patsubst %.c,$(O)/%.o,$(filter-out $(MAINS),$(SOURCES)))
PROGRAMS := taktd taktctl takt-solve takt-sim takt-load
TESTS    := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/unit/test_*.c tests/property/test_*.c tests/fault/test_*.c \
            tests/simulation/test_*.c))
FUZZERS  := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
REPLAYS  := $(FUZZERS:%=$(O)/tests/fuzz/replay_%)

# `make V=1` shows the commands whole.
Q     := $(if $(V),,@)
quoted = '$(subst ','\'',$(1))'
quiet  = @$(if $(V),:,printf '  %-5s %s\n' $(1) $(2))

all: $(PROGRAMS:%=$(O)/%) $(O)/libtakt.so $(O)/takt-push

$(O)/taktd: $(O)/daemon/main.o
$(O)/taktctl: $(O)/clients/taktctl/main.o
$(O)/takt-solve: $(O)/schedulers/solve_main.o
$(O)/takt-sim: $(O)/daemon/sim/main.o
$(O)/takt-load: $(O)/clients/load/main.o
$(PROGRAMS:%=$(O)/%): $(O)/libtakt-all.a
	$(call quiet,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_) -o $@ $(filter %.o,$^) $(O)/libtakt-all.a $(LIBS)

$(O)/libtakt-all.a: $(OBJECTS)
	@rm -f $@
	@ar qcs $@ $^

# Objects of other flags are not linked with new ones: what was built is thrown away when they change.
FLAGS := $(filter-out -Werror,$(CC) $(CFLAGS_) $(LDFLAGS_))
$(O)/.flags: always
	@mkdir -p $(@D)
	@printf '%s\n' $(call quoted,$(FLAGS)) | cmp -s - $@ || printf '%s\n' $(call quoted,$(FLAGS)) >$@

$(O)/%.o: %.c $(O)/.flags
	@mkdir -p $(@D)
	$(call quiet,CC,$<)
	$(Q)$(CC) $(CFLAGS_) -MMD -MP -c -o $@ $<

# The C client: a library of its own, which shares nothing with the daemon but the protocol.
CLIENT_C := $(patsubst %.c,$(O)/%.o,$(filter-out %takt-push.c,$(wildcard clients/c/*.c)))
$(O)/clients/c/%.o: CFLAGS_ += -fPIC -fvisibility=hidden
$(O)/libtakt.so: $(CLIENT_C) $(O)/clients/c/takt-push.o clients/c/libtakt.map
	$(call quiet,LINK,$@)
	$(Q)$(CC) -shared -Wl,-soname,libtakt.so.1 -Wl,--version-script,clients/c/libtakt.map -Wl,-z,defs,-z,relro,-z,now $(SANFLAGS) $(LDFLAGS) -o $@ $(CLIENT_C) $(shell pkg-config --libs libzmq jansson)
	@ln -sf libtakt.so $(O)/libtakt.so.1
$(O)/takt-push: $(O)/clients/c/takt-push.o $(O)/libtakt.so
	$(call quiet,LINK,$@)
	$(Q)$(CC) $(SANFLAGS) $(LDFLAGS) -o $@ $< -L$(O) -ltakt -Wl,-rpath,'$$ORIGIN'

$(O)/tests/%: tests/%.c $(O)/libtakt-all.a $(O)/.flags
	@mkdir -p $(@D)
	$(call quiet,CC,$@)
	$(Q)$(CC) $(CFLAGS_) -MMD -MP $(LDFLAGS_) -o $@ $< $(filter %.o,$^) $(O)/libtakt-all.a -lcmocka $(LIBS)

# What else lies in tests/simulation holds a life together, and is linked into its tests.
LIFE     := $(patsubst %.c,$(O)/%.o,$(filter-out tests/simulation/test_%,$(wildcard tests/simulation/*.c)))
$(O)/tests/simulation/test_lives: $(LIFE)

$(O)/tests/fuzz/replay_%: tests/fuzz/fuzz_%.c tests/fuzz/replay_main.c $(O)/libtakt-all.a
	@mkdir -p $(@D)
	$(call quiet,CC,$@)
	$(Q)$(CC) $(CFLAGS_) $(LDFLAGS_) -o $@ tests/fuzz/fuzz_$*.c tests/fuzz/replay_main.c $(O)/libtakt-all.a $(LIBS)

# The drivers of the conformance scenarios: of libtakt, as a program would use it, and of the Node client, as it would be installed.
# What npm has to bring (tests/node, locked) lies in build/node, whatever O is, and is asked for again only when the lock has changed.
NODE     := build/node
$(O)/tests/conformance/client_c: tests/conformance/client_c.c $(O)/libtakt.so
	@mkdir -p $(@D)
	$(call quiet,CC,$@)
	$(Q)$(CC) $(CFLAGS_) $(LDFLAGS_) -o $@ $< -L$(O) -ltakt -Wl,-rpath,'$$ORIGIN/../..' $(shell pkg-config --libs jansson)
$(NODE)/package-lock.json: tests/node/package-lock.json
	@mkdir -p $(NODE)
	$(call quiet,NPM,$(NODE)/node_modules)
	$(Q)cp tests/node/package.json tests/node/.npmrc $(NODE)/
	$(Q)cp $< $(NODE)/npm-shrinkwrap.json
	$(Q)cd $(NODE) && npm ci --loglevel=error --prefer-offline >npm.log 2>&1 || { cat npm.log; exit 1; }
	$(Q)mv $(NODE)/npm-shrinkwrap.json $@
$(NODE)/client_node.js: $(NODE)/package-lock.json tests/conformance/client_node.ts $(wildcard clients/node/*)
	$(call quiet,TSC,$@)
	$(Q)rm -rf $(NODE)/node_modules/takt-client && mkdir $(NODE)/node_modules/takt-client
	$(Q)cp clients/node/package.json clients/node/*.js clients/node/*.d.ts $(NODE)/node_modules/takt-client/
	$(Q)cp tests/conformance/client_node.ts $(NODE)/
	$(Q)cd $(NODE) && node_modules/.bin/tsc --strict --noUncheckedIndexedAccess --target es2022 --module nodenext client_node.ts

$(O)/bench/%: bench/%.c $(O)/libtakt-all.a
	@mkdir -p $(@D)
	$(call quiet,CC,$@)
	$(Q)$(CC) $(CFLAGS_) -MMD -MP $(LDFLAGS_) -o $@ $< $(O)/libtakt-all.a $(LIBS)

# ---- what people call ----

demo:
	@packaging/install-packages build demo
	@$(MAKE) --no-print-directory -j2 all
	@$(PYTHON) demo/demo.py --build $(O)

check:
	@packaging/install-packages build check
	@$(MAKE) --no-print-directory -j2 WERROR=-Werror all check-programs
	@$(MAKE) --no-print-directory check-built

check-programs: $(TESTS) $(REPLAYS) $(O)/tests/conformance/client_c $(NODE)/client_node.js

check-built:
	tests/run $(TESTS)
	@for f in $(FUZZERS); do $(O)/tests/fuzz/replay_$$f tests/fuzz/corpus/$$f || exit 1; done
	TAKT_BUILD=$(O) $(PYTEST) $(SYSTEM) tests/system
	TAKT_BUILD=$(O) TAKT_STORE=postgresql $(PYTEST) $(ON_POSTGRES)

# The system tests mostly wait, for deadlines and for each other's processes, so three files of them run at a time.
TOGETHER ?= 3
PYTEST   := $(PYTHON) -m pytest -q -p no:cacheprovider -n $(TOGETHER) --dist loadfile

# What has to do with the store, once more with the orders in PostgreSQL.
ON_POSTGRES := tests/system/test_dispatch.py tests/system/test_floor.py tests/system/test_intake.py tests/system/test_kills.py \
               tests/system/test_service.py tests/system/test_taktctl.py

# The rest of what starts a daemon, likewise; which store a test of the others uses is what it is about.
SAME_ON_POSTGRES := $(filter-out $(ON_POSTGRES) $(addprefix tests/system/test_,check_config.py database.py docs.py man.py months.py network.py role.py \
                    steps.py store.py takt_solve.py),$(wildcard tests/system/test_*.py))
check-postgres:
	@packaging/install-packages build check
	@$(MAKE) --no-print-directory -j2 WERROR=-Werror all check-programs
	TAKT_BUILD=$(O) TAKT_STORE=postgresql $(PYTEST) $(SAME_ON_POSTGRES) \
	    -k 'not asyncapis and not (test_conformance and (python or asyncio or node or bare))'

# The board, in Chromium.
check-board:
	@packaging/install-packages build browser
	@$(MAKE) --no-print-directory -j2 WERROR=-Werror all
	TAKT_BUILD=$(O) $(PYTHON) -m pytest -q -p no:cacheprovider tests/browser

# Alert rules against invented plants: promtool, from Debian's package where it is not installed.
PROMTOOL ?= $(or $(shell command -v promtool),$(O)/promtool)
$(O)/promtool:
	@packaging/get-promtool $@
check-alerts: $(filter $(O)/promtool,$(PROMTOOL))
	$(PROMTOOL) check rules packaging/prometheus/takt.rules.yml
	$(PROMTOOL) test rules packaging/prometheus/takt.test.yml

# The packages, installed, used, killed, upgraded and purged under a systemd that has booted: in Debian 12 and 13 (systemd 252, 257),
# or in BOXES. Says so where the machine cannot do it. BOX_TESTS: some of them, as pytest's -k has it.
BOXES ?= bookworm trixie
check-container:
	@packaging/install-packages build check package box
	TAKT_BOX_SUITES='$(BOXES)' $(PYTHON) -m pytest -x -s -q -rs --durations=3 -p no:cacheprovider $(if $(BOX_TESTS),-k '$(BOX_TESTS)') tests/container

# What only a kernel of its own enforces, in a virtual machine with Debian 12 (or VMS): memory, tasks, addresses. Says so where there
# can be none.
VMS ?= bookworm
check-vm:
	@packaging/install-packages build check package vm
	TAKT_VM_SUITES='$(VMS)' $(PYTHON) -m pytest -x -s -q -rs --durations=3 -p no:cacheprovider tests/vm

# The whole suite under a sanitizer, each in a build folder of its own. What is the same to the daemon, whichever client does it, is
# done once: by the one in C.
SANITIZED := SYSTEM='-k "not (test_conformance and (python or asyncio or node or bare))"'
check-asan:
	@packaging/install-packages build check sanitize
	@$(MAKE) --no-print-directory -j2 O=$(O)-asan SANITIZE=address,undefined OPTIMISE='-O1 -g' WERROR=-Werror all check-programs
	@$(MAKE) --no-print-directory O=$(O)-asan TOGETHER=2 $(SANITIZED) check-built

check-tsan:
	@packaging/install-packages build check sanitize
	@$(MAKE) --no-print-directory -j2 O=$(O)-tsan SANITIZE=thread OPTIMISE='-O1 -g' WERROR=-Werror all check-programs
	@TSAN_OPTIONS='halt_on_error=1 second_deadlock_stack=1 suppressions=$(CURDIR)/tests/tsan.supp' \
	    $(MAKE) --no-print-directory O=$(O)-tsan TOGETHER=2 $(SANITIZED) ON_POSTGRES='tests/system/test_dispatch.py tests/system/test_intake.py' check-built

check-valgrind:
	@packaging/install-packages build check sanitize
	@$(MAKE) --no-print-directory -j2 O=$(O)-valgrind OPTIMISE='-O1 -g -DTEST_EFFORT_SHARE=25' all check-programs
	@$(MAKE) --no-print-directory O=$(O)-valgrind valgrind-built

VALGRIND := valgrind -q --leak-check=full --errors-for-leak-kinds=definite,possible --error-exitcode=99
valgrind-built:
	tests/run --timeout 3000 --wrap '$(VALGRIND)' $(TESTS)
	@rm -rf $(O)/wrapped && mkdir -p $(O)/wrapped && ln -s $(addprefix $(abspath $(O))/,$(filter-out taktd,$(notdir $(PROGRAMS)))) $(O)/wrapped/
	@printf '#!/bin/sh\nexec $(VALGRIND) $(abspath $(O))/taktd "$$@"\n' >$(O)/wrapped/taktd && chmod +x $(O)/wrapped/taktd
	TAKT_BUILD=$(O)/wrapped $(PYTHON) -m pytest -q -p no:cacheprovider $(addprefix tests/system/test_,dispatch.py floor.py intake.py taktctl.py)

# FUZZ_S seconds for each target, FUZZ_FLAGS for libFuzzer (-seed=1 -runs=3000: the same each time); a crash leaves its input in the current folder.
FUZZ_S ?= 20
fuzz:
	@packaging/install-packages build check sanitize
	@$(MAKE) --no-print-directory -j2 O=$(O)-fuzz CC=clang SANITIZE=fuzzer-no-link,address,undefined OPTIMISE='-O1 -g' $(O)-fuzz/libtakt-all.a
	@for f in $(FUZZERS); do echo "fuzz $$f for $(FUZZ_S) s"; $(MAKE) --no-print-directory O=$(O)-fuzz FUZZ=$$f fuzz-one || exit 1; done

fuzz-one:
	@mkdir -p $(O)/corpus/$(FUZZ)
	@clang $(filter-out -fsanitize=%,$(CFLAGS_)) -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o $(O)/fuzz_$(FUZZ) tests/fuzz/fuzz_$(FUZZ).c $(O)/libtakt-all.a $(LIBS)
	@$(O)/fuzz_$(FUZZ) $(FUZZ_FLAGS) -max_total_time=$(FUZZ_S) -timeout=30 -rss_limit_mb=2048 -print_final_stats=1 $(O)/corpus/$(FUZZ) tests/fuzz/corpus/$(FUZZ) >$(O)/fuzz_$(FUZZ).log 2>&1 \
	    || { tail -40 $(O)/fuzz_$(FUZZ).log; exit 1; }
	@grep -E 'number_of_executed_units|Done' $(O)/fuzz_$(FUZZ).log

# Heavy suites. SHARED may hold a real order feed; without it the demo's is used by the system tests alone.
SHARED ?= ../shared
soak: all $(O)/bench/reference
	@packaging/install-packages build check sanitize
	$(PYTHON) bench/moves.py --build $(O)
	$(MAKE) --no-print-directory check-container
	$(MAKE) --no-print-directory check-vm
	packaging/check-reproducible
	TAKT_LIVES=20000 $(O)/tests/simulation/test_lives
	$(PYTHON) tests/soak/kills.py --build $(O) --plant $(SHARED)/orders/plant.yaml --drop-in $(SHARED)/orders/giftware/creators.yaml \
	    --feed $(SHARED)/orders/giftware/feed.jsonl.gz --days 7 --kills 20 --speed 3000
	$(PYTHON) tests/soak/faults.py --build $(O)
	TAKT_SOAK_MINUTES=10 $(PYTHON) tests/soak/faults.py --store sqlite --build $(O)
	TAKT_BUILD=$(O) TAKT_STEPS=30 $(PYTHON) -m pytest -q -p no:cacheprovider tests/system/test_steps.py
	TAKT_BUILD=$(O) TAKT_STEPS=30 TAKT_STORE=postgresql $(PYTHON) -m pytest -q -p no:cacheprovider tests/system/test_steps.py -k killed
	TAKT_BUILD=$(O) TAKT_STORE=postgresql $(PYTHON) -m pytest -q -p no:cacheprovider tests/system/test_kills.py tests/system/test_database.py \
	    tests/system/test_role.py

bench: all $(O)/bench/quotes
	@packaging/install-packages build check
	$(PYTHON) bench/open_orders.py --build $(O)
	$(PYTHON) bench/sim.py --build $(O) --shared $(SHARED) --twice

lint:
	@packaging/install-packages build check sanitize
	@$(MAKE) --no-print-directory -j2 O=$(O)-clang CC=clang WERROR=-Werror all check-programs

share := $(DESTDIR)$(prefix)/share
unitdir ?= $(prefix)/lib/systemd/system
units := $(DESTDIR)$(unitdir)

# The units for several plants on one machine are those for one, with the plant's name in their paths.
FOR_ONE_PLANT := -e 's|/etc/takt/taktd.yaml|/etc/takt/%i.yaml|g' -e 's|^StateDirectory=takt$$|&/%i|' \
    -e 's|^RuntimeDirectory=takt$$|&/%i|' -e 's|^StateDirectory=takt takt/backup|StateDirectory=takt/%i takt/%i/backup|' -e 's|/var/lib/takt|/var/lib/takt/%i|' \
    -e 's|/run/takt/|/run/takt/%i/|' -e 's|taktctl reload|taktctl --socket ipc:///run/takt/%i/control.sock reload|' \
    -e 's|^LoadCredential=.*|&/%i|' -e 's|^Description=.*|& for %i|'

install: all
	install -d $(DESTDIR)$(prefix)/bin $(DESTDIR)$(prefix)/sbin $(units) $(DESTDIR)$(prefix)/lib/sysusers.d $(share)/takt/examples \
	    $(share)/man/man1 $(share)/man/man5 $(share)/man/man7 $(share)/man/man8 $(share)/bash-completion/completions $(share)/zsh/vendor-completions \
	    $(share)/fish/vendor_completions.d
	install -m 755 $(O)/taktd $(DESTDIR)$(prefix)/sbin/
	install -m 755 $(O)/taktctl $(O)/takt-solve $(O)/takt-sim $(O)/takt-load $(DESTDIR)$(prefix)/bin/
	install -d $(DESTDIR)$(libdir)/pkgconfig $(DESTDIR)$(prefix)/include
	install -m 644 $(O)/libtakt.so $(DESTDIR)$(libdir)/libtakt.so.1
	ln -sf libtakt.so.1 $(DESTDIR)$(libdir)/libtakt.so
	install -m 644 clients/c/takt.h $(DESTDIR)$(prefix)/include/
	sed 's|@prefix@|$(prefix)|; s|@libdir@|$(libdir)|; s|@version@|$(VERSION)|' clients/c/takt.pc.in >$(DESTDIR)$(libdir)/pkgconfig/takt.pc
	install -d -m 700 $(DESTDIR)$(sysconfdir)/takt/credentials
	install -m 644 packaging/taktd.service packaging/taktd.socket packaging/takt-backup.service packaging/takt-backup.timer $(units)/
	for unit in taktd.service taktd.socket takt-backup.service takt-backup.timer; do \
	    sed $(FOR_ONE_PLANT) packaging/$$unit >$(units)/$${unit%.*}@.$${unit##*.} || exit 1; done
	install -m 644 packaging/takt.sysusers $(DESTDIR)$(prefix)/lib/sysusers.d/takt.conf
	install -m 644 config/examples/*.yaml config/schema/plant.schema.json $(share)/takt/examples/
	install -m 644 packaging/man/*.1 $(share)/man/man1/
	install -m 644 packaging/man/*.5 $(share)/man/man5/
	install -m 644 packaging/man/*.7 $(share)/man/man7/
	install -m 644 packaging/man/*.8 $(share)/man/man8/
	install -d $(DESTDIR)$(prefix)/lib/systemd/catalog $(share)/takt/prometheus $(share)/takt/grafana
	install -m 644 packaging/catalog/*.catalog $(DESTDIR)$(prefix)/lib/systemd/catalog/
	install -m 644 packaging/prometheus/takt.rules.yml $(share)/takt/prometheus/
	install -m 644 packaging/grafana/takt.json $(share)/takt/grafana/
	$(O)/taktctl completion bash >$(share)/bash-completion/completions/taktctl
	$(O)/taktctl completion zsh >$(share)/zsh/vendor-completions/_taktctl
	$(O)/taktctl completion fish >$(share)/fish/vendor_completions.d/taktctl.fish

# The Debian package, into the folder DEB (default: the build folder).
deb:
	@packaging/install-packages build package
	packaging/build-deb $(or $(DEB),$(O))

clean:
	rm -rf $(O) $(O)-asan $(O)-tsan $(O)-fuzz $(O)-clang

$(O)/daemon/store/schema.o: $(wildcard daemon/store/schema/*.sql)
$(O)/daemon/http/pages.o: $(wildcard daemon/http/pages/*)

-include $(shell find $(O) -name '*.d' 2>/dev/null)

.PHONY: all always demo check check-programs check-built check-postgres check-board check-container check-vm check-alerts check-asan check-tsan check-valgrind valgrind-built fuzz fuzz-one soak bench lint install deb clean
.SECONDARY:
