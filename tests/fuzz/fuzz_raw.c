/*
 * fuzz_raw - whole messages: refused, or split with their bytes kept
 */
#include <stdint.h>
#include <stdlib.h>

#include "api/raw.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const raw_t *raw, ses_str_t bytes)
{
    size_t i, at = 0;

    for (i = 0; i < raw->data.n; i++) {
        if (at < bytes.n && raw->data.p[i] == bytes.p[at]) {
            at++;
            continue;
        }
        if (raw->data.p[i] != '\r' && raw->data.p[i] != '\n')
            abort(); /* what is new is line ends */
    }
    if (at != bytes.n || !ses_str_ends(raw->data, SES_STR("\r\n")) ||
        raw->headers.n == 0)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"From", "To", "Cc", "Bcc"};
    ses_arena_t *a = ses_arena_new();
    ses_cx_t cx = ses_cx(a, 0);
    ses_address_t *v;
    unsigned n;
    raw_t raw;
    size_t i;

    if (raw_parse(&cx, ses_str_n(data, size), &raw) == SES_OK) {
        check(&raw, ses_str_n(data, size));
        for (i = 0; i < 4; i++)
            if (raw_mailboxes(&cx, &raw, names[i], 50, &v, &n) != SES_OK)
                ses_cx_clear(&cx);
    }
    ses_arena_free(a);
    return 0;
}
