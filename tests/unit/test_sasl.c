/*
 * test_sasl - Dovecot's authentication protocol, line by line
 */
#include "model_store.h"

#include "../../milter/gate/sasl.c"

#define KEY_ID "AKIAEXAMPLE000000001"

typedef struct {
    char dir[32];
    gate_t gate;
    sasl_t sasl;
    ses_cx_t cx;
    ses_str_t key_id, password, off_id, off_password, lost_id, lost_password;
} login_t;

static ses_credential_t
add_key(login_t *f, ses_txn_t *t, ses_str_t account, bool active,
        ses_str_t *password)
{
    ses_change_t c = {.n = 0};
    ses_credential_t k;
    ses_str_t secret;

    assert_int_equal(ses_credential_new(&f->cx, &f->gate.site, account,
                                        SES_STR("u"), &k, &secret),
                     SES_OK);
    k.active = active;
    ses_credential_put(&f->cx, &c, &k);
    assert_int_equal(ses_journal_apply(&f->cx, t, &c, "test"), SES_OK);
    *password = ses_credential_smtp(f->cx.arena, secret, f->gate.conf.region);
    return k;
}

static int
login_setup(void **state)
{
    login_t *f = ses_xcalloc(sizeof(*f));
    ses_change_t c = {.n = 0};
    ses_account_t a;
    ses_txn_t *t;

    strcpy(f->dir, "/tmp/test_sasl.XXXXXX");
    if (mkdtemp(f->dir) == NULL)
        return -1;
    ses_model_init();
    f->cx = ses_cx(ses_arena_new(), NOW);
    f->gate.conf.region = SES_STR("us-east-1");
    f->gate.site.n = 1;
    f->gate.site.keys[0].id = 'a';
    memset(f->gate.site.keys[0].key, 7, 32);
    assert_int_equal(ses_store_open(&f->cx, f->dir, 64 << 20, SES_STORE_CREATE,
                                    &f->gate.store),
                     SES_OK);
    assert_int_equal(ses_txn_write(&f->cx, f->gate.store, &t), SES_OK);
    ses_account_init(&a, ACCOUNT, NOW);
    ses_account_put(&f->cx, &c, &a);
    assert_int_equal(ses_journal_apply(&f->cx, t, &c, "test"), SES_OK);
    f->key_id = add_key(f, t, ACCOUNT, true, &f->password).id;
    f->off_id = add_key(f, t, ACCOUNT, false, &f->off_password).id;
    f->lost_id = add_key(f, t, OTHER, true, &f->lost_password).id;
    assert_int_equal(ses_txn_commit(&f->cx, t), SES_OK);

    f->sasl.gate = &f->gate;
    f->sasl.arena = ses_arena_new();
    *state = f;
    return 0;
}

static int
login_teardown(void **state)
{
    login_t *f = *state;
    char path[64];

    ses_store_close(f->gate.store);
    snprintf(path, sizeof(path), "%s/data.mdb", f->dir);
    unlink(path);
    snprintf(path, sizeof(path), "%s/lock.mdb", f->dir);
    unlink(path);
    rmdir(f->dir);
    ses_arena_free(f->sasl.arena);
    ses_arena_free(f->cx.arena);
    ses_xfree(f);
    return 0;
}

/* Send a line, want an answer; NULL = the connection is closed. */
static void
say(login_t *f, ses_str_t line, const char *want)
{
    ses_str_t answer;
    bool open = sasl_line(&f->sasl, ses_str_dup(f->cx.arena, line), &answer);

    if (open != (want != NULL))
        fail_msg("\"%.*s\": %s", SES_FMT(line), open ? "open" : "closed");
    if (want != NULL)
        assert_true(same(answer, want));
}

static void
hello(login_t *f)
{
    say(f, SES_STR("VERSION\t1\t0"), "");
    say(f, SES_STR("CPID\t4711"), "");
}

