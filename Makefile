# Sesame - SES for your own Postfix and nginx.  `make help` lists the targets.
#
# Everything that is built goes below $(B).  A program whose sources are
# absent is left out.

SHELL       := /bin/bash
.DEFAULT_GOAL := help

B           ?= build
PREFIX      ?= /usr/local
DESTDIR     ?=
NGX_SRC     ?= /usr/share/nginx/src
NGX_MODULES ?= /usr/lib/nginx/modules
VERSION     := 0.1

SANITIZE    ?=
ifeq ($(origin CC),default)
CC          := gcc
endif

# V=1 shows the commands.
Q           := $(if $(V),,@)
say          = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

# One spelling, absolute: what .d files say of build/x.o must be heard, too,
# when B=/path/build is given.
override B  := $(abspath $(B))
BUILD       := $(B)
PYTHON      := /usr/bin/python3 -B
SUDO        := $(if $(filter 0,$(shell id -u)),,sudo)
CHECK       := $(PYTHON) tests/harness/check --build $(BUILD)

# --- flags ------------------------------------------------------------------

WARN     := -Wall -Wextra -Wshadow -Wconversion -Werror
STD      := -std=c11 -D_GNU_SOURCE -DSESAME_VERSION='"$(VERSION)"'
HARDEN   := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong
ifneq ($(SANITIZE),)
HARDEN   := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
            -fno-sanitize-recover=all
LDSAN    := -fsanitize=address,undefined
endif
CFLAGS_  := $(STD) -g -fPIC -fvisibility=hidden $(HARDEN) $(WARN) -MMD -MP \
            -pthread $(CFLAGS)
LDFLAGS_ := $(LDSAN) -pthread -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

# Include paths and libraries, by part.  tests/harness/lint reads INC_* with
# `make -s print-INC_gate`, so that it checks with the flags that build.
INC_base  := -Ishared
INC_api   := -Ishared -Inginx-module
INC_gate  := -Ishared
INC_agent := -Ishared $(shell pkg-config --cflags gmime-3.0 2>/dev/null)
INC_ctl   := -Ishared
INC_unit  := $(INC_api) $(filter-out -Ishared,$(INC_agent))

LIB_base  := -llmdb -lcrypto -lcjson -lidn2
LIB_gate  := -lsystemd -lopendkim $(LIB_base) -lresolv -ldl
LIB_agent := $(shell pkg-config --libs gmime-3.0 2>/dev/null) -lcurl \
             -lunbound -lldns -lsystemd $(LIB_base)
LIB_ctl   := -lunbound $(LIB_base)
INC_resolve := -Ishared

# --- sources ----------------------------------------------------------------

