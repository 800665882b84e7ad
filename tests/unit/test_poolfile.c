/*
 * test_poolfile - what an agent that was taken over may not have root write
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../milter/agent/poolfile.c"

static ses_arena_t *arena;

/* No program of Postfix is ever run in here. */
ses_rc_t
program_output(ses_cx_t *cx, const char *const *argv, ses_str_t *out)
{
    (void) cx;
    (void) out;
    fail_msg("%s is run", argv[0]);
    return SES_FAULT;
}

static poolfile_source_t
source(uint32_t number, const char *address, const char *helo)
{
    poolfile_source_t s = {.number = number};

    strncpy(s.address, address, sizeof(s.address) - 1);
    strncpy(s.helo, helo, sizeof(s.helo) - 1);
    return s;
}

static const struct {
    uint32_t number;
    const char *address, *helo;
    bool good;
} sources[] = {
    {1, "192.0.2.1", "", true},
    {99999, "2001:db8::1", "out.example.net", true},
    {0, "192.0.2.1", "", false},
    {100000, "192.0.2.1", "", false},
    {1, "", "", false},
    {1, "localhost", "", false},
    {1, "192.0.2.1 ", "", false},
    {1, "192.0.2.01", "", false},
    {1, "192.0.2.1\n  -o content_filter=x", "", false},
    {1, "192.0.2.1,127.0.0.1", "", false},
    {1, "2001:DB8::1", "", false},
    {1, "2001:db8:0::1", "", false},
    {1, "[2001:db8::1]", "", false},
    {1, "::ffff:192.0.2.1", "", false},
    {1, "192.0.2.1", "a b", false},
    {1, "192.0.2.1", "a\n-o smtp_tls_security_level=none", false},
    {1, "192.0.2.1", "$myhostname", false},
    {1, "192.0.2.1", "{x}", false},
};

static void
test_valid(void **state)
{
    poolfile_source_t s;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        s = source(sources[i].number, sources[i].address, sources[i].helo);
        if (valid(arena, &s) != sources[i].good)
            fail_msg("%u \"%s\" \"%s\"", sources[i].number, sources[i].address,
                     sources[i].helo);
    }
    s = source(1, "192.0.2.1", ""); /* not ended by a NUL */
    memset(s.helo, 'a', sizeof(s.helo));
    assert_false(valid(arena, &s));
    memset(s.address, '1', sizeof(s.address));
    s.helo[0] = '\0';
    assert_false(valid(arena, &s));
}

static void
test_marks(void **state)
{
    static const struct {
        const char *mark;
        bool good;
    } marks[] = {{"", true},         {"abcxyz", true},  {"abcde", false},
                 {"abcdefg", false}, {"abcde1", false}, {"Abcdef", false},
                 {".*@/ x", false},  {"abc\n/x", false}};
    poolfile_source_t s = source(1, "192.0.2.1", "");
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        memset(s.mark, 0, sizeof(s.mark));
        memcpy(s.mark, marks[i].mark, strlen(marks[i].mark));
        if (valid(arena, &s) != marks[i].good)
            fail_msg("\"%s\"", marks[i].mark);
    }
    memset(s.mark, 'a', sizeof(s.mark)); /* not ended by a NUL */
    assert_false(valid(arena, &s));
}

/* An address of an older build has a label without a mark. */
static void
test_labels(void **state)
{
    static poolfile_source_t v[2];
    ses_conf_t conf = {.pool_label = SES_STR("a1"),
                       .pool_address = SES_STR("")};
    ses_buf_t map, block;

    (void) state;
    v[0] = source(1, "192.0.2.1", "");
    v[1] = source(12, "192.0.2.2", "");
    memcpy(v[1].mark, "abcdet", SES_MARK);
    ses_buf_init(&map, arena, FILE_MAX);
    ses_buf_init(&block, arena, FILE_MAX);
    compose(arena, &conf, v, 2, &map, &block);
    assert_string_equal(
        ses_str_c(arena, ses_buf_get(&map)),
        "# Written by sesame-agent; what is changed here is lost.\n"
        "/^a1t\\.[a-z2-7]{43}@/ sesame-a1t:\n"
        "/^ip1\\.[a-z2-7]{43}@/ sesame-ip1:\n"
        "/^ip1t\\.[a-z2-7]{43}@/ sesame-ip1t:\n"
        "/^ip12abcdet\\.[a-z2-7]{43}@/ sesame-ip12:\n"
        "/^ip12abcdett\\.[a-z2-7]{43}@/ sesame-ip12t:\n");
    assert_true(ses_str_search(ses_buf_get(&block),
                               SES_STR("\nsesame-ip12t unix - - n - - smtp\n"
                                       "  -o syslog_name=postfix/sesame-ip12t"
                                       "\n")) > 0);
}

static ses_str_t
text_of(const char *path)
{
    struct stat st;
    ses_str_t s;

    assert_true(read_file(arena, path, &s, &st));
    return s;
}

/* One bad one among good ones, or too many: nothing is written at all. */
static void
test_nothing_is_written(void **state)
{
    static poolfile_source_t v[POOLFILE_SOURCES + 1];
    char dir[] = "/tmp/test_poolfile.XXXXXX";
    const char *master, *map;
    ses_conf_t conf = {.pool_label = SES_STR("a1"),
                       .pool_address = SES_STR("")};
    FILE *f;

    (void) state;
    assert_non_null(mkdtemp(dir));
    master = ses_str_printf(arena, "%s/master.cf", dir).p;
    map = ses_str_printf(arena, "%s/map", dir).p;
    conf.postfix_config = ses_str(dir);
    conf.pool_map = ses_str(map);
    f = fopen(master, "we");
    assert_non_null(f);
    fputs("smtp inet n - y - - smtpd\n", f);
    fclose(f);

    v[0] = source(1, "192.0.2.1", "");
    v[1] = source(2, "192.0.2.2\nevil unix - n n - - pipe", "");
    assert_false(poolfile_apply(&conf, v, 2));
    for (unsigned i = 0; i < POOLFILE_SOURCES + 1; i++)
        v[i] = source(i + 1, "192.0.2.1", "");
    assert_false(poolfile_apply(&conf, v, POOLFILE_SOURCES + 1));
    assert_true(ses_str_eqc(text_of(master), "smtp inet n - y - - smtpd\n"));
    assert_int_equal(access(map, F_OK), -1);
    unlink(master);
    rmdir(dir);
}

static int
setup(void **state)
{
    (void) state;
    arena = ses_arena_new();
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    ses_arena_free(arena);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_nothing_is_written),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
