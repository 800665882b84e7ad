/*
 * fuzz_body - a body in chunks: the same verdict however it is cut
 *
 * Input: the size of the chunks (one byte), then the body.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../milter/gate/body.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t step = size > 0 && data[0] > 0 ? data[0] : 1, at, n;
    const char *text = (const char *) data + 1;
    body_t whole = {0}, cut = {0};
    ses_cx_t cx = ses_cx(ses_arena_new(), 0);

    size = size > 0 ? size - 1 : 0;
    if (size > 0)
        body_scan(&whole, text, size);
    for (at = 0; at < size; at += n) {
        n = size - at < step ? size - at : step;
        body_scan(&cut, text + at, n);
    }
    if (whole.bytes != cut.bytes || whole.nul != cut.nul ||
        whole.stray != cut.stray || whole.too_long != cut.too_long ||
        body_closed(&whole) != body_closed(&cut))
        abort();
    (void) !body_check(&cx, &whole);
    ses_arena_free(cx.arena);
    return 0;
}
