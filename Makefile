# SPDX-License-Identifier: Apache-2.0
# takt: `make demo` shows it, `make check` tests it, `make` builds it without installing anything.

O        ?= build
CC       ?= gcc
PYTHON   ?= /usr/bin/python3
DESTDIR  ?=
prefix   ?= /usr
VERSION  := $(shell cat VERSION)

PACKAGES := libzmq yaml-0.1 sqlite3 jansson libsystemd libsodium
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wvla $(WERROR)
HARDEN   := -fstack-protector-strong -fPIE $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
OPTIMISE ?= -O2 -g
SANFLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all)
CFLAGS_  := -std=c11 -D_GNU_SOURCE -I. $(WARNINGS) $(HARDEN) $(OPTIMISE) $(SANFLAGS) -DTAKT_VERSION='"$(VERSION)"' \
            $(shell pkg-config --cflags $(PACKAGES)) $(CFLAGS)
LDFLAGS_ := -pie -Wl,-z,relro,-z,now $(SANFLAGS) $(LDFLAGS)
LIBS     := $(shell pkg-config --libs $(PACKAGES)) -lpthread -lm

# A file that holds a main() is called *main.c; every other object goes into one archive, which programs and tests link.
SOURCES  := $(shell find base config schedulers daemon clients/taktctl -name '*.c' 2>/dev/null | sort)
MAINS    := $(filter %main.c,$(SOURCES))
OBJECTS  := $(patsubst %.c,$(O)/%.o,$(filter-out $(MAINS),$(SOURCES)))
PROGRAMS := taktd taktctl takt-solve takt-sim
TESTS    := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/unit/test_*.c tests/property/test_*.c tests/fault/test_*.c \
            tests/simulation/test_*.c))

all: $(PROGRAMS:%=$(O)/%)

$(O)/taktd: $(O)/daemon/main.o
$(O)/taktctl: $(O)/clients/taktctl/main.o
$(O)/takt-solve: $(O)/schedulers/solve_main.o
$(O)/takt-sim: $(O)/daemon/sim/main.o
$(PROGRAMS:%=$(O)/%): $(O)/libtakt-all.a
	$(CC) $(LDFLAGS_) -o $@ $(filter %.o,$^) $(O)/libtakt-all.a $(LIBS)

$(O)/libtakt-all.a: $(OBJECTS)
	@rm -f $@
	@ar rcs $@ $^

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_) -MMD -MP -c -o $@ $<

$(O)/tests/%: tests/%.c $(O)/libtakt-all.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_) -MMD -MP $(LDFLAGS_) -o $@ $< $(O)/libtakt-all.a -lcmocka $(LIBS)

-include $(shell find $(O) -name '*.d' 2>/dev/null)

.PHONY: all
.SECONDARY:
