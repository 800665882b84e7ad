// LIBS: -lldns -lpthread
/*
 * test_update - the key file, and what the answers of a name server mean
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../milter/agent/tsig.c"

#include "../../milter/agent/update.c"

#define SECRET "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"

/* --- key files --------------------------------------------------------- */

static const struct {
    const char *text;
    mode_t mode;
    const char *name, *algorithm; /* NULL: refused, because of */
    const char *why;
} files[] = {
    {"key \"sesame\" {\n\talgorithm hmac-sha256;\n\tsecret \"" SECRET
     "\";\n};\n",
     0640, "sesame.", "hmac-sha256.", NULL},
    {"# of our server\nkey a.b. { secret " SECRET
     "; /* so */ algorithm HMAC-SHA512; }; // end",
     0600, "a.b.", "hmac-sha512.", NULL},
    {"hmac-sha256:sesame:" SECRET "\n", 0400, "sesame.", "hmac-sha256.", NULL},
    {"hmac-sha256:sesame:" SECRET "\n", 0604, NULL, NULL, "others may read"},
    {"hmac-sha256:sesame:" SECRET "\n", 0642, NULL, NULL, "others may read"},
    {"hmac-md5:sesame:" SECRET, 0600, NULL, NULL, "is not a TSIG key"},
    {"hmac-sha256:sesame:!", 0600, NULL, NULL, "is not a TSIG key"},
    {"hmac-sha256::" SECRET, 0600, NULL, NULL, "is not a TSIG key"},
    {"key \"sesame\" { algorithm hmac-sha256; };", 0600, NULL, NULL,
     "is not a TSIG key"},
    {"key \"sesame\" { algorithm hmac-sha256; secret \"" SECRET "\"; }", 0600,
     NULL, NULL, "is not a TSIG key"},
    {"key \"sesame { algorithm hmac-sha256; secret", 0600, NULL, NULL,
     "is not a TSIG key"},
    {"/*", 0600, NULL, NULL, "is not a TSIG key"},
    {"", 0600, NULL, NULL, "is not a TSIG key"},
};

static void
test_files(void **state)
{
    char path[] = "/tmp/test_update.XXXXXX";
    ses_arena_t *arena = ses_arena_new();
    int fd = mkstemp(path);
    ses_cx_t cx;
    tsig_t key;
    ses_rc_t rc;
    size_t i;

    (void) state;
    assert_true(fd >= 0);
    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        cx = ses_cx(arena, 0);
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(fchmod(fd, files[i].mode), 0);
        assert_int_equal(pwrite(fd, files[i].text, strlen(files[i].text), 0),
                         strlen(files[i].text));
        rc = tsig_load(&cx, path, &key);
        if (files[i].name == NULL) {
            assert_true(rc == SES_DENIED || rc == SES_INVALID);
            assert_non_null(strstr(cx.why.p, files[i].why));
            assert_null(strstr(cx.why.p, SECRET));
            continue;
        }
        assert_int_equal(rc, SES_OK);
        assert_string_equal(key.name, files[i].name);
        assert_string_equal(key.algorithm, files[i].algorithm);
        assert_string_equal(key.secret, SECRET);
        tsig_wipe(&key);
        assert_int_equal(key.secret[0], 0);
    }
    close(fd);
    unlink(path);
    cx = ses_cx(arena, 0);
    assert_int_equal(tsig_load(&cx, path, &key), SES_DENIED);
    ses_arena_free(arena);
}

/* --- answers ----------------------------------------------------------- */

enum { SILENT = -1, CLOSED = -2, NONSENSE = -3, OTHER = -4 };

static struct {
    int fd;
    unsigned port;
    int rcode, error; /* error -1: no TSIG record */
    size_t asked;     /* bytes of the query */
} server;

static size_t
get(int fd, uint8_t *p, size_t n)
{
    size_t done = 0;
    ssize_t got;

    while (done < n && (got = read(fd, p + done, n - done)) > 0)
        done += (size_t) got;
    return done;
}

