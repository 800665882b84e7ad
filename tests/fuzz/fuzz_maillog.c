/*
 * fuzz_maillog - lines of the delivery log
 *
 * Every field must lie within the line.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../milter/agent/maillog.c"

static void
inside(ses_str_t s, const uint8_t *data, size_t size)
{
    const char *from = (const char *) data;

    if (s.n > 0 && (s.p < from || s.p + s.n > from + size))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    maillog_t f;

    if (!maillog_parse(ses_str_n(data, size), &f))
        return 0;

    inside(f.stamp, data, size);
    inside(f.queue_id, data, size);
    inside(f.sender, data, size);
    inside(f.rcpt, data, size);
    inside(f.orig_rcpt, data, size);
    inside(f.text, data, size);
    inside(f.orig_id, data, size);
    inside(maillog_relay_ip(f.relay), data, size);
    inside(maillog_said(f.text), data, size);
    (void) maillog_time(f.stamp, 1795491019000);
    return 0;
}
