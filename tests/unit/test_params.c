/* params: path, query, body and form become one object */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../nginx-module/api/form.c"
#define by_name params_by_name
#include "../../nginx-module/api/params.c"
#include "../../nginx-module/api/request.c"

static const ses_member_t word[] = {{.name = "member", .type = SES_T_STRING}};
static const ses_member_t pair[] = {{.name = "Name", .type = SES_T_STRING},
                                    {.name = "Value", .type = SES_T_STRING},
                                    {.name = NULL}};
static const ses_member_t pairs[] = {
    {.name = "member", .type = SES_T_STRUCT, .of = pair}};
static const ses_member_t destination[] = {
    {.name = "ToAddresses", .type = SES_T_LIST, .of = word},
    {.name = "CcAddresses", .type = SES_T_LIST, .of = word},
    {.name = NULL}};

#define REST_MEMBERS                                                           \
    {.name = "Id", .type = SES_T_STRING, .where = SES_IN_PATH},                \
        {.name = "Ip",                                                         \
         .type = SES_T_STRING,                                                 \
         .where = SES_IN_PATH,                                                 \
         .wire = "IP"},                                                        \
        {.name = "PageSize", .type = SES_T_INT, .where = SES_IN_QUERY},        \
        {.name = "Reasons",                                                    \
         .type = SES_T_LIST,                                                   \
         .where = SES_IN_QUERY,                                                \
         .wire = "Reason",                                                     \
         .of = word},                                                          \
        {.name = "Since", .type = SES_T_TIME, .where = SES_IN_QUERY},          \
    {                                                                          \
        .name = "Flag", .type = SES_T_BOOL, .where = SES_IN_QUERY              \
    }

static const ses_member_t rest_shape[] = {
    REST_MEMBERS, {.name = "Body", .type = SES_T_STRING}, {.name = NULL}};
static const ses_member_t bare_shape[] = {REST_MEMBERS, {.name = NULL}};
static const op_def_t rest = {
    .name = "R", .method = "POST", .input = rest_shape};
static const op_def_t rest_get = {
    .name = "G", .method = "GET", .input = rest_shape};
static const op_def_t bare_get = {
    .name = "B", .method = "GET", .input = bare_shape};

static const ses_member_t form_shape[] = {
    {.name = "Source", .type = SES_T_STRING},
    {.name = "Count", .type = SES_T_INT},
    {.name = "Rate", .type = SES_T_DOUBLE},
    {.name = "Enabled", .type = SES_T_BOOL},
    {.name = "Destination", .type = SES_T_STRUCT, .of = destination},
    {.name = "Tags", .type = SES_T_LIST, .of = pairs},
    {.name = "Attributes", .type = SES_T_MAP, .of = word},
    {.name = NULL}};
static const op_def_t query = {.name = "Q", .input = form_shape};

