/*
 * test_conf - sesame.conf: defaults, every kind of value, every complaint
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../shared/base/conf_value.c"

#include "../../shared/base/conf.c"

#define NEEDED                                                                 \
    "service_domain = ses.example.net\n"                                       \
    "bounce_domain = bounce.example.net\n"                                     \
    "public_url = https://ses.example.net\n"

static char path[] = "/tmp/test_conf.XXXXXX";
static ses_arena_t *arena;

static ses_rc_t
load(ses_cx_t *cx, const char *text, ses_conf_t *c)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    *cx = ses_cx(arena, 0);
    return ses_conf_load(cx, path, c);
}

static char kept[256];

static void
note(const char *name)
{
    strcat(strcat(kept, name), " ");
}

static void
test_keep(void **state)
{
    static const char *const fixed[] = {"store", "map_size", "gate_user", NULL};
    ses_conf_t now, next;
    ses_cx_t cx;

    (void) state;
    assert_int_equal(
        load(&cx, NEEDED "node = 3\nstore = /a\nmap_size = 1g\n", &now),
        SES_OK);
    assert_int_equal(load(&cx,
                          NEEDED "node = 4\nstore = /b\nmap_size = 1g\n"
                                 "gate_user = other\n",
                          &next),
                     SES_OK);
    kept[0] = '\0';
    ses_conf_keep(arena, &now, &next, fixed, note);
    assert_string_equal(kept, "store gate_user ");
    assert_string_equal(next.store.p, "/a");
    assert_string_equal(next.gate_user.p, "sesame-gate");
    assert_int_equal(next.node, 4);
    ses_conf_keep(arena, &now, &next, fixed, note);
    assert_string_equal(kept, "store gate_user ");
}

static void
test_defaults(void **state)
{
    ses_conf_t c;
    ses_cx_t cx;

    (void) state;
    assert_int_equal(load(&cx, NEEDED, &c), SES_OK);
    assert_string_equal(c.file, path);
    assert_string_equal(c.region.p, "us-east-1");
    assert_int_equal(c.node, 1);
    assert_int_equal(c.map_size, UINT64_C(64) << 30);
    assert_string_equal(c.service_domain.p, "ses.example.net");
    assert_int_equal(c.resolver.n, 0);
    assert_int_equal(c.max_message_size, 41943040);
    assert_int_equal(c.max_recipients, 50);
    assert_false(c.unbound_reject);
    assert_int_equal(c.eom_timeout, 300000);
    assert_int_equal(c.drain_timeout, 60000);
    assert_int_equal(c.reconcile_grace, 600000);
    assert_int_equal(c.event_retention, INT64_C(14) * 86400000);
    assert_int_equal(c.publish_max_age, 86400000);
    assert_false(c.allow_private_destinations);
    assert_string_equal(ses_conf_key(&cx, &c, "gate.key"),
                        "/etc/sesame/keys/gate.key");
}

static void
test_values(void **state)
{
    ses_conf_t c;
    ses_cx_t cx;

    (void) state;
    assert_int_equal(load(&cx,
                          "# a comment\n\n" NEEDED
                          "  region=eu-west-1  # Ireland\r\n"
                          "node = 32767\n"
                          "map_size = 4g\n"
                          "resolver = 127.0.0.1:53, [::1]:5353\n"
                          "public_address = 192.0.2.1,2001:DB8:0::1\n"
                          "unbound = reject\n"
                          "eom_timeout = 5s\n"
                          "publish_retry_min = 200ms\n"
                          "milter_socket = fd:3\n"
                          "lmtp_socket = unix:/run/x#y\n"
                          "allow_private_destinations = yes",
                          &c),
                     SES_OK);
    assert_string_equal(c.region.p, "eu-west-1");
    assert_int_equal(c.node, 32767);
    assert_int_equal(c.map_size, UINT64_C(4) << 30);
    assert_string_equal(c.resolver.p, "127.0.0.1:53 [::1]:5353");
    assert_string_equal(c.public_address.p, "192.0.2.1 2001:db8::1");
    assert_true(c.unbound_reject);
    assert_int_equal(c.eom_timeout, 5000);
    assert_int_equal(c.publish_retry_min, 200);
    assert_string_equal(c.milter_socket.p, "fd:3");
    assert_string_equal(c.lmtp_socket.p, "unix:/run/x#y");
    assert_true(c.allow_private_destinations);
}

static const struct {
    const char *line; /* the first of the file */
    const char *want; /* after FILE */
} wrong[] = {
    {"nonsense", ":1: missing '=': a line is \"name = value\""},
    {"Region = x", ":1: unknown option \"Region\""},
    {" = x", ":1: unknown option \"\""},
    {"\nnode = 2\n\nnode = 3", ":4: node: already set in line 2"},
    {"node = 32768", ":1: node: must be from 0 to 32767"},
    {"node = -1", ":1: node: \"-1\" is not a number"},
    {"node =", ":1: node: \"\" is not a number"},
    {"region = US-EAST-1",
     ":1: region: \"US-EAST-1\" is not a region: 1 to 32 of a-z, 0-9 and "
     "'-'"},
    {"store = var/lib", ":1: store: \"var/lib\" is not an absolute path"},
    {"map_size = 1m", ":1: map_size: must be from 16m to 16t"},
    {"map_size = 1q",
     ":1: map_size: \"1q\" is not a size: bytes, or a number with k, m, g or "
     "t"},
    {"map_size = 99999999999999999999g",
     ":1: map_size: \"99999999999999999999g\" is not a size: bytes, or a "
     "number with k, m, g or t"},
    {"map_size = 9000000000000000000t",
     ":1: map_size: must be from 16m to 16t"},
    {"eom_timeout = 300",
     ":1: eom_timeout: \"300\" is not a duration: a number with ms, s, m, h "
     "or d"},
    {"eom_timeout = 2h", ":1: eom_timeout: must be from 1s to 1h"},
    {"unbound = maybe", ":1: unbound: \"maybe\" is neither reject nor pass"},
    {"allow_private_destinations = true",
     ":1: allow_private_destinations: \"true\" is neither yes nor no"},
    {"resolver = 127.0.0.1",
     ":1: resolver: \"127.0.0.1\" is not IP:PORT or [IPV6]:PORT"},
    {"dns_update = 192.0.2.1:53 /k",
     ":1: dns_update: needs IP:PORT, a key file and a zone"},
    {"dns_update = ns.example.net:53 /k ses.example.net",
     ":1: dns_update: \"ns.example.net:53\" is not IP:PORT or [IPV6]:PORT"},
    {"dns_update = 192.0.2.1:53 k ses.example.net",
     ":1: dns_update: \"k\" is not an absolute path"},
    {"dns_update = 192.0.2.1:53 /k ses.example.net SES.example.net.",
     ":1: dns_update: the same zone twice"},
    {"public_address = 192.0.2.1 host",
     ":1: public_address: \"host\" is not an IP address"},
    {"resolver = 127.0.0.1:0",
     ":1: resolver: \"127.0.0.1:0\" is not IP:PORT or [IPV6]:PORT"},
    {"inject = localhost:25",
     ":1: inject: \"localhost:25\" is not IP:PORT or [IPV6]:PORT"},
    {"milter_socket = inet:1@localhost",
     ":1: milter_socket: \"inet:1@localhost\" is not unix:PATH (absolute, "
     "under 108 bytes) or fd:N"},
    {"milter_socket = fd:2",
     ":1: milter_socket: \"fd:2\" is not unix:PATH (absolute, under 108 "
     "bytes) or fd:N"},
    {"gate_user = a b",
     ":1: gate_user: \"a b\" is not the name of a user or group"},
    {"pool_label = A1", ":1: pool_label: \"A1\" is not 1 to 16 of a-z and 0-9"},
    {"bind = 12", ":1: bind: \"12\" is not an account: 12 digits, or none"},
    {"bind = none daemon=A\nbind = none daemon=B\nbind = 1",
     ":3: bind: \"1\" is not an account: 12 digits, or none"},
    {"bind = 123456789012 daemon=A,SESAME-API",
     ":1: bind: on SESAME-API the ticket says whose a message is"},
    {"\nbind = none daemon=B\nbind = none daemon=MSA login=x\n"
     "smtp_daemon_name = MSA",
     ":3: bind: on MSA a login is an access key"},
    {"publish_retry_min = 11m",
     ":1: publish_retry_min is longer than publish_retry_max"},
    {"verify_retry_max = 1s",
     ":1: verify_retry_min is longer than verify_retry_max"},
    {"dns_update = 192.0.2.1:53 /k example.org",
     ":1: dns_update: nothing of ours is in example.org"},
    {"dns_update = 192.0.2.1:53 /k ses.example.net example.net\n"
     "dns_update = [::1]:53 /k bounce.example.net Example.net",
     ":2: dns_update: zone example.net stands in line 1 already"},
};

