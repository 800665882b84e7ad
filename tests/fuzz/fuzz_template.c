/*
 * fuzz_template - any text: refused with a place in it, or rendered
 */
#include <stdint.h>
#include <stdlib.h>

#include "template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ses_str_t json = SES_STR_INIT(
    "{\"a\":{\"b\":[1,\"x\",{\"c\":null}],\"0\":true},\"list\":[[1],[2,3],"
    "{\"a\":\"y\"}],\"name\":\"\xc3\xa9\xf0\x9f\x98\x80\",\"n\":0.5,\"\":7}");

static void
render(ses_cx_t *cx, const ses_tpl_t *t, bool missing_ok)
{
    ses_tpl_limits_t limits = {20000, 100, missing_ok};
    const ses_tpl_data_t *d;
    ses_buf_t out;
    ses_rc_t rc;

    if (ses_tpl_data(cx, json, &d) != SES_OK)
        abort();
    ses_buf_init(&out, cx->arena, 100000);
    rc = ses_tpl_render(cx, t, d, &limits, &out);
    if (rc != SES_OK && rc != SES_LIMIT && rc != SES_INVALID &&
        (rc != SES_NOT_FOUND || missing_ok))
        abort();
    if ((rc == SES_OK) != (cx->why.n == 0))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ses_arena_t *a = ses_arena_new();
    ses_cx_t cx = ses_cx(a, 0);
    ses_tpl_error_t e;
    const ses_tpl_t *t;

    if (ses_tpl_compile(&cx, a, ses_str_n(data, size), &t, &e) == SES_OK) {
        render(&cx, t, true);
        ses_cx_clear(&cx);
        render(&cx, t, false);
    } else if (cx.why_rc != SES_INVALID || e.line == 0 || e.column == 0 ||
               e.text.n == 0) {
        abort();
    }
    ses_arena_free(a);
    return 0;
}
