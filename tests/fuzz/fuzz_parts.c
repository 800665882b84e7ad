/*
 * fuzz_parts - MIME parts in chunks: the same findings however they are cut
 *
 * Input: the size of the chunks (one byte), the values of Content-Type and
 * Content-Transfer-Encoding, a line each, then the body.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../milter/gate/parts.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ses_rc_t
scan(ses_cx_t *cx, parts_t *p, ses_str_t text, size_t step)
{
    ses_str_t type, coding;
    size_t n;

    (void) ses_str_cut(&text, '\n', &type);
    if (!ses_str_cut(&text, '\n', &coding))
        coding = SES_STR("");
    parts_begin(p, type, coding);
    for (; text.n > 0; text = ses_str_from(text, n)) {
        n = text.n < step ? text.n : step;
        parts_scan(cx, p, text.p, n);
    }
    return parts_end(cx, p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t step = size > 0 && data[0] > 0 ? data[0] : 1;
    ses_str_t text = ses_str_from(ses_str_n(data, size), 1);
    ses_cx_t cx = ses_cx(ses_arena_new(), 0);
    parts_t whole, cut;

    if (scan(&cx, &whole, text, SIZE_MAX) != scan(&cx, &cut, text, step) ||
        whole.n != cut.n || whole.content.bad != cut.content.bad ||
        whole.content.open || whole.nboundaries != cut.nboundaries ||
        !ses_str_eq(whole.refused, cut.refused))
        abort();
    ses_arena_free(cx.arena);
    return 0;
}
