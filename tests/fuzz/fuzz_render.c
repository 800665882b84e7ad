/*
 * fuzz_render - a template, a line "----", and data: the same twice, and
 * within the limits
 */
#include <stdint.h>
#include <stdlib.h>

#include "template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ses_rc_t
render(ses_cx_t *cx, const ses_tpl_t *t, const ses_tpl_data_t *d,
       ses_buf_t *out)
{
    ses_tpl_limits_t limits = {50000, 60, true};

    ses_buf_init(out, cx->arena, 50000);
    return ses_tpl_render(cx, t, d, &limits, out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ses_str_t text = ses_str_n(data, size), json;
    ses_arena_t *a = ses_arena_new();
    ses_cx_t cx = ses_cx(a, 0);
    const ses_tpl_data_t *d, *twice;
    const ses_tpl_t *t;
    ses_buf_t one, two;
    ptrdiff_t cut = ses_str_search(text, SES_STR("\n----\n"));

    if (cut >= 0) {
        json = ses_str_from(text, (size_t) cut + 6);
        text = ses_str_head(text, (size_t) cut);
        if (ses_tpl_data(&cx, json, &d) == SES_OK &&
            ses_tpl_compile(&cx, a, text, &t, NULL) == SES_OK) {
            ses_rc_t rc = render(&cx, t, d, &one);

            if (rc != render(&cx, t, d, &two) || one.n > 50000 ||
                (rc == SES_OK &&
                 !ses_str_eq(ses_buf_get(&one), ses_buf_get(&two))))
                abort();
            /* Data over itself is the same data. */
            twice = ses_tpl_data_over(a, d, d);
            if (rc == SES_OK && render(&cx, t, twice, &two) == SES_OK &&
                !ses_str_eq(ses_buf_get(&one), ses_buf_get(&two)))
                abort();
        }
    }
    ses_arena_free(a);
    return 0;
}