static void *
serve(void *arg)
{
    static const uint8_t tsig[] = {
        3,  'k', 'e', 'y', 0,   0,   250, 0,   255, 0,   0,   0,   0, 0, 29,
        11, 'h', 'm', 'a', 'c', '-', 's', 'h', 'a', '2', '5', '6', 0, 0, 0,
        0,  0,   0,   0,   1,   44,  0,   0,   0,   0,   0,   0,   0, 0};
    static uint8_t q[65536];
    uint8_t out[128] = {0};
    int fd = accept(server.fd, NULL, NULL);
    size_t n = 12;

    (void) arg;
    if (get(fd, out, 2) == 2)
        server.asked = get(fd, q, (size_t) (out[0] << 8 | out[1]));
    if (server.rcode != CLOSED) {
        memcpy(out + 2, q, 2);
        out[2] ^= server.rcode == OTHER; /* another id */
        out[4] = 0xa8;                   /* an answer to an update */
        out[5] = (uint8_t) (server.rcode < 0 ? 0 : server.rcode);
        if (server.error >= 0) {
            out[13] = 1; /* additional records */
            memcpy(out + 14, tsig, sizeof(tsig));
            out[14 + sizeof(tsig) - 3] = (uint8_t) server.error;
            n += sizeof(tsig);
        }
        if (server.rcode == NONSENSE)
            n = 5;
        out[0] = 0;
        out[1] = (uint8_t) n;
        assert_int_equal(write(fd, out, n + 2), n + 2);
    }
    close(fd);
    return NULL;
}

static const struct {
    int rcode, error;
    ses_rc_t rc;
    const char *why;
} answers[] = {
    {9, 16, SES_DENIED, "BADSIG"},
    {9, 17, SES_DENIED, "BADKEY"},
    {9, 18, SES_DENIED, "BADTIME: this clock and the server's"},
    {9, -1, SES_DENIED, "not the primary server"},
    {5, -1, SES_DENIED, "REFUSED: let the key"},
    {10, -1, SES_DENIED, "NOTZONE"},
    {4, -1, SES_DENIED, "takes no updates"},
    {2, -1, SES_DENIED, "SERVFAIL"},
    {1, -1, SES_DENIED, "FORMERR"},
    {7, -1, SES_DENIED, "code 7"},
    /* who says yes must sign it */
    {0, -1, SES_DENIED, "the answer is not signed"},
    {0, 0, SES_DENIED, "the answer is not signed"},
    {NONSENSE, -1, SES_BUSY, "answers nonsense"},
    {OTHER, -1, SES_BUSY, "answers nonsense"},
    {CLOSED, -1, SES_BUSY, "does not answer"},
};

static void
test_answers(void **state)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    ses_arena_t *arena = ses_arena_new();
    const tsig_t key = {"key.", "hmac-sha256.", SECRET};
    socklen_t len = sizeof(in);
    char where[32], value[700];
    pthread_t thread;
    update_t *u;
    ses_cx_t cx;
    size_t i;

    (void) state;
    server.fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server.fd, (struct sockaddr *) &in, len), 0);
    assert_int_equal(getsockname(server.fd, (struct sockaddr *) &in, &len), 0);
    assert_int_equal(listen(server.fd, 1), 0);
    snprintf(where, sizeof(where), "127.0.0.1:%u", ntohs(in.sin_port));
    memset(value, 'K', sizeof(value));

    u = update_new(SES_STR("ses.example.net"));
    update_clear(u, SES_STR("t.dkim.ses.example.net"), "TXT");
    update_add(u, SES_STR("t.dkim.ses.example.net"), "TXT",
               ses_zone_text(arena, ses_str_n(value, sizeof(value))));
    update_remove(u, SES_STR("ses.example.net"), "MX",
                  SES_STR("10 a.example.net."));
    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        server.rcode = answers[i].rcode;
        server.error = answers[i].error;
        server.asked = 0;
        cx = ses_cx(arena, 0);
        assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
        assert_int_equal(update_send(&cx, u, ses_str(where), &key),
                         answers[i].rc);
        pthread_join(thread, NULL);
        assert_true(server.asked > 700);
        if (strstr(cx.why.p, answers[i].why) == NULL)
            fail_msg("%.*s, not %s", SES_FMT(cx.why), answers[i].why);
        assert_non_null(strstr(cx.why.p, where));
    }
    close(server.fd);
    cx = ses_cx(arena, 0); /* nobody listens */
    assert_int_equal(update_send(&cx, u, ses_str(where), &key), SES_BUSY);
    update_free(u);
    ses_arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
