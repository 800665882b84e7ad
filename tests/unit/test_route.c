/* route: templates against undecoded paths, actions by version */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../nginx-module/api/route.c"

#define REST(n, m, p)                                                          \
    {                                                                          \
        .name = n, .protocol = OP_REST, .method = m, .path = p                 \
    }
#define ACTION(n, p)                                                           \
    {                                                                          \
        .name = n, .protocol = p, .method = "POST"                             \
    }
#define NONE                                                                   \
    {                                                                          \
        .name = NULL                                                           \
    }

const op_def_t ops_account[] = {REST("GetAccount", "GET", "/v2/email/account"),
                                NONE};
const op_def_t ops_identity[] = {
    REST("CreateEmailIdentity", "POST", "/v2/email/identities"),
    REST("ListEmailIdentities", "GET", "/v2/email/identities"),
    REST("GetEmailIdentity", "GET", "/v2/email/identities/{EmailIdentity}"),
    REST("GetInsights", "GET", "/v2/email/insights/{MessageId}/"),
    REST("Policy", "PUT",
         "/v2/email/identities/{EmailIdentity}/policies/{PolicyName}"),
    NONE};
const op_def_t ops_v1_identity[] = {NONE};
const op_def_t ops_v1_attributes[] = {NONE};
const op_def_t ops_v1_policy[] = {NONE};
const op_def_t ops_v1_account[] = {NONE};
const op_def_t ops_v1_config_set[] = {NONE};
const op_def_t ops_v1_event_destination[] = {NONE};
const op_def_t ops_v1_notification[] = {NONE};
const op_def_t ops_v1_send[] = {NONE};
const op_def_t ops_v1_verify_template[] = {NONE};
const op_def_t ops_identity_dkim[] = {NONE};
const op_def_t ops_identity_policy[] = {NONE};
const op_def_t ops_verify_template[] = {NONE};
const op_def_t ops_pool[] = {NONE};
const op_def_t ops_config_set[] = {NONE};
const op_def_t ops_event_destination[] = {NONE};
const op_def_t ops_suppression[] = {NONE};
const op_def_t ops_send[] = {ACTION("SendEmail", OP_QUERY), NONE};
const op_def_t ops_topic[] = {ACTION("CreateTopic", OP_SNS), NONE};
const op_def_t ops_subscription[] = {NONE};

static const struct {
    const char *method, *path, *name, *label;
} cases[] = {
    {"GET", "/v2/email/account", "GetAccount", NULL},
    {"GET", "/v2/email/account/", NULL, NULL},
    {"GET", "//v2/email/account", NULL, NULL},
    {"GET", "/v2//email/account", NULL, NULL},
    {"HEAD", "/v2/email/account", NULL, NULL},
    {"get", "/v2/email/account", NULL, NULL},
    {"POST", "/v2/email/account", NULL, NULL},
    {"GET", "/v2/email/%61ccount", NULL, NULL},
    {"GET", "/", NULL, NULL},
    {"GET", "", NULL, NULL},
    {"POST", "/v2/email/identities", "CreateEmailIdentity", NULL},
    {"GET", "/v2/email/identities", "ListEmailIdentities", NULL},
    {"GET", "/v2/email/identities/", NULL, NULL},
    {"GET", "/v2/email/identities/a%2Fb", "GetEmailIdentity", "a%2Fb"},
    {"GET", "/v2/email/identities/a/b", NULL, NULL},
    {"GET", "/v2/email/identities/.", NULL, NULL},
    {"GET", "/v2/email/identities/..", NULL, NULL},
    {"GET", "/v2/email/identities/%2E%2E", "GetEmailIdentity", "%2E%2E"},
    {"GET", "/v2/email/identities/a%00b", "GetEmailIdentity", "a%00b"},
    {"GET", "/v2/email/insights/x", "GetInsights", "x"},
    {"GET", "/v2/email/insights/x/", "GetInsights", "x"},
    {"GET", "/v2/email/insights/x//", NULL, NULL},
    {"GET", "/v2/email/insights//", NULL, NULL},
    {"PUT", "/v2/email/identities/a/policies/b", "Policy", "a"},
};

static void
test_paths(void **state)
{
    const op_def_t *def;
    api_labels_t labels;
    ses_str_t label;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        def = route_rest(ses_str(cases[i].method), ses_str(cases[i].path),
                         &labels);
        if (cases[i].name == NULL) {
            if (def != NULL)
                fail_msg("%s is %s", cases[i].path, def->name);
            continue;
        }
        if (def == NULL)
            fail_msg("%s is nothing", cases[i].path);
        assert_string_equal(def->name, cases[i].name);
        if (cases[i].label == NULL) {
            assert_int_equal(labels.n, 0);
            continue;
        }
        label = labels.label[0].value;
        assert_true(ses_str_eqc(label, cases[i].label));
    }
}

static const struct {
    const char *action, *version, *name;
} actions[] = {
    {"SendEmail", "2010-12-01", "SendEmail"},
    {"SendEmail", "2010-03-31", NULL},
    {"SendEmail", "", "SendEmail"},
    {"CreateTopic", "2010-03-31", "CreateTopic"},
    {"CreateTopic", "2010-12-01", NULL},
    {"CreateTopic", "", "CreateTopic"},
    {"CreateTopic", "2019-09-27", NULL},
    {"GetAccount", "2010-12-01", NULL},
    {"GetAccount", "", NULL},
    {"", "", NULL},
};

static void
test_actions(void **state)
{
    const op_def_t *def;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        def = route_action(ses_str(actions[i].action),
                           ses_str(actions[i].version));
        if (actions[i].name == NULL)
            assert_null(def);
        else
            assert_string_equal(def->name, actions[i].name);
    }
    assert_int_equal(route_protocol(SES_STR("2010-03-31")), OP_SNS);
    assert_int_equal(route_protocol(SES_STR("2010-12-01")), OP_QUERY);
    assert_int_equal(route_protocol(SES_STR("x")), OP_QUERY);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_actions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