SRC_base  := $(wildcard shared/base/*.c shared/template/*.c shared/store/*.c \
                        shared/model/*.c shared/policy/*.c)
SRC_resolve := $(wildcard shared/resolve/*.c)
SRC_api   := $(wildcard nginx-module/api/*.c)
SRC_gate  := $(wildcard milter/gate/*.c)
SRC_agent := $(wildcard milter/agent/*.c)
SRC_ctl   := $(wildcard shared/sesamectl/*.c)
SRC_ngx   := $(wildcard nginx-module/*.c nginx-module/*.h)
SRC_unit  := $(wildcard tests/unit/test_*.c)
SRC_fuzz  := $(wildcard tests/fuzz/fuzz_*.c)

OBJ_base  := $(SRC_base:%.c=$(B)/obj/%.o)
OBJ_resolve := $(SRC_resolve:%.c=$(B)/obj/%.o)
OBJ_api   := $(SRC_api:%.c=$(B)/obj/%.o)
OBJ_gate  := $(SRC_gate:%.c=$(B)/obj/%.o)
OBJ_agent := $(SRC_agent:%.c=$(B)/obj/%.o)
OBJ_ctl   := $(SRC_ctl:%.c=$(B)/obj/%.o)

LIBSESAME := $(B)/libsesame.a
LIBAPI    := $(B)/libsesame_api.a
LIBRESOLVE := $(B)/libsesame_resolve.a
GATE      := $(if $(filter %/main.c,$(SRC_gate)),$(B)/sesame-milter)
AGENT     := $(if $(filter %/main.c,$(SRC_agent)),$(B)/sesame-agent)
CTL       := $(if $(filter %/main.c,$(SRC_ctl)),$(B)/sesamectl)
MODULE    := $(if $(wildcard nginx-module/config),$(B)/ngx_http_sesame_module.so)
UNIT      := $(SRC_unit:tests/unit/%.c=$(B)/unit/%)
FUZZ      := $(SRC_fuzz:tests/fuzz/%.c=$(B)/fuzz/%)

# --- for people -------------------------------------------------------------

.PHONY: help
help: ## list the targets
	@echo 'Sesame: SES for your own Postfix and nginx.'
	@echo
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' \
	    Makefile
	@echo
	@echo 'Variables: B=$(B) (build directory)  PREFIX=$(PREFIX)  DESTDIR='

.PHONY: run
run: deps ## show the main job on a private host (ONCE=1: then exit)
	$(MAKE) --no-print-directory -j2 all
	@$(PYTHON) tests/run --build $(BUILD) $(if $(ONCE),--once)

.PHONY: check
check: deps ## all tests; ends with "N passed, N failed"
	@$(CHECK) lint build unit unit-asan corpus api,e2e+mail

.PHONY: deps
deps: ## install the Debian packages that are missing, make the users
	@tests/harness/deps

.PHONY: all
all: $(LIBSESAME) $(LIBAPI) $(LIBRESOLVE) $(GATE) $(AGENT) $(CTL) $(MODULE) ## build

.PHONY: lint
lint: ## format, warnings of clang, banned calls, layers
	@$(CHECK) lint

.PHONY: unit
unit: ## unit tests
	@$(CHECK) unit

.PHONY: unit-asan
unit-asan: ## unit tests under ASan and UBSan
	@$(CHECK) unit-asan

.PHONY: corpus
corpus: ## the parsers' corpora under ASan and UBSan
	@$(CHECK) corpus

.PHONY: api
api: ## the HTTP API against a real nginx
	@$(CHECK) build api

.PHONY: mail
mail: ## the milter protocol and a private Postfix
	@$(CHECK) build mail

.PHONY: check-long
check-long: deps ## the slow tests: processes killed in the middle of traffic
	@$(CHECK) build long

.PHONY: check-container
check-container: deps ## Sesame installed in a Debian that boots; fetches packages
	@$(CHECK) build container

.PHONY: e2e
e2e: ## stories through the whole private host
	@$(CHECK) build e2e

.PHONY: bench
bench: deps all bench-programs ## what it costs, beside peers: build/bench.json
	@$(PYTHON) tests/bench/bench --build $(BUILD) $(ROWS)

.PHONY: clean
clean: ## remove what was built, and what test hosts left
	@for host in $(B)/run* $(B)/hosts/* $(B)/container/machine-*; do [ ! -L "$$host/state" ] || \
	    $(SUDO) tests/mailhost remove "$$host"; done
	$(SUDO) rm -rf $(B)

# --- programs ---------------------------------------------------------------

$(OBJ_base):  INC := $(INC_base)
$(OBJ_resolve): INC := $(INC_resolve)
$(OBJ_api):   INC := $(INC_api)
$(OBJ_gate):  INC := $(INC_gate)
$(OBJ_agent): INC := $(INC_agent)
$(OBJ_ctl):   INC := $(INC_ctl)

$(B)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS_) $(INC) -c $< -o $@

# A list of members beside each archive: a source that went away leaves it.
$(LIBSESAME): $(OBJ_base) $(B)/members.base
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)ar rcsD $@ $(OBJ_base)

$(LIBAPI): $(OBJ_api) $(B)/members.api
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)ar rcsD $@ $(OBJ_api)

$(LIBRESOLVE): $(OBJ_resolve) $(B)/members.resolve
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)ar rcsD $@ $(OBJ_resolve)

$(B)/members.%: FORCE
	@mkdir -p $(@D)
	@echo '$(OBJ_$*)' | cmp -s - $@ || echo '$(OBJ_$*)' > $@

# -rdynamic: the key cache stands in for a function libopendkim calls.
$(B)/sesame-milter: $(OBJ_gate) $(LIBSESAME) $(B)/members.gate
	$(call say,LD,$@)
	$(Q)$(CC) -pie -rdynamic $(LDFLAGS_) -o $@ $(OBJ_gate) $(LIBSESAME) $(LIB_gate)

$(B)/sesame-agent: $(OBJ_agent) $(LIBRESOLVE) $(LIBSESAME) $(B)/members.agent
	$(call say,LD,$@)
	$(Q)$(CC) -pie $(LDFLAGS_) -o $@ $(OBJ_agent) $(LIBRESOLVE) \
	    $(LIBSESAME) $(LIB_agent)

$(B)/sesamectl: $(OBJ_ctl) $(LIBRESOLVE) $(LIBSESAME) $(B)/members.ctl
	$(call say,LD,$@)
	$(Q)$(CC) -pie $(LDFLAGS_) -o $@ $(OBJ_ctl) $(LIBRESOLVE) \
	    $(LIBSESAME) $(LIB_ctl)

# --- the nginx module -------------------------------------------------------
# Configured once against nginx-dev; nginx-module/config finds the archives by
# SESAME_BUILD.

NGX_CC  = $(shell dpkg-buildflags --get CFLAGS) -fPIC \
          $(shell dpkg-buildflags --get CPPFLAGS) -DSESAME_VERSION='"$(VERSION)"' \
          -I$(CURDIR)/shared -I$(CURDIR)/nginx-module
NGX_LD  = $(shell dpkg-buildflags --get LDFLAGS) -fPIC

$(B)/nginx/Makefile: nginx-module/config
	@mkdir -p $(B)/nginx
	$(call say,CONF,$@)
	$(Q)cd $(NGX_SRC) && . ./conf_flags && SESAME_BUILD=$(BUILD) ./configure \
	    --with-cc-opt="$(subst ",\",$(NGX_CC))" --with-ld-opt="$(NGX_LD)" \
	    "$${NGX_CONF_FLAGS[@]}" --add-dynamic-module=$(CURDIR)/nginx-module \
	    --builddir=$(BUILD)/nginx > $(BUILD)/nginx/configure.log 2>&1 || \
	    { tail -20 $(BUILD)/nginx/configure.log; exit 1; }
	@touch $@

HDR_all := $(wildcard shared/*/*.h nginx-module/*.h nginx-module/api/*.h)

$(B)/ngx_http_sesame_module.so: $(B)/nginx/Makefile $(SRC_ngx) $(HDR_all) \
                                $(LIBAPI) $(LIBSESAME)
	@find $(B)/nginx/addon -name '*.o' -delete 2>/dev/null || true
	@rm -f $(B)/nginx/ngx_http_sesame_module.so
	$(call say,NGX,$@)
	$(Q)+$(MAKE) --no-print-directory -f $(BUILD)/nginx/Makefile -C $(NGX_SRC) \
	    modules $(if $(V),,> $(BUILD)/nginx/build.log)
	$(Q)cp $(B)/nginx/ngx_http_sesame_module.so $@.new
	$(Q)mv $@.new $@

# --- unit tests -------------------------------------------------------------
# A test includes the .c it tests, so the archive's copy is not linked.  A line
# `// LIBS: -lfoo` in a test names libraries beyond the common ones.  cmocka's
# assertions do not return, but gcc does not know: no maybe-uninitialized.

.PHONY: unit-programs
unit-programs: $(UNIT)

$(B)/unit/%: tests/unit/%.c $(LIBAPI) $(LIBRESOLVE) $(LIBSESAME) Makefile
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) $(filter-out -Wconversion,$(CFLAGS_)) -Wno-unused-function \
	    -Wno-maybe-uninitialized $(INC_unit) $(LDFLAGS_) -MF $@.d -o $@ $< \
	    $(LIBAPI) $(LIBRESOLVE) $(LIBSESAME) -lcmocka $(LIB_base) $$(sed -n 's,^// LIBS: *,,p' $<)

# A fuzz target is run over its corpus by tests/fuzz/main.c.
.PHONY: fuzz-programs
fuzz-programs: $(FUZZ)

$(B)/fuzz/%: tests/fuzz/%.c tests/fuzz/main.c $(LIBAPI) $(LIBSESAME) Makefile
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)
	$(Q)$(CC) $(filter-out -Wconversion -MMD -MP,$(CFLAGS_)) \
	    -Wno-unused-function -Wno-maybe-uninitialized $(INC_unit) $(LDFLAGS_) \
	    -o $@ $< \
	    tests/fuzz/main.c $(LIBAPI) $(LIBSESAME) $(LIB_base) \
	    $$(sed -n 's,^// LIBS: *,,p' $<)

# --- bench ------------------------------------------------------------------

SRC_bench := $(wildcard tests/bench/*.c)

.PHONY: bench-programs
bench-programs: $(SRC_bench:tests/bench/%.c=$(B)/bench/%)

$(B)/bench/%: tests/bench/%.c $(OBJ_gate) $(LIBSESAME) Makefile
	@mkdir -p $(@D)
	$(call say,BENCH,$@)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS_)) $(INC_unit) -rdynamic \
	    $(LDFLAGS_) -o $@ $< $(filter-out %/main.o,$(OBJ_gate)) \
	    $(LIBSESAME) $(LIB_gate) -lmilter

# --- clients of the tests ---------------------------------------------------

.PHONY: js
js: ## install the JavaScript clients the tests use
	@tests/harness/js $(BUILD)/js

# --- install ----------------------------------------------------------------

SYSCONFDIR ?= /etc
SBIN  = $(DESTDIR)$(PREFIX)/sbin
LIB   = $(DESTDIR)$(PREFIX)/lib
SHARE = $(DESTDIR)$(PREFIX)/share
EXAMPLES = $(SHARE)/doc/sesame/examples

.PHONY: install
install: all ## install below DESTDIR PREFIX
	install -d $(SBIN) $(DESTDIR)$(NGX_MODULES) $(EXAMPLES)
	$(if $(GATE)$(AGENT)$(CTL),install -m 755 $(GATE) $(AGENT) $(CTL) $(SBIN))
	$(if $(MODULE),install -m 644 $(MODULE) $(DESTDIR)$(NGX_MODULES))
	install -m 644 LICENSE README.md $(SHARE)/doc/sesame
	install -m 644 nginx-module/README.md $(SHARE)/doc/sesame/nginx-module.md
	cd conf-examples && find . -type f | \
	    xargs -I@ install -D -m 644 @ $(abspath $(EXAMPLES))/@
	for u in conf-examples/systemd/*; do \
	    install -D -m 644 "$$u" $(LIB)/systemd/system/"$${u##*/}" && \
	    sed -i 's,/usr/sbin/sesame,$(PREFIX)/sbin/sesame,g' \
	        $(LIB)/systemd/system/"$${u##*/}" || exit 1; done
	install -D -m 644 conf-examples/sysusers.d/sesame.conf \
	    $(LIB)/sysusers.d/sesame.conf
	install -D -m 644 conf-examples/tmpfiles.d/sesame.conf \
	    $(LIB)/tmpfiles.d/sesame.conf
	install -D -m 644 conf-examples/logrotate.d/sesame \
	    $(DESTDIR)$(SYSCONFDIR)/logrotate.d/sesame
	for m in milter/*/*.8 shared/sesamectl/*.8 shared/base/*.5; do \
	    install -D -m 644 "$$m" $(SHARE)/man/man"$${m##*.}"/"$${m##*/}" || \
	        exit 1; done

# --- the rest ---------------------------------------------------------------

print-%:
	@echo '$($*)'

.PHONY: FORCE
FORCE:

-include $(OBJ_base:.o=.d) $(OBJ_resolve:.o=.d) $(OBJ_api:.o=.d) \
         $(OBJ_gate:.o=.d) \
         $(OBJ_agent:.o=.d) $(OBJ_ctl:.o=.d) $(UNIT:=.d)
