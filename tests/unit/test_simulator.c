/*
 * test_simulator - which addresses are mailboxes of the simulator
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../shared/policy/simulator.c"

static const struct {
    const char *address;
    ses_simulated_t kind;
} cases[] = {
    {"success@simulator.amazonses.com", SES_SIM_SUCCESS},
    {"Success+a.b+c@Simulator.AmazonSES.com.", SES_SIM_SUCCESS},
    {"bounce@sim.example", SES_SIM_BOUNCE},
    {"ooto+1@sim.example", SES_SIM_OOTO},
    {"complaint+@sim.example", SES_SIM_COMPLAINT},
    {"suppressionlist+x@simulator.amazonses.com", SES_SIM_SUPPRESSED},
    {"\"success\"@sim.example", SES_SIM_SUCCESS},
    {"+success@sim.example", SES_SIM_BOUNCE},
    {"successes@sim.example", SES_SIM_BOUNCE},
    {"nobody@simulator.amazonses.com", SES_SIM_BOUNCE},
    {"success@x.simulator.amazonses.com", SES_SIM_NONE},
    {"success@amazonses.com", SES_SIM_NONE},
    {"success@xsim.example", SES_SIM_NONE},
    {"success@example.com", SES_SIM_NONE},
};

static void
test_kinds(void **state)
{
    ses_cx_t cx = ses_cx(ses_arena_new(), 0);
    ses_address_t a;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(ses_address_path(&cx, ses_str(cases[i].address), &a),
                         SES_OK);
        if (ses_simulator_kind(SES_STR("sim.example"), &a) != cases[i].kind)
            fail_msg("%s", cases[i].address);
    }
    assert_int_equal(ses_address_path(&cx, SES_STR("success@sim.example"), &a),
                     SES_OK);
    assert_int_equal(ses_simulator_kind(SES_STR(""), &a), SES_SIM_NONE);
    ses_arena_free(cx.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kinds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
