/*
 * model_store - a temporary store for the tests of the model
 */
#ifndef TESTS_UNIT_MODEL_STORE_H
#define TESTS_UNIT_MODEL_STORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/model.h"
#include "store/journal.h"

#define ACCOUNT SES_STR("123456789012")
#define OTHER SES_STR("210987654321")
#define NOW INT64_C(1795500000000)

typedef struct {
    char dir[32];
    ses_arena_t *arena;
    ses_store_t *store;
    ses_txn_t *t; /* one write transaction, never committed */
    ses_cx_t cx;
} fixture_t;

static inline int
setup(void **state)
{
    fixture_t *f = calloc(1, sizeof(*f));

    strcpy(f->dir, "/tmp/test_model.XXXXXX");
    if (mkdtemp(f->dir) == NULL)
        return -1;
    f->arena = ses_arena_new();
    f->cx = ses_cx(f->arena, NOW);
    f->cx.account = ACCOUNT;
    ses_model_init();
    if (ses_store_open(&f->cx, f->dir, 64 << 20, SES_STORE_CREATE, &f->store) !=
            SES_OK ||
        ses_txn_write(&f->cx, f->store, &f->t) != SES_OK)
        return -1;
    *state = f;
    return 0;
}

static inline int
teardown(void **state)
{
    fixture_t *f = *state;
    char path[64];

    ses_txn_end(f->t);
    ses_store_close(f->store);
    snprintf(path, sizeof(path), "%s/data.mdb", f->dir);
    unlink(path);
    snprintf(path, sizeof(path), "%s/lock.mdb", f->dir);
    unlink(path);
    rmdir(f->dir);
    ses_arena_free(f->arena);
    free(f);
    return 0;
}

static inline void
apply(fixture_t *f, ses_change_t *c)
{
    ses_rc_t rc = ses_journal_apply(&f->cx, f->t, c, "test");

    if (rc != SES_OK)
        fail_msg("%s: %.*s", ses_rc_name(rc), SES_FMT(f->cx.why));
    memset(c, 0, sizeof(*c));
}

static inline bool
same(ses_str_t s, const char *want)
{
    if (ses_str_eqc(s, want))
        return true;
    fprintf(stderr, "got \"%.*s\", want \"%s\"\n", SES_FMT(s), want);
    return false;
}

static inline uint64_t
count(fixture_t *f, ses_db_t db)
{
    uint64_t n = 99;

    assert_int_equal(ses_store_count(&f->cx, f->t, db, &n), SES_OK);
    return n;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
