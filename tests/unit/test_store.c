/*
 * test_store - transactions, walking, sequences; killed writers and readers
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../../shared/store/store.c"
#include "../../shared/store/table.c"
#include "../../shared/store/txn.c"
#include "temp_store.h"

#include "base/buf.h"

#include "base/clock.h"
#include "store/commit.h"

static char *dir;
static ses_arena_t *arena;
static ses_cx_t cx;

static int
setup(void **state)
{
    (void) state;
    dir = temp_dir();
    arena = ses_arena_new();
    cx = ses_cx(arena, 1);
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    temp_remove(dir);
    free(dir);
    ses_arena_free(arena);
    return 0;
}

static void
put(ses_txn_t *t, const char *k, const char *v)
{
    assert_int_equal(
        ses_store_put(&cx, t, SES_DB_COUNTER, ses_str(k), ses_str(v)), SES_OK);
}

static void
test_nested_fails_alone(void **state)
{
    ses_store_t *s = temp_store(&cx, dir);
    ses_txn_t *t, *n;
    ses_str_t v;

    (void) state;
    assert_int_equal(ses_txn_write(&cx, s, &t), SES_OK);
    put(t, "a", "1");
    assert_int_equal(ses_txn_nested(&cx, t, &n), SES_OK);
    put(n, "b", "2");
    ses_txn_end(n);
    assert_int_equal(ses_txn_nested(&cx, t, &n), SES_OK);
    put(n, "c", "3");
    assert_int_equal(ses_txn_commit(&cx, n), SES_OK);
    assert_int_equal(ses_txn_commit(&cx, t), SES_OK);

    assert_int_equal(ses_txn_read(&cx, s, &t), SES_OK);
    assert_int_equal(ses_store_get(&cx, t, SES_DB_COUNTER, ses_str("a"), &v),
                     SES_OK);
    assert_int_equal(ses_store_get(&cx, t, SES_DB_COUNTER, ses_str("b"), &v),
                     SES_NOT_FOUND);
    assert_int_equal(ses_store_get(&cx, t, SES_DB_COUNTER, ses_str("c"), &v),
                     SES_OK);
    ses_txn_end(t);
    assert_int_equal(s->active, 0);
    ses_store_close(s);
}

static ses_rc_t
collect(ses_cx_t *c, ses_str_t key, ses_str_t val, void *arg)
{
    ses_buf_t *b = arg;

    (void) c;
    (void) val;
    ses_buf_str(b, key);
    ses_buf_char(b, ' ');
    return b->n > 8 ? SES_NOT_FOUND : SES_OK;
}

static void
test_walk(void **state)
{
    ses_store_t *s = temp_store(&cx, dir);
    ses_buf_t b;
    ses_txn_t *t;
    uint64_t seq;

    (void) state;
    assert_int_equal(ses_txn_write(&cx, s, &t), SES_OK);
    put(t, "p1", "");
    put(t, "p2", "");
    put(t, "p3", "");
    put(t, "q1", "");
    ses_buf_init(&b, arena, 100);
    assert_int_equal(ses_store_walk(&cx, t, SES_DB_COUNTER, ses_str("p"),
                                    SES_STR(""), collect, &b),
                     SES_OK);
    assert_true(ses_str_eqc(ses_buf_get(&b), "p1 p2 p3 "));
    ses_buf_init(&b, arena, 100);
    assert_int_equal(ses_store_walk(&cx, t, SES_DB_COUNTER, ses_str("p"),
                                    SES_STR("p2"), collect, &b),
                     SES_OK);
    assert_true(ses_str_eqc(ses_buf_get(&b), "p2 p3 "));

    assert_int_equal(ses_store_next(&cx, t, "x", &seq), SES_OK);
    assert_int_equal(ses_store_next(&cx, t, "x", &seq), SES_OK);
    assert_int_equal(seq, 2);
    assert_int_equal(ses_store_last(&cx, t, "x", &seq), SES_OK);
    assert_int_equal(seq, 2);
    ses_txn_end(t);
    ses_store_close(s);
}

static void
test_bad_keys(void **state)
{
    ses_store_t *s = temp_store(&cx, dir);
    char longkey[SES_KEY_MAX + 1];
    ses_txn_t *t;
    ses_str_t v;

    (void) state;
    memset(longkey, 'x', sizeof(longkey));
    assert_int_equal(ses_txn_write(&cx, s, &t), SES_OK);
    assert_int_equal(ses_store_get(&cx, t, SES_DB_META, SES_STR(""), &v),
                     SES_NOT_FOUND);
    assert_int_equal(ses_store_get(&cx, t, SES_DB_META,
                                   ses_str_n(longkey, sizeof(longkey)), &v),
                     SES_NOT_FOUND);
    assert_int_equal(ses_store_put(&cx, t, SES_DB_META,
                                   ses_str_n(longkey, sizeof(longkey)),
                                   SES_STR("x")),
                     SES_FAULT);
    ses_txn_end(t);
    ses_store_close(s);
}

static void
test_none_there(void **state)
{
    ses_store_t *s = NULL;

    (void) state;
    assert_int_equal(ses_store_open(&cx, dir, 1 << 30, 0, &s), SES_FAULT);
    assert_non_null(strstr(cx.why.p, "sesamectl init"));
}

/* --- kill -9 ----------------------------------------------------------- */

