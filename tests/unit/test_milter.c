/*
 * milter - the protocol on a socket pair: what Postfix sends, what comes back
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../milter/gate/milter.c"

/* What the calls saw, a line each. */
static char seen[8192];
static size_t seen_n;
static milter_answer_t at_mail, at_eom;
static unsigned edits;

static void
see(const char *what, ses_str_t s)
{
    seen_n += (size_t) snprintf(seen + seen_n, sizeof(seen) - seen_n,
                                "%s=%.*s;", what, SES_FMT(s));
}

static void *
on_begin(void)
{
    see("begin", SES_STR(""));
    return seen;
}

static void
on_connect(milter_t *m, void *it, ses_str_t host, ses_str_t address)
{
    assert_ptr_equal(it, seen);
    see("host", host);
    see("address", address);
    see("daemon", milter_macro(m, "{daemon_name}"));
}

static milter_answer_t
on_mail(milter_t *m, void *it, ses_str_t path)
{
    (void) it;
    see("mail", path);
    see("login", milter_macro(m, "auth_authen"));
    assert_int_equal(path.p[path.n], 0);
    if (at_mail == MILTER_REFUSED)
        milter_refuse(m, "550", "5.7.1", "no 100%% of it");
    return at_mail;
}

static void
on_rcpt(milter_t *m, void *it, ses_str_t path)
{
    (void) m;
    (void) it;
    see("rcpt", path);
}

static void
on_header(milter_t *m, void *it, ses_str_t name, ses_str_t value)
{
    (void) m;
    (void) it;
    see("name", name);
    see("value", ses_str_head(value, 64));
}

static void
on_eoh(milter_t *m, void *it)
{
    (void) it;
    see("eoh", milter_macro(m, "i"));
}

static void
on_body(milter_t *m, void *it, const void *p, size_t n)
{
    (void) m;
    (void) it;
    see("body", ses_str_head(ses_str_n(p, n), 64));
}

static milter_answer_t
on_eom(milter_t *m, void *it)
{
    (void) it;
    see("eom", SES_STR(""));
    for (unsigned i = 0; i < edits; i++) {
        assert_true(milter_add_header(m, "A", " b"));
        assert_true(milter_change_header(m, "C", 2, NULL));
        assert_true(milter_insert_header(m, 0, "D", " e\n f"));
        assert_true(milter_change_from(m, "<g@h>"));
        assert_true(milter_delete_rcpt(m, "<i@j>"));
    }
    return at_eom;
}

static void
on_abort(milter_t *m, void *it)
{
    (void) m;
    (void) it;
    see("abort", SES_STR(""));
}

static void
on_end(void *it)
{
    (void) it;
    see("end", SES_STR(""));
}

static const milter_calls_t calls = {
    .actions = 0x151,
    .steps = 0x1c1000,
    .macros = {[MILTER_CONNECT] = "{daemon_name}", [MILTER_EOH] = "i"},
    .begin = on_begin,
    .connect = on_connect,
    .mail = on_mail,
    .rcpt = on_rcpt,
    .header = on_header,
    .eoh = on_eoh,
    .body = on_body,
    .eom = on_eom,
    .abort = on_abort,
    .end = on_end,
};

/* --- the peer ---------------------------------------------------------- */

typedef struct {
    ses_arena_t *arena;
    ses_buf_t in;
    int fd;
    pthread_t thread;
    int served;
} peer_t;

static void
packet(peer_t *p, char command, const char *data, size_t n)
{
    uint32_t wire = htonl((uint32_t) n + 1);

    ses_buf_add(&p->in, &wire, sizeof(wire));
    ses_buf_char(&p->in, command);
    ses_buf_add(&p->in, data, n);
}

/* A literal with its NULs, the last one too. */
#define PACKET(p, command, data) packet(p, command, data, sizeof(data))
#define BARE(p, command, data) packet(p, command, data, sizeof(data) - 1)

static const char hello[] = "\0\0\0\6\0\0\1\xff\0\x1f\xff\xff";

static void *
serve(void *arg)
{
    peer_t *p = arg;

    milter_serve(p->served, &calls);
    return NULL;
}

