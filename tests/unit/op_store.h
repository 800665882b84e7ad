/*
 * op_store - run operations against a temporary store, without a server
 *
 * call() does what dispatch does after the signature: check the shape, run
 * the handler in a nested transaction, apply its change.  What came of it is
 * text: the response, or what the client would read.
 */
#ifndef TESTS_UNIT_OP_STORE_H
#define TESTS_UNIT_OP_STORE_H

#include "api/op.h"
#include "model/account.h"
#include "model_store.h"

static api_env_t op_env;
static op_send_t op_sent;
static ses_str_t text;
static const char *text_c;

/* An account, in production. */
static inline void
add_account(fixture_t *f, ses_str_t id, bool production)
{
    ses_change_t c = {0};
    ses_account_t a;

    ses_account_init(&a, id, NOW);
    a.production = production;
    ses_account_put(&f->cx, &c, &a);
    apply(f, &c);
}

static inline int
op_setup(void **state)
{
    fixture_t *f;

    if (setup(state) != 0)
        return -1;
    f = *state;
    memset(&op_env, 0, sizeof(op_env));
    op_env.conf.region = SES_STR("us-east-1");
    op_env.conf.service_domain = SES_STR("ses.example.net");
    op_env.conf.max_recipients = 50;
    op_env.conf.max_message_size = 100000;
    op_env.site.n = 1;
    op_env.site.keys[0].id = 'a';
    f->cx.caller = SES_STR("arn:aws:iam::123456789012:user/mailer");
    add_account(f, ACCOUNT, true);
    add_account(f, OTHER, true);
    return 0;
}

static inline const op_def_t *
find_op(const op_def_t *table, const char *name, const char *method)
{
    for (; table->name != NULL; table++)
        if (strcmp(table->name, name) == 0 &&
            (method == NULL || strcmp(table->method, method) == 0))
            return table;
    fail_msg("no operation %s", name);
    return NULL;
}

static inline ses_rc_t
run_op(fixture_t *f, const op_def_t *def, const char *json)
{
    ses_change_t change = {0};
    cJSON *in = NULL;
    ses_txn_t *t;
    out_t out;
    op_t op = {.cx = &f->cx,
               .env = &op_env,
               .def = def,
               .out = &out,
               .change = &change,
               .send = &op_sent,
               .user_agent = SES_STR("test"),
               .client = SES_STR("192.0.2.1")};
    ses_rc_t rc;

    ses_cx_clear(&f->cx);
    memset(&op_sent, 0, sizeof(op_sent));
    rc = ses_json_parse(&f->cx, ses_str(json), &in);
    if (rc == SES_OK)
        rc = ses_shape_check(&f->cx, def->input, in);
    if (rc == SES_OK) {
        out_init(&out, f->arena, def->protocol == OP_REST ? OUT_JSON : OUT_XML,
                 1 << 20);
        out_open(&out, NULL);
        op.in = in;
        assert_int_equal(ses_txn_nested(&f->cx, f->t, &t), SES_OK);
        op.txn = t;
        rc = def->run(&op);
        if (rc == SES_OK && def->kind == OP_WRITE)
            rc = ses_journal_apply(&f->cx, t, &change, def->name);
        if (rc == SES_OK)
            assert_int_equal(ses_txn_commit(&f->cx, t), SES_OK);
        else
            ses_txn_end(t);
    }
    ses_json_free(in);
    if (rc == SES_OK) {
        out_close(&out);
        text = out_get(&out);
    } else {
        text = f->cx.why.p == NULL ? SES_STR("(null)") : f->cx.why;
    }
    text_c = ses_str_c(f->arena, text);
    return rc;
}

/* Run, and compare the result and the whole text ("*" = any). */
static inline void
expect_op(fixture_t *f, const op_def_t *def, const char *json, ses_rc_t rc,
          const char *want, const char *file, int line)
{
    ses_rc_t got = run_op(f, def, json);

    if (got != rc || (strcmp(want, "*") != 0 && strcmp(text_c, want) != 0)) {
        print_error("%s:%d: %s %s\n got %s %s\nwant %s %s\n", file, line,
                    def->name, json, ses_rc_name(got), text_c, ses_rc_name(rc),
                    want);
        fail();
    }
}

#define EXPECT(name, json, rc, want)                                           \
    expect_op(f, find_op(TABLE, name, NULL), json, rc, want, __FILE__, __LINE__)

static inline void
expect_holds(const char *part, const char *file, int line)
{
    if (strstr(text_c, part) == NULL) {
        print_error("%s:%d: no %s in\n%s\n", file, line, part, text_c);
        fail();
    }
}
#define HOLDS(part) expect_holds(part, __FILE__, __LINE__)

#define OP_TEST(fn) cmocka_unit_test_setup_teardown(fn, op_setup, teardown)

#endif