static void
test_wrong(void **state)
{
    ses_conf_t c;
    ses_cx_t cx;
    char text[2000];
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        snprintf(text, sizeof(text), "%s\n%s", wrong[i].line, NEEDED);
        if (load(&cx, text, &c) != SES_INVALID)
            fail_msg("%s: accepted", wrong[i].line);
        snprintf(text, sizeof(text), "%s%s", path, wrong[i].want);
        assert_string_equal(cx.why.p, text);
    }
    assert_int_equal(load(&cx, "service_domain = a_b\n", &c), SES_INVALID);
    assert_non_null(strstr(cx.why.p, ":1: service_domain: \"a_b\" is not a"));
    assert_int_equal(load(&cx, "", &c), SES_INVALID);
    assert_non_null(strstr(cx.why.p, ": service_domain must be set"));
    assert_int_equal(load(&cx, "public_url = http://x/\n", &c), SES_INVALID);
    cx = ses_cx(arena, 0);
    assert_int_equal(ses_conf_load(&cx, "/nonexistent", &c), SES_NOT_FOUND);
    assert_string_equal(cx.why.p, "/nonexistent: No such file or directory");
}

/* An option that may be given again. */
static void
test_list(void **state)
{
    static char text[40000];
    size_t n = 0;
    ses_conf_t c;
    ses_cx_t cx;
    int i;

    (void) state;
    assert_int_equal(load(&cx, NEEDED, &c), SES_OK);
    assert_int_equal(c.bind.n, 0);
    assert_int_equal(load(&cx,
                          NEEDED "bind = none daemon=INBOUND\n\n"
                                 "bind =\n"
                                 "bind = 123456789012 login=* # all\n"
                                 "bind = 123456789012 client=local\n",
                          &c),
                     SES_OK);
    assert_int_equal(c.bind.n, 3);
    assert_int_equal(c.bind.lines[0], 4);
    assert_int_equal(c.bind.lines[1], 7);
    assert_int_equal(c.bind.lines[2], 8);
    assert_int_equal(ses_conf_bindings(&c)[0].account.n, 0);
    assert_string_equal(ses_conf_bindings(&c)[1].logins[0].p, "*");
    assert_true(ses_conf_bindings(&c)[2].local);

    for (i = 0; i < LIST_MAX; i++)
        n += (size_t) snprintf(text + n, sizeof(text) - n,
                               "bind = none daemon=D%d\n", i);
    snprintf(text + n, sizeof(text) - n, "%s", NEEDED);
    assert_int_equal(load(&cx, text, &c), SES_OK);
    assert_int_equal(c.bind.n, LIST_MAX);
    assert_string_equal(ses_conf_bindings(&c)[777].daemons[0].p, "D777");
    snprintf(text + n, sizeof(text) - n, "bind = none daemon=X\n%s", NEEDED);
    assert_int_equal(load(&cx, text, &c), SES_INVALID);
    assert_non_null(strstr(cx.why.p, ":1001: bind: too many lines"));
}