/* Send all, step bytes at a time; everything that came back. */
static ses_str_t
talk(peer_t *p, size_t step)
{
    ses_str_t all = ses_buf_get(&p->in);
    ses_buf_t out;
    int pair[2];
    ssize_t n;
    char *room;

    seen_n = 0;
    seen[0] = '\0';
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    p->served = pair[1];
    assert_int_equal(pthread_create(&p->thread, NULL, serve, p), 0);
    while (all.n > 0) {
        ses_str_t part = ses_str_head(all, step);

        n = send(pair[0], part.p, part.n, MSG_NOSIGNAL);
        if (n <= 0)
            break; /* it hung up */
        all = ses_str_from(all, (size_t) n);
    }
    shutdown(pair[0], SHUT_WR);
    ses_buf_init(&out, p->arena, 1 << 20);
    do {
        room = ses_buf_room(&out, 4096);
        n = recv(pair[0], room, 4096, 0);
        out.n -= 4096 - (size_t) (n > 0 ? n : 0);
    } while (n > 0);
    pthread_join(p->thread, NULL);
    close(pair[0]);
    return ses_buf_get(&out);
}

static int
setup(void **state)
{
    peer_t *p = calloc(1, sizeof(*p));

    p->arena = ses_arena_new();
    ses_buf_init(&p->in, p->arena, 32 << 20);
    at_mail = at_eom = MILTER_CONTINUE;
    edits = 0;
    *state = p;
    return 0;
}

static int
teardown(void **state)
{
    peer_t *p = *state;

    ses_arena_free(p->arena);
    free(p);
    return 0;
}

static void
expect(ses_str_t got, const char *want, size_t n)
{
    assert_int_equal(got.n, n);
    assert_memory_equal(got.p, want, n);
}

#define EXPECT(got, want) expect(got, want, sizeof(want) - 1)
#define NEGOTIATED                                                             \
    "\0\0\0\x25O\0\0\0\6\0\0\1\x51\0\x1c\x10\0"                                \
    "\0\0\0\0{daemon_name}\0\0\0\0\6i\0"
#define GO_ON "\0\0\0\1c"

static void
message(peer_t *p)
{
    PACKET(p, 'D', "Mi\0QID\0{auth_authen}\0me");
    PACKET(p, 'M', "<a@b>\0SIZE=9");
    PACKET(p, 'R', "<c@d>");
    PACKET(p, 'L', "Subject\0 hi");
    BARE(p, 'N', "");
    BARE(p, 'B', "text");
    BARE(p, 'E', "");
}

#define MESSAGE                                                                \
    "mail=<a@b>;login=me;rcpt=<c@d>;name=Subject;value= hi;eoh=QID;"           \
    "body=text;eom=;"

static void
opening(peer_t *p)
{
    BARE(p, 'O', hello);
    PACKET(p, 'D', "C{daemon_name}\0X\0j\0host");
    PACKET(p, 'C',
           "client\0"
           "4\0\x19"
           "192.0.2.1");
}

#define OPENING "begin=;host=client;address=192.0.2.1;daemon=X;"

/* However it is cut into reads. */
static void
test_message(void **state)
{
    static const size_t steps[] = {1, 2, 3, 7, 64, 1 << 20};
    peer_t *p = *state;

    opening(p);
    message(p);
    message(p);
    BARE(p, 'Q', "");
    BARE(p, 'L', "after"); /* nobody listens any more */
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        EXPECT(talk(p, steps[i]), NEGOTIATED GO_ON GO_ON GO_ON GO_ON);
        assert_string_equal(seen, OPENING MESSAGE MESSAGE "end=;");
    }
}

static void
test_edits(void **state)
{
    peer_t *p = *state;

    edits = 1;
    opening(p);
    message(p);
    EXPECT(talk(p, 100), NEGOTIATED GO_ON "\0\0\0\6hA\0 b\0"
                                          "\0\0\0\x8m\0\0\0\2C\0\0"
                                          "\0\0\0\xdi\0\0\0\0D\0 e\n f\0"
                                          "\0\0\0\x7"
                                          "e<g@h>\0"
                                          "\0\0\0\x7-<i@j>\0" GO_ON);
}

