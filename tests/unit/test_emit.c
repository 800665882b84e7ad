/*
 * test_emit - what a command says, as text and as JSON
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../shared/sesamectl/emit.c"

/* One object, with everything in it. */
static void
say_object(emit_t *e)
{
    emit_open(e, NULL);
    emit_c(e, "name", "a\"b\x1b[31m");
    emit_str(e, "none", SES_STR(""));
    emit_int(e, "n", -5);
    emit_bool(e, "yes", true);
    emit_number(e, "rate", 0.5);
    emit_time(e, "never", 0);
    emit_time(e, "when", 1000);
    emit_list(e, "words");
    emit_c(e, NULL, "x");
    emit_c(e, NULL, "y");
    emit_end(e);
    emit_open(e, "inner");
    emit_int(e, "m", 1);
    emit_open(e, "most");
    emit_int(e, "k", 2);
    emit_close(e);
    emit_close(e);
    emit_list(e, "empty");
    emit_end(e);
    emit_list(e, "rows");
    emit_open(e, NULL);
    emit_c(e, "id", "long-one");
    emit_list(e, "cell");
    emit_open(e, NULL);
    emit_c(e, "first", "p");
    emit_c(e, "second", "q");
    emit_close(e);
    emit_open(e, NULL);
    emit_c(e, "first", "r");
    emit_close(e);
    emit_end(e);
    emit_int(e, "n", 1);
    emit_close(e);
    emit_open(e, NULL);
    emit_c(e, "id", "s");
    emit_list(e, "cell");
    emit_end(e);
    emit_int(e, "n", 22);
    emit_close(e);
    emit_end(e);
    emit_close(e);
}

static void
say_list(emit_t *e)
{
    emit_list(e, NULL);
    emit_open(e, NULL);
    emit_int(e, "a", 1);
    emit_close(e);
    emit_open(e, NULL);
    emit_int(e, "a", 2);
    emit_close(e);
    emit_end(e);
}

static void
say_nothing(emit_t *e)
{
    emit_list(e, NULL);
    emit_end(e);
}

/* Broken off, as when the store failed in the middle. */
static void
say_half(emit_t *e)
{
    emit_list(e, NULL);
    emit_open(e, NULL);
    emit_int(e, "a", 1);
}

static const struct {
    const char *name;
    void (*say)(emit_t *e);
    const char *text, *json;
} cases[] = {
    {"object", say_object,
     "name = a\"b?[31m\nnone =\nn = -5\nyes = yes\nrate = 0.5\nnever = -\n"
     "when = 1970-01-01T00:00:01.000Z\nwords = x y\ninner.m = 1\n"
     "inner.most.k = 2\nempty =\n\nrows:\n"
     "ID        CELL  N\nlong-one  p,r   1\ns         -     22\n",
     "{\"name\":\"a\\\"b\\u001b[31m\",\"none\":\"\",\"n\":-5,\"yes\":true,"
     "\"rate\":0.5,\"never\":null,\"when\":\"1970-01-01T00:00:01.000Z\","
     "\"words\":[\"x\",\"y\"],\"inner\":{\"m\":1,\"most\":{\"k\":2}},"
     "\"empty\":[],\"rows\":[{\"id\":\"long-one\",\"cell\":[{\"first\":\"p\","
     "\"second\":\"q\"},{\"first\":\"r\"}],\"n\":1},{\"id\":\"s\",\"cell\":[],"
     "\"n\":22}]}\n"},
    {"list", say_list, "A\n1\n2\n", "[{\"a\":1},{\"a\":2}]\n"},
    {"nothing", say_nothing, "", "[]\n"},
    {"half", say_half, "", ""},
};

static char *
said(void (*say)(emit_t *e), bool json)
{
    ses_arena_t *arena = ses_arena_new();
    char *text = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);
    emit_t e;

    emit_init(&e, arena, file, json);
    say(&e);
    assert_true(emit_finish(&e));
    fclose(file);
    ses_arena_free(arena);
    return text;
}

static void
test_forms(void **state)
{
    char *text;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        text = said(cases[i].say, false);
        assert_string_equal(text, cases[i].text);
        free(text);
        text = said(cases[i].say, true);
        assert_string_equal(text, cases[i].json);
        free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