#define WRITERS 4
#define ROUNDS 12

static ses_rc_t
put_number(ses_cx_t *c, ses_txn_t *t, void *arg)
{
    char key[32];

    snprintf(key, sizeof(key), "%u", *(unsigned *) arg);
    return ses_store_put(c, t, SES_DB_COUNTER, ses_str(key), SES_STR("x"));
}

struct writer {
    ses_committer_t *committer;
    unsigned from;
    volatile unsigned *done; /* shared with the parent: acknowledged up to */
};

static void *
write_on(void *arg)
{
    struct writer *w = arg;
    ses_arena_t *a = ses_arena_new();
    ses_cx_t c = ses_cx(a, 1);
    unsigned n;

    for (n = w->from; n < w->from + 1000000; n++) {
        if (ses_commit(w->committer, &c, put_number, &n) != SES_OK)
            abort();
        *w->done = n + 1;
    }
    return NULL;
}

/* A child that commits from several threads until it is killed. */
static void
child(volatile unsigned *done)
{
    struct writer w[WRITERS];
    pthread_t id;
    ses_store_t *s = temp_store(&cx, dir);
    ses_committer_t *c = ses_committer_new(s, true);
    int i;

    for (i = 0; i < WRITERS; i++) {
        w[i] = (struct writer){c, done[i], &done[i]};
        pthread_create(&id, NULL, write_on, &w[i]);
    }
    for (;;)
        pause();
}

static unsigned
committed(volatile unsigned *done)
{
    unsigned sum = 0;

    for (int i = 0; i < WRITERS; i++)
        sum += done[i] - (unsigned) i * 1000000;
    return sum;
}

static void
test_kill_9(void **state)
{
    volatile unsigned *done = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ses_store_t *s;
    ses_txn_t *t;
    ses_str_t v;
    unsigned n, total = 0, before;
    int i, look, status;
    char key[32];
    pid_t pid;

    (void) state;
    ses_store_close(temp_store(&cx, dir));
    for (i = 0; i < WRITERS; i++)
        done[i] = (unsigned) i * 1000000;

    for (i = 0; i < ROUNDS; i++) {
        pid = fork();
        if (pid == 0)
            child(done);
        before = committed(done);
        for (look = 0; look < 10000; look++) { /* ten seconds at most */
            if (committed(done) >= before + 4)
                break;
            usleep(1000);
        }
        usleep((useconds_t) (i * 700)); /* somewhere within the next one */
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    }

    s = temp_store(&cx, dir);
    assert_int_equal(ses_txn_write(&cx, s, &t), SES_OK);
    for (i = 0; i < WRITERS; i++)
        for (n = (unsigned) i * 1000000; n < done[i]; n++) {
            snprintf(key, sizeof(key), "%u", n);
            assert_int_equal(
                ses_store_get(&cx, t, SES_DB_COUNTER, ses_str(key), &v),
                SES_OK);
            total++;
        }
    ses_txn_end(t);
    assert_true(total >= 4 * ROUNDS);
    ses_store_close(s);
    munmap((void *) (uintptr_t) done, 4096);
}

/* Readers that were killed leave slots; more than the table holds. */
static void
test_dead_readers(void **state)
{
    ses_store_t *s;
    ses_txn_t *t;
    int i, j, status;
    pid_t pid;

    (void) state;
    ses_store_close(temp_store(&cx, dir));
    for (i = 0; i < 3; i++) {
        pid = fork();
        if (pid == 0) {
            s = temp_store(&cx, dir);
            for (j = 0; j < 600; j++)
                if (ses_txn_read(&cx, s, &t) != SES_OK)
                    _exit(1);
            kill(getpid(), SIGKILL);
        }
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status));
    }
    s = temp_store(&cx, dir);
    assert_int_equal(ses_txn_read(&cx, s, &t), SES_OK);
    ses_txn_end(t);
    ses_store_close(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nested_fails_alone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_walk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_none_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kill_9, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dead_readers, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