/* A refusal takes back the edits; MAIL of the next has macros of its own. */
static void
test_refused(void **state)
{
    peer_t *p = *state;

    at_mail = MILTER_REFUSED;
    opening(p);
    PACKET(p, 'D', "M{auth_authen}\0me");
    PACKET(p, 'M', "<a@b>");
    PACKET(p, 'M', "<e@f>");
    EXPECT(talk(p, 100), NEGOTIATED "\0\0\0\x1ay550 5.7.1 no 100%% of it\0"
                                    "\0\0\0\x1ay550 5.7.1 no 100%% of it\0");
    assert_string_equal(seen,
                        OPENING "mail=<a@b>;login=me;mail=<e@f>;login=;end=;");

    at_mail = MILTER_CONTINUE;
    at_eom = MILTER_REFUSED; /* without a word: tempfail */
    edits = 3;
    p->in.n = 0;
    opening(p);
    message(p);
    EXPECT(talk(p, 100), NEGOTIATED GO_ON "\0\0\0\1t");
}

static void
test_accepted_and_aborted(void **state)
{
    peer_t *p = *state;

    at_mail = MILTER_ACCEPT;
    opening(p);
    PACKET(p, 'M', "<a@b>");
    BARE(p, 'A', "");
    BARE(p, 'K', "");
    PACKET(p, 'C', "unknown\0U");
    EXPECT(talk(p, 100), NEGOTIATED "\0\0\0\1a");
    assert_string_equal(seen, OPENING "mail=<a@b>;login=;abort=;abort=;"
                                      "host=unknown;address=;daemon=;end=;");
}

static void
test_long_field(void **state)
{
    peer_t *p = *state;
    char *value = calloc(1, 1 << 20);

    memcpy(value, "X\0", 2);
    memset(value + 2, 'v', (1 << 20) - 3);
    opening(p);
    packet(p, 'L', value, 1 << 20);
    EXPECT(talk(p, 1 << 20), NEGOTIATED);
    assert_non_null(strstr(seen, "name=X;value=vvvv"));
    free(value);
}

/* Nothing is done of it, and the connection ends. */
static void
test_no_milter(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } cases[] = {
#define CASE(s) {s, sizeof(s) - 1}
        CASE("\0\0\0\0"), /* no command */
        CASE("\0\0\0\0O"),
        CASE("\0\0\0\1N"), /* before the negotiation */
        CASE("\0\0\0\1O"),
        CASE("GET / HTTP/1.1\r\n\r\n"),
        CASE("\0\0\0\rO\0\0\0\2\0\0\1\xff\0\x1f\xff\xff"), /* too old */
        CASE("\0\0\0\rO\0\0\0\6\0\0\0\x3f\0\x1f\xff\xff"),
        CASE("\0\0\0\rO\0\0\0\6\0\0\1\xff\0\0\0\x7f"),
        CASE("\x7f\xff\xff\xffO"),
    };
    static const struct {
        char command;
        const char *data;
        size_t n;
    } later[] = {
#define LATER(c, s) {c, s, sizeof(s) - 1}
        LATER('M', "<a@b>"),
        LATER('R', ""),
        LATER('L', "A\0b"),
        LATER('L', "A"),
        LATER('C', "h"),
        LATER('C', "h\0"
                   "4\0"),
        LATER('D', ""),
        LATER('D', "Ma\0b"),
        LATER('z', ""),
        LATER('O', "\0\0\0\6\0\0\1\xff\0\x1f\xff\xff"),
    };
    peer_t *p = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        p->in.n = 0;
        ses_buf_add(&p->in, cases[i].bytes, cases[i].n);
        EXPECT(talk(p, 100), "");
        assert_string_equal(seen, "");
    }
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
        p->in.n = 0;
        BARE(p, 'O', hello);
        packet(p, later[i].command, later[i].data, later[i].n);
        PACKET(p, 'M', "<never@here>");
        (void) talk(p, 1000);
        assert_string_equal(seen, "begin=;end=;");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
        TEST(test_message),    TEST(test_edits),
        TEST(test_refused),    TEST(test_accepted_and_aborted),
        TEST(test_long_field), TEST(test_no_milter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
