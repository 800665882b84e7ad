/*
 * test_object_tree - a row is parsed once, and a changed row is another
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "model/object_tree.h"

#define THREADS 8
#define ROUNDS 4000
#define ROWS 700 /* more than there are places */

static ses_cx_t cx;

static int
setup(void **state)
{
    (void) state;
    cx.arena = ses_arena_new();
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    ses_arena_free(cx.arena);
    return 0;
}

static ses_object_tree_t *
tree(ses_cx_t *on, const char *row)
{
    ses_object_tree_t *t;

    assert_int_equal(ses_object_tree(on, ses_str(row), &t), SES_OK);
    return t;
}

static void
test_once(void **state)
{
    ses_object_tree_t *a = tree(&cx, "{\"v\":1,\"x\":1}"),
                      *b = tree(&cx, "{\"v\":1,\"x\":1}"),
                      *c = tree(&cx, "{\"v\":1,\"x\":2}");

    (void) state;
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, c);
    ses_object_let_go(a);
    assert_int_equal(ses_json_int(ses_object_root(b), "x", 0), 1);
    assert_int_equal(ses_json_int(ses_object_root(c), "x", 0), 2);
    ses_object_let_go(b);
    ses_object_let_go(c);
}

static void
test_refused(void **state)
{
    ses_object_tree_t *t;

    (void) state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ses_object_tree(&cx, SES_STR("{\"v\":1,"), &t),
                         SES_FAULT);
        assert_int_equal(ses_object_tree(&cx, SES_STR("{\"v\":2}"), &t),
                         SES_FAULT);
    }
    ses_cx_clear(&cx);
}

/* What is too long to be remembered is right, too. */
static void
test_long(void **state)
{
    static char row[10000];
    ses_object_tree_t *a, *b;

    (void) state;
    snprintf(row, sizeof(row), "{\"v\":1,\"x\":3,\"y\":\"%08000d\"}", 0);
    a = tree(&cx, row);
    b = tree(&cx, row);
    assert_ptr_not_equal(a, b);
    assert_int_equal(ses_json_int(ses_object_root(a), "x", 0), 3);
    ses_object_let_go(a);
    assert_int_equal(ses_json_int(ses_object_root(b), "x", 0), 3);
    ses_object_let_go(b);
}

static void *
reader(void *arg)
{
    ses_cx_t own = {.arena = ses_arena_new()};
    unsigned seed = (unsigned) (uintptr_t) arg, wrong = 0;
    ses_object_tree_t *t;
    char row[64];
    int i, x;

    for (i = 0; i < ROUNDS; i++) {
        seed = seed * 1103515245u + 12345u;
        x = (int) (seed >> 8) % ROWS;
        snprintf(row, sizeof(row), "{\"v\":1,\"x\":%d}", x);
        if (ses_object_tree(&own, ses_str(row), &t) != SES_OK) {
            wrong++;
            continue;
        }
        if (ses_json_int(ses_object_root(t), "x", -1) != x)
            wrong++;
        ses_object_let_go(t);
    }
    ses_arena_free(own.arena);
    return (void *) (uintptr_t) wrong;
}

static void
test_threads(void **state)
{
    pthread_t threads[THREADS];
    void *wrong;
    uintptr_t i;

    (void) state;
    for (i = 0; i < THREADS; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, reader, (void *) (i + 1)), 0);
    for (i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