static ses_str_t
plain_response(login_t *f, const char *acting, ses_str_t user,
               ses_str_t password)
{
    ses_str_t raw = ses_str_printf(f->cx.arena, "%s%c%.*s%c%.*s", acting, 0,
                                   SES_FMT(user), 0, SES_FMT(password));

    return ses_base64(f->cx.arena, raw);
}

static ses_str_t
plain_line(login_t *f, int id, const char *acting, ses_str_t user,
           ses_str_t password)
{
    return ses_str_printf(f->cx.arena,
                          "AUTH\t%d\tPLAIN\tservice=smtp\tnologin\trip=1.2.3.4"
                          "\tsecured\tresp=%.*s",
                          id,
                          SES_FMT(plain_response(f, acting, user, password)));
}

static const char *
ok(login_t *f, int id)
{
    return ses_str_c(f->cx.arena,
                     ses_str_printf(f->cx.arena, "OK\t%d\tuser=%.*s\n", id,
                                    SES_FMT(f->key_id)));
}

static const char *
no(login_t *f, int id, ses_str_t user, const char *why)
{
    return ses_str_c(f->cx.arena,
                     ses_str_printf(f->cx.arena, "FAIL\t%d%s%.*s\treason=%s\n",
                                    id, user.n ? "\tuser=" : "", SES_FMT(user),
                                    why));
}

static void
test_plain(void **state)
{
    login_t *f = *state;
    ses_str_t none = SES_STR("");
    ses_str_t stranger = SES_STR("AKIANOBODY0000000000");

    hello(f);
    say(f, plain_line(f, 1, "", f->key_id, f->password), ok(f, 1));
    assert_string_equal(f->sasl.from, "1.2.3.4");
    say(f,
        plain_line(f, 2, ses_str_c(f->cx.arena, f->key_id), f->key_id,
                   f->password),
        ok(f, 2));
    say(f, plain_line(f, 3, "somebody", f->key_id, f->password),
        no(f, 3, none, REFUSED));
    say(f, plain_line(f, 4, "", f->key_id, SES_STR("wrong")),
        no(f, 4, f->key_id, REFUSED));
    say(f, plain_line(f, 5, "", f->key_id, none), no(f, 5, f->key_id, REFUSED));
    say(f, plain_line(f, 6, "", f->off_id, f->off_password),
        no(f, 6, f->off_id, REFUSED));
    say(f, plain_line(f, 7, "", stranger, f->password),
        no(f, 7, stranger, REFUSED));
    say(f, plain_line(f, 8, "", SES_STR("a\tb"), f->password),
        no(f, 8, none, REFUSED));
    say(f, plain_line(f, 9, "", f->lost_id, f->lost_password),
        no(f, 9, f->lost_id, NO_ACCOUNT));
    say(f, plain_line(f, 10, "", f->key_id, f->password), ok(f, 10));
}

static void
test_plain_bad(void **state)
{
    static const char *const bad[] = {"",     "=",    "!!!!",
                                      "AAAA", "YQBi", "AGEAYgBj"};
    login_t *f = *state;
    ses_str_t line;
    size_t i;

    hello(f);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        line = ses_str_printf(f->cx.arena, "AUTH\t1\tPLAIN\tresp=%s", bad[i]);
        say(f, line, no(f, 1, SES_STR(""), REFUSED));
    }
}

static ses_str_t
cont_line(login_t *f, int id, ses_str_t raw)
{
    return ses_str_printf(f->cx.arena, "CONT\t%d\t%.*s", id,
                          SES_FMT(ses_base64(f->cx.arena, raw)));
}