static void
collect(const char *text, bool list, void *arg)
{
    (void) list;
    strncat(arg, text, 8000);
    strncat(arg, "\n", 8000);
}

/* What print writes, load reads, to the same text. */
static void
test_print(void **state)
{
    static char first[16000], second[16000];
    ses_conf_t c;
    ses_cx_t cx;

    (void) state;
    assert_int_equal(load(&cx,
                          NEEDED "publish_retry_min = 1500ms\n"
                                 "bind = none daemon=A\n"
                                 "bind = none  client=[::1]/128\n",
                          &c),
                     SES_OK);
    ses_conf_print(&c, collect, first);
    assert_non_null(strstr(first, "publish_retry_min = 1500ms\n"));
    assert_non_null(strstr(first, "max_message_size = 40m\n"));
    assert_non_null(strstr(first, "eom_timeout = 5m\n"));
    assert_non_null(strstr(first, "resolver =\n"));
    assert_non_null(strstr(first, "bind = none daemon=A\n"
                                  "bind = none client=::1\n"));
    assert_int_equal(load(&cx, first, &c), SES_OK);
    ses_conf_print(&c, collect, second);
    assert_string_equal(first, second);
}

/* --- the documents follow the table ------------------------------------ */

#define MAN "shared/base/sesame.conf.5"
#define EXAMPLE "conf-examples/sesame.conf"

static ses_str_t
document(const char *name)
{
    ses_cx_t cx = ses_cx(arena, 0);
    ses_str_t text;

    if (slurp(&cx, name, &text) != SES_OK)
        fail_msg("%.*s (run in the top directory)", SES_FMT(cx.why));
    return text;
}

