/*
 * test_commit - many threads share one fsync; one bad operation harms none
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../shared/store/commit.c"
#include "temp_store.h"

#include "store/record.h"

#include <fcntl.h>

static char *dir;
static ses_arena_t *arena;
static ses_cx_t cx;
static ses_store_t *store;

static int
setup(void **state)
{
    (void) state;
    dir = temp_dir();
    arena = ses_arena_new();
    cx = ses_cx(arena, 1);
    store = temp_store(&cx, dir);
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    ses_store_close(store);
    temp_remove(dir);
    free(dir);
    ses_arena_free(arena);
    return 0;
}

/* Adds one to a counter; every seventh call writes and then refuses. */
static ses_rc_t
add_one(ses_cx_t *c, ses_txn_t *t, void *arg)
{
    unsigned *n = arg;
    uint64_t seq;
    ses_rc_t rc = ses_store_next(c, t, "n", &seq);

    if (rc == SES_OK && *n % 7 == 0)
        return ses_fail(c, SES_INVALID, "seventh");
    return rc;
}

struct thread {
    ses_committer_t *committer;
    unsigned good, bad;
};

static void *
many(void *arg)
{
    struct thread *th = arg;
    ses_arena_t *a = ses_arena_new();
    ses_cx_t c;
    unsigned n;

    for (n = 0; n < 70; n++) {
        c = ses_cx(a, 1);
        switch (ses_commit(th->committer, &c, add_one, &n)) {
        case SES_OK:
            th->good++;
            break;
        case SES_INVALID:
            th->bad++;
            break;
        default:
            abort();
        }
    }
    ses_arena_free(a);
    return NULL;
}

static void
threads_add_up(bool yield)
{
    struct thread th[16];
    pthread_t id[16];
    ses_committer_t *c = ses_committer_new(store, yield);
    ses_txn_t *t;
    uint64_t n;
    int i;

    for (i = 0; i < 16; i++) {
        th[i] = (struct thread){c, 0, 0};
        pthread_create(&id[i], NULL, many, &th[i]);
    }
    for (i = 0; i < 16; i++) {
        pthread_join(id[i], NULL);
        assert_int_equal(th[i].good, 60);
        assert_int_equal(th[i].bad, 10);
    }
    assert_int_equal(ses_txn_read(&cx, store, &t), SES_OK);
    assert_int_equal(ses_store_last(&cx, t, "n", &n), SES_OK);
    assert_int_equal(n, 16 * 60);
    ses_txn_end(t);
    ses_committer_free(c);
}

static void
test_threads(void **state)
{
    (void) state;
    threads_add_up(false);
}

static void
test_threads_yield(void **state)
{
    (void) state;
    threads_add_up(true);
}

/* Someone else holds the writer lock for longer than one may wait. */
static void *
commit_one(void *arg)
{
    ses_arena_t *a = ses_arena_new();
    ses_cx_t c = ses_cx(a, 1);
    unsigned one = 1;
    uintptr_t rc = ses_commit(arg, &c, add_one, &one);

    ses_arena_free(a);
    return (void *) rc;
}

static void
test_withdrawn(void **state)
{
    ses_committer_t *c = ses_committer_new(store, false);
    pthread_t id[3];
    ses_txn_t *t;
    uint64_t n;
    void *rc;
    int i;

    (void) state;
    assert_int_equal(ses_txn_write(&cx, store, &t), SES_OK);
    for (i = 0; i < 3; i++)
        pthread_create(&id[i], NULL, commit_one, c);
    sleep_us(WAIT_US + 300000);
    ses_txn_end(t);
    for (i = 0; i < 3; i++) {
        pthread_join(id[i], &rc);
        assert_int_equal((uintptr_t) rc, SES_BUSY);
    }
    assert_int_equal(ses_txn_read(&cx, store, &t), SES_OK);
    assert_int_equal(ses_store_last(&cx, t, "n", &n), SES_OK);
    assert_int_equal(n, 0);
    ses_txn_end(t);
    ses_committer_free(c);
}

static ses_rc_t
slow(ses_cx_t *c, ses_txn_t *t, void *arg)
{
    unsigned one = 1;

    (void) arg;
    sleep_us(3000);
    return add_one(c, t, &one);
}

static void
test_batch(void **state)
{
    ses_op_t ops[4], *left;
    ses_cx_t cxs[4];
    unsigned seven = 7;
    char turn[200];
    int i, fd;

    (void) state;
    snprintf(turn, sizeof(turn), "%s/turn", dir);
    fd = open(turn, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
    for (i = 0; i < 4; i++) {
        cxs[i] = ses_cx(arena, 1);
        ops[i] = (ses_op_t){.cx = &cxs[i],
                            .fn = slow,
                            .queued_us = ses_clock_mono_us(),
                            .next = i < 3 ? &ops[i + 1] : NULL};
    }
    ops[1].fn = add_one;
    ops[1].arg = &seven;
    ops[0].queued_us -= WAIT_US + 1;

    /* 0 is too late, 1 refuses, 2 and 3 take 6 ms: 3 may be left over, and 2
     * when the processor was somebody else's */
    left = ses_commit_batch(store, ops, fd);
    assert_int_equal(ops[0].rc, SES_BUSY);
    assert_int_equal(ops[1].rc, SES_INVALID);
    assert_true(left == NULL || left == &ops[2] || left == &ops[3]);
    while (left != NULL)
        left = ses_commit_batch(store, left, fd);
    assert_int_equal(ops[2].rc, SES_OK);
    assert_int_equal(ops[3].rc, SES_OK);
    close(fd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_threads_yield, setup, teardown),
        cmocka_unit_test_setup_teardown(test_withdrawn, setup, teardown),
        cmocka_unit_test_setup_teardown(test_batch, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
