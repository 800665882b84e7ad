/*
 * fuzz_mime - Simple content as JSON: refused, or composed well
 */
#include <stdint.h>
#include <stdlib.h>

#include "api/compose.h"
#include "policy/shape.h"
#include "policy/shapes_v2.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 7-bit, CRLF line ends alone, no line over 998. */
static void
check(ses_str_t s)
{
    size_t i, col = 0;

    for (i = 0; i < s.n; i++) {
        if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n') {
            col = 0;
            i++;
            continue;
        }
        if ((s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] > '~' || ++col > 998)
            abort();
    }
    if (!ses_str_ends(s, SES_STR("\r\n")))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ses_arena_t *a = ses_arena_new();
    ses_cx_t cx = ses_cx(a, 0);
    ses_address_t from;
    mime_message_t m = {.from = &from, .to = &from, .nto = 1};
    ses_buf_t b;
    cJSON *in = NULL;
    const cJSON *simple;

    if (ses_json_parse(&cx, ses_str_n(data, size), &in) == SES_OK &&
        ses_shape_check(&cx, ses_v2_send, in) == SES_OK &&
        ses_address_parse(&cx, ses_json_str(in, "FromEmailAddress"), &from) ==
            SES_OK) {
        simple = ses_json_get(ses_json_get(in, "Content"), "Simple");
        if (simple != NULL && compose_read(&cx, simple, "Content.Simple",
                                           1 << 20, &m) == SES_OK) {
            ses_buf_init(&b, a, 1 << 24);
            mime_compose(&cx, &b, &m);
            if (!b.overflow)
                check(ses_buf_get(&b));
        }
    }
    ses_json_free(in);
    ses_arena_free(a);
    return 0;
}