/* A bound, as a value of this kind is spelled. */
static ses_str_t
bound(const option_t *o, int64_t v)
{
    uint16_t small = (uint16_t) v;

    return o->kind == &ses_conf_u16 ? o->kind->format(arena, &small)
                                    : o->kind->format(arena, &v);
}

/* The default as ses_conf_print spells it. */
static ses_str_t
spelled_default(const option_t *o)
{
    ses_conf_t c;
    ses_cx_t cx = ses_cx(arena, 0);

    if (o->kind->each > 0) /* a list, and nothing in it */
        return ses_str(o->dflt);
    memset(&c, 0, sizeof(c));
    assert_null(set(&cx, o, ses_str(o->dflt), 0, &c));
    return o->kind->format(arena, member(&c, o->at));
}

/* Documents have the options in the table's order: at is where this one is,
 * *last where the one before it was. */
static void
in_order(const char *file, const option_t *o, ptrdiff_t at, ptrdiff_t *last)
{
    if (at < *last)
        fail_msg("%s: %s stands before what the table has first", file,
                 o->name);
    *last = at;
}

static void
test_man(void **state)
{
    ses_str_t man = document(MAN), rest, line, want;
    const option_t *o;
    ptrdiff_t at, last = 0;
    size_t i, n = 0;

    (void) state;
    for (i = 0; i < NOPTIONS; i++) {
        o = &options[i];
        want = ses_str_printf(arena, "\\fB%s\\fR (%.*s)", o->name,
                              SES_FMT(o->dflt == NULL ? SES_STR("required")
                                                      : spelled_default(o)));
        if (o->min != o->max)
            want = ses_str_printf(arena, "%.*s %.*s to %.*s", SES_FMT(want),
                                  SES_FMT(bound(o, o->min)),
                                  SES_FMT(bound(o, o->max)));
        at = ses_str_search(man,
                            ses_str_printf(arena, "\n%.*s\n", SES_FMT(want)));
        if (at < 0)
            fail_msg("%s has no line %.*s", MAN, SES_FMT(want));
        in_order(MAN, o, at, &last);
    }
    rest = man;
    while (ses_str_cut(&rest, '\n', &line))
        n += ses_str_starts(line, SES_STR("\\fB"));
    assert_int_equal(n, NOPTIONS);
}

static void
test_example(void **state)
{
    ses_str_t text = document(EXAMPLE), rest = text, line, name;
    const option_t *o;
    ses_dns_update_t u;
    ses_binding_t b;
    ptrdiff_t at, last = 0;
    size_t i, n = 0;

    (void) state;
    for (i = 0; i < NOPTIONS; i++) {
        o = &options[i];
        at = ses_str_search(text, ses_str_printf(arena, "\n%s =", o->name));
        if (at < 0) /* shown, not set */
            at =
                ses_str_search(text, ses_str_printf(arena, "\n#%s =", o->name));
        if (at < 0)
            fail_msg("%s does not show %s", EXAMPLE, o->name);
        in_order(EXAMPLE, o, at, &last);
    }
    while (ses_str_cut(&rest, '\n', &line)) {
        if (line.n < 2 || line.p[0] != '#' || line.p[1] == ' ')
            continue;
        line = ses_str_from(line, 1);
        assert_true(ses_str_cut(&line, '=', &name));
        o = find(ses_str_trim(name));
        if (o == NULL)
            fail_msg("%s: %.*s", EXAMPLE, SES_FMT(name));
        if (o->kind == &ses_conf_dns_update) {
            assert_null(ses_dns_update_parse(arena, ses_str_trim(line), &u));
            continue;
        }
        if (o->kind == &ses_conf_bind) { /* an example is no default */
            assert_null(ses_binding_parse(arena, ses_str_trim(line), &b));
            continue;
        }
        if (!ses_str_eqc(ses_str_trim(line), o->dflt))
            fail_msg("%s: %.*s=%.*s", EXAMPLE, SES_FMT(name), SES_FMT(line));
        n++;
    }
    assert_true(n > 30);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_values),
        cmocka_unit_test(test_wrong),    cmocka_unit_test(test_list),
        cmocka_unit_test(test_keep),     cmocka_unit_test(test_print),
        cmocka_unit_test(test_man),      cmocka_unit_test(test_example),
    };
    int fd = mkstemp(path), failed;

    if (fd < 0)
        return 1;
    close(fd);
    arena = ses_arena_new();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    ses_arena_free(arena);
    unlink(path);
    return failed;
}