static const struct {
    const op_def_t *def;
    const char *query, *body, *id;
    ses_rc_t rc;
    const char *want; /* printed JSON, or the text of the failure */
} rest_cases[] = {
    {&rest, "", "", "x", SES_OK, "{\"Id\":\"x\"}"},
    {&rest, "", "{}", "a%2Fb%40c+d", SES_OK, "{\"Id\":\"a/b@c+d\"}"},
    {&rest, "", "{\"Body\":1,\"New\":[2]}", "x", SES_OK,
     "{\"Body\":1,\"Id\":\"x\"}"},
    {&rest, "", "{\"Id\":\"evil\",\"PageSize\":7,\"Ip\":1}", "x", SES_OK,
     "{\"Id\":\"x\"}"},
    {&bare_get, "PageSize=5&Reason=A&x=1&Reason=B", "ignored", "x", SES_OK,
     "{\"PageSize\":5,\"Reasons\":[\"A\",\"B\"],\"Id\":\"x\"}"},
    {&rest_get, "PageSize=5", "{\"Body\":\"b\",\"PageSize\":7}", "x", SES_OK,
     "{\"Body\":\"b\",\"PageSize\":5,\"Id\":\"x\"}"},
    {&rest_get, "", "ignored", "x", SES_SERIALIZATION, NULL},
    {&bare_get, "PageSize=abc&Flag=true", "", "x", SES_OK,
     "{\"PageSize\":\"abc\",\"Flag\":true,\"Id\":\"x\"}"},
    {&bare_get, "PageSize=5.5&PageSize=6", "", "x", SES_OK,
     "{\"PageSize\":5.5,\"Id\":\"x\"}"},
    {&bare_get, "PageSize=", "", "x", SES_OK,
     "{\"PageSize\":\"\",\"Id\":\"x\"}"},
    {&bare_get, "PageSize=true", "", "x", SES_OK,
     "{\"PageSize\":\"true\",\"Id\":\"x\"}"},
    {&bare_get, "Since=2026-11-14T22%3A13%3A20Z", "", "x", SES_OK,
     "{\"Since\":\"2026-11-14T22:13:20Z\",\"Id\":\"x\"}"},
    {&bare_get, "Reason", "", "x", SES_OK, "{\"Reasons\":[\"\"],\"Id\":\"x\"}"},
    {&bare_get, "Reason=%00", "", "x", SES_INVALID,
     "Reasons is not valid UTF-8 text, percent-encoded."},
    {&bare_get, "", "", "a%00b", SES_INVALID,
     "Id is not valid UTF-8 text, percent-encoded."},
    {&bare_get, "", "", "a%ff", SES_INVALID,
     "Id is not valid UTF-8 text, percent-encoded."},
    {&bare_get, "", "", "a%4", SES_INVALID,
     "Id is not valid UTF-8 text, percent-encoded."},
    {&rest, "", " ", "x", SES_SERIALIZATION, NULL},
    {&rest, "", "[]", "x", SES_SERIALIZATION, NULL},
    {&rest, "", "\"x\"", "x", SES_SERIALIZATION, NULL},
    {&rest, "", "null", "x", SES_SERIALIZATION, NULL},
    {&rest, "", "{\"a\":1,\"a\":1}", "x", SES_SERIALIZATION, NULL},
    {&rest, "", "{}x", "x", SES_SERIALIZATION, NULL},
};

static void
expect(ses_cx_t *cx, ses_rc_t rc, ses_rc_t want_rc, cJSON *in, const char *want,
       const char *what)
{
    char *text;

    if (rc != want_rc)
        fail_msg("%s: %s %.*s", what, ses_rc_name(rc), SES_FMT(cx->why));
    if (rc != SES_OK) {
        if (want == NULL)
            assert_null(cx->why.p);
        else
            assert_string_equal(ses_str_c(cx->arena, cx->why), want);
        return;
    }
    text = cJSON_PrintUnformatted(in);
    assert_string_equal(text, want);
    free(text);
    ses_json_free(in);
}

static void
test_rest(void **state)
{
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(rest_cases) / sizeof(rest_cases[0]); i++) {
        ses_arena_t *a = ses_arena_new();
        ses_cx_t cx = ses_cx(a, 0);
        api_request_t r = {.method = ses_str(rest_cases[i].def->method),
                           .query = ses_str(rest_cases[i].query),
                           .body = ses_str(rest_cases[i].body)};
        api_labels_t labels = {.n = 1};
        cJSON *in = NULL;
        ses_rc_t rc;

        labels.label[0].name = SES_STR("Id");
        labels.label[0].value = ses_str(rest_cases[i].id);
        rc = params_rest(&cx, &r, rest_cases[i].def, &labels, &in);
        expect(&cx, rc, rest_cases[i].rc, in, rest_cases[i].want,
               rest_cases[i].body);
        ses_arena_free(a);
    }
}

static void
test_wire_name(void **state)
{
    ses_arena_t *a = ses_arena_new();
    ses_cx_t cx = ses_cx(a, 0);
    api_request_t r = {.method = SES_STR("GET")};
    api_labels_t labels = {.n = 2};
    cJSON *in = NULL;
    ses_rc_t rc;

    (void) state;
    labels.label[0].name = SES_STR("IP");
    labels.label[0].value = SES_STR("192.0.2.1");
    labels.label[1].name = SES_STR("Unlisted");
    labels.label[1].value = SES_STR("u");
    rc = params_rest(&cx, &r, &rest, &labels, &in);
    expect(&cx, rc, SES_OK, in, "{\"Ip\":\"192.0.2.1\",\"Unlisted\":\"u\"}",
           "wire");
    ses_arena_free(a);
}

