/*
 * fuzz_smtp - what a server says to the injector
 *
 * The first byte says how many bytes are fed at a time; the events must not
 * depend on it, and no message is answered that was not given.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "api/smtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ses_str_t rcpts[] = {SES_STR_INIT("b@e"), SES_STR_INIT("c@e")};

/* Play the client; a sum of what happened. */
static uint64_t
play(ses_arena_t *a, ses_str_t all, size_t step)
{
    uint64_t sum = 0;
    bool given = false;
    ses_str_t in;
    smtp_event_t event;
    smtp_t s;

    smtp_init(&s);
    while (all.n > 0) {
        in = ses_str_head(all, step);
        all = ses_str_from(all, in.n);
        while ((event = smtp_feed(&s, &in)) != SMTP_MORE) {
            sum = sum * 31 + event;
            if (event == SMTP_ANSWER && !given)
                abort();
            if (s.line.n > SMTP_LINE)
                abort();
            if (event == SMTP_BROKEN)
                return sum;
            if (event == SMTP_GO) {
                (void) smtp_chunk(&s, a, 5);
                given = true;
            }
            if (event == SMTP_REFUSED)
                (void) smtp_reset(&s);
            if (event == SMTP_READY || event == SMTP_ANSWER) {
                given = false;
                (void) smtp_envelope(&s, a, SES_STR("a@d"), rcpts, 2);
            }
        }
    }
    return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ses_arena_t *arena = ses_arena_new();
    ses_str_t all;

    if (size > 1) {
        all = ses_str_n(data + 1, size - 1);
        if (play(arena, all, data[0] == 0 ? 1 : data[0]) !=
            play(arena, all, all.n))
            abort();
    }
    ses_arena_free(arena);
    return 0;
}