static void
test_login(void **state)
{
    login_t *f = *state;

    hello(f);
    say(f, SES_STR("AUTH\t1\tLOGIN\tservice=smtp"), "CONT\t1\tVXNlcm5hbWU6\n");
    say(f, cont_line(f, 1, f->key_id), "CONT\t1\tUGFzc3dvcmQ6\n");
    say(f, cont_line(f, 1, f->password), ok(f, 1));

    say(f, SES_STR("AUTH\t2\tlogin"), "CONT\t2\tVXNlcm5hbWU6\n");
    say(f, cont_line(f, 2, f->key_id), "CONT\t2\tUGFzc3dvcmQ6\n");
    say(f, cont_line(f, 2, SES_STR("wrong")), no(f, 2, f->key_id, REFUSED));

    say(f, SES_STR("AUTH\t3\tLOGIN"), "CONT\t3\tVXNlcm5hbWU6\n");
    say(f, SES_STR("CONT\t3\t***"), no(f, 3, SES_STR(""), REFUSED));
    say(f, SES_STR("CONT\t3\tYQ=="), NULL); /* nothing was asked */
}

static void
test_plain_asked(void **state)
{
    login_t *f = *state;
    ses_str_t line;

    hello(f);
    say(f, SES_STR("AUTH\t1\tPLAIN\tservice=smtp"), "CONT\t1\t\n");
    line =
        ses_str_printf(f->cx.arena, "CONT\t1\t%.*s",
                       SES_FMT(plain_response(f, "", f->key_id, f->password)));
    say(f, line, ok(f, 1));
    say(f, SES_STR("AUTH\t2\tPLAIN"), "CONT\t2\t\n");
    say(f, SES_STR("CANCEL\t2"), "");
    say(f, SES_STR("AUTH\t3\tCRAM-MD5"), no(f, 3, SES_STR(""), REFUSED));
}

/* A user name or an id longer than any is refused, not cut. */
static void
test_bounds(void **state)
{
    login_t *f = *state;
    char *long_name = ses_calloc(f->cx.arena, 300);

    memset(long_name, 'A', 299);
    hello(f);
    say(f, SES_STR("AUTH\t1\tLOGIN"), "CONT\t1\tVXNlcm5hbWU6\n");
    say(f, cont_line(f, 1, ses_str(long_name)), no(f, 1, SES_STR(""), REFUSED));
}

static const char *const rude[] = {
    "",
    "AUTH",
    "AUTH\t1\tPLAIN", /* before CPID */
    "CONT\t1\tYQ==",
    "VERSION\t2\t0",
    "GET / HTTP/1.1",
};

static void
test_rude(void **state)
{
    login_t *f = *state;
    size_t i;

    for (i = 0; i < sizeof(rude) / sizeof(rude[0]); i++)
        say(f, ses_str(rude[i]), NULL);
    hello(f);
    say(f, SES_STR("AUTH\tx\tPLAIN"), NULL);
    say(f, SES_STR("AUTH\t99999999999\tPLAIN"), NULL);
    say(f, SES_STR("AUTH\t1"), NULL);
}

/* A secret that does not open is our failure: no FAIL, the line is cut. */
static void
test_fault(void **state)
{
    login_t *f = *state;

    f->gate.site.keys[0].key[0] ^= 1;
    hello(f);
    say(f, plain_line(f, 1, "", f->key_id, f->password), NULL);
}

static void
test_greeting(void **state)
{
    login_t *f = *state;
    ses_str_t rest = sasl_greeting(f->cx.arena, 7), line;
    static const char *const want[] = {
        "VERSION\t1\t1",
        "MECH\tPLAIN\tplaintext",
        "MECH\tLOGIN\tplaintext",
        "SPID\t",
        "CUID\t7",
        "COOKIE\t",
        "DONE",
    };
    size_t i;

    for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        assert_true(ses_str_cut(&rest, '\n', &line));
        assert_true(ses_str_starts(line, ses_str(want[i])));
    }
    assert_int_equal(rest.n, 0);
}

#define LOGIN_TEST(fn)                                                         \
    cmocka_unit_test_setup_teardown(fn, login_setup, login_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        LOGIN_TEST(test_plain),  LOGIN_TEST(test_plain_bad),
        LOGIN_TEST(test_login),  LOGIN_TEST(test_plain_asked),
        LOGIN_TEST(test_bounds), LOGIN_TEST(test_rude),
        LOGIN_TEST(test_fault),  LOGIN_TEST(test_greeting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