static const struct {
    const char *form;
    ses_rc_t rc;
    const char *want;
} form_cases[] = {
    {"", SES_OK, "{}"},
    {"Action=Q&Version=1&Source=a%40b+c", SES_OK, "{\"Source\":\"a@b c\"}"},
    {"Count=5&Rate=2.5&Enabled=false", SES_OK,
     "{\"Count\":5,\"Rate\":2.5,\"Enabled\":false}"},
    {"Count=x", SES_INVALID,
     "1 validation error detected: Value 'x' at 'count' failed to satisfy "
     "constraint: Member must be an integer"},
    {"Count=1.5", SES_INVALID,
     "1 validation error detected: Value '1.5' at 'count' failed to satisfy "
     "constraint: Member must be an integer"},
    {"Enabled=maybe", SES_INVALID,
     "1 validation error detected: Value 'maybe' at 'enabled' failed to "
     "satisfy constraint: Member must be a boolean"},
    {"Destination.ToAddresses=a", SES_INVALID,
     "1 validation error detected: Value 'a' at 'destination.toAddresses' "
     "failed to satisfy constraint: Member must be a list"},
    {"Destination.ToAddresses.member.2=b&Destination.ToAddresses.member.10=c&"
     "Destination.ToAddresses.member.1=a&Destination.CcAddresses=",
     SES_OK,
     "{\"Destination\":{\"ToAddresses\":[\"a\",\"b\",\"c\"],"
     "\"CcAddresses\":[]}}"},
    {"Tags.member.1.Name=n&Tags.member.1.Value=v&Tags.member.3.Name=m", SES_OK,
     "{\"Tags\":[{\"Name\":\"n\",\"Value\":\"v\"},{\"Name\":\"m\"}]}"},
    {"Tags.member.x.Name=n&Tags.member.01.Name=m&Tags.member.0.Name=z", SES_OK,
     "{}"},
    {"Attributes.entry.1.key=k&Attributes.entry.1.value=v&"
     "Attributes.entry.2.key=l&Attributes.entry.2.value=w&"
     "Attributes.entry.3.key=only",
     SES_OK, "{\"Attributes\":{\"k\":\"v\",\"l\":\"w\"}}"},
    {"Source=a&Source=b", SES_INVALID, "Parameter Source is given twice."},
    {"Source=%ff", SES_INVALID,
     "The parameters are not valid UTF-8 text, percent-encoded."},
    {"Source=a%00", SES_INVALID,
     "The parameters are not valid UTF-8 text, percent-encoded."},
    {"Source=%", SES_INVALID,
     "The parameters are not valid UTF-8 text, percent-encoded."},
};

static void
test_form(void **state)
{
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(form_cases) / sizeof(form_cases[0]); i++) {
        ses_arena_t *a = ses_arena_new();
        ses_cx_t cx = ses_cx(a, 0);
        cJSON *in = NULL;
        form_t form;
        ses_rc_t rc = form_parse(&cx, ses_str(form_cases[i].form), &form);

        if (rc == SES_OK)
            rc = params_form(&cx, &form, &query, &in);
        expect(&cx, rc, form_cases[i].rc, in, form_cases[i].want,
               form_cases[i].form);
        ses_arena_free(a);
    }
}

static void
test_form_many(void **state)
{
    ses_arena_t *a = ses_arena_new();
    ses_cx_t cx = ses_cx(a, 0);
    ses_buf_t b;
    form_t form;
    int i;

    (void) state;
    ses_buf_init(&b, a, 10 * 1024 * 1024);
    for (i = 0; i < 30000; i++)
        ses_buf_printf(&b, "a%d=1&", i);
    assert_int_equal(form_parse(&cx, ses_buf_get(&b), &form), SES_INVALID);
    ses_arena_free(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_wire_name),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_form_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
