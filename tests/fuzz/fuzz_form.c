/*
 * fuzz_form - forms of the Query protocol, read along an operation's shape
 *
 * Whatever comes, fields are decoded text in order, and the input is an
 * object that the shape check can walk.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "api/params.h"
#include "base/encode.h"

static const ses_member_t word[] = {{.name = "member", .type = SES_T_STRING}};
static const ses_member_t pair[] = {
    {.name = "Name", .type = SES_T_STRING},
    {.name = "Value", .type = SES_T_INT},
    {.name = "Deep", .type = SES_T_LIST, .of = word},
    {.name = NULL}};
static const ses_member_t pairs[] = {
    {.name = "member", .type = SES_T_STRUCT, .of = pair}};
static const ses_member_t shape[] = {
    {.name = "Source", .type = SES_T_STRING, .min = 1, .max = 20},
    {.name = "Count", .type = SES_T_INT, .min = 1, .max = 5},
    {.name = "Rate", .type = SES_T_DOUBLE},
    {.name = "Enabled", .type = SES_T_BOOL},
    {.name = "Destination", .type = SES_T_STRUCT, .of = pair},
    {.name = "Tags", .type = SES_T_LIST, .of = pairs},
    {.name = "Attributes", .type = SES_T_MAP, .of = word},
    {.name = NULL}};
static const op_def_t def = {.name = "Fuzz", .input = shape};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ses_arena_t *arena = ses_arena_new();
    ses_cx_t cx = ses_cx(arena, 0);
    cJSON *in = NULL;
    form_t form;
    size_t i;

    if (form_parse(&cx, ses_str_n(data, size), &form) == SES_OK) {
        for (i = 0; i < form.n; i++)
            if (!ses_utf8_valid(form.fields[i].name) ||
                !ses_utf8_valid(form.fields[i].value) ||
                (i > 0 && ses_str_cmp(form.fields[i - 1].name,
                                      form.fields[i].name) >= 0))
                abort();
        if (params_form(&cx, &form, &def, &in) != SES_OK || !cJSON_IsObject(in))
            abort();
        if (ses_shape_check(&cx, shape, in) != SES_OK && cx.why_rc == SES_OK)
            abort();
        ses_json_free(in);
    }
    ses_arena_free(arena);
    return 0;
}
