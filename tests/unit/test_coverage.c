/* coverage: the list says what the tables of operations have, both ways */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../shared/policy/coverage.c"
#include "api/route.h"

static const char *
api_of(const op_def_t *def)
{
    return def->protocol == OP_REST  ? "v2"
           : def->protocol == OP_SNS ? "sns"
                                     : "v1";
}

static const ses_coverage_t *
listed(const op_def_t *def)
{
    const ses_coverage_t *c;

    for (c = ses_coverage; c->name != NULL; c++)
        if (strcmp(c->name, def->name) == 0 && strcmp(c->api, api_of(def)) == 0)
            return c;
    return NULL;
}

/* Is there an operation of this row, with the row's input? */
static bool
implemented(const ses_coverage_t *c, bool *same_input)
{
    const op_def_t *const *table, *def;
    bool found = false;

    *same_input = false;
    for (table = api_tables; *table != NULL; table++)
        for (def = *table; def->name != NULL; def++)
            if (listed(def) == c) {
                found = true;
                *same_input = *same_input || def->input == c->input;
            }
    return found;
}

static void
test_counts(void **state)
{
    const ses_coverage_t *c;
    unsigned v1 = 0, v2 = 0, done = 0;

    (void) state;
    for (c = ses_coverage; c->name != NULL; c++) {
        v1 += strcmp(c->api, "v1") == 0;
        v2 += strcmp(c->api, "v2") == 0;
        done += c->done;
        if (c > ses_coverage && strcmp(c[-1].api, c->api) == 0)
            assert_true(strcmp(c[-1].name, c->name) < 0);
    }
    assert_int_equal(v1, 71);
    assert_int_equal(v2, 116);
    assert_true(done >= 32);
}

static void
test_rows(void **state)
{
    const ses_coverage_t *c;
    bool same_input;

    (void) state;
    for (c = ses_coverage; c->name != NULL; c++) {
        if (implemented(c, &same_input) != c->done)
            fail_msg("%s %s: the list and the tables differ", c->api, c->name);
        if (c->done && !same_input)
            fail_msg("%s %s: another input", c->api, c->name);
    }
}

static void
test_tables(void **state)
{
    const op_def_t *const *table, *def;

    (void) state;
    for (table = api_tables; *table != NULL; table++)
        for (def = *table; def->name != NULL; def++)
            if (listed(def) == NULL)
                fail_msg("%s is not in the list", def->name);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts),
                                       cmocka_unit_test(test_rows),
                                       cmocka_unit_test(test_tables)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
