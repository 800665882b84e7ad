/*
 * fuzz_ticket - tickets and tokens that nobody gave out
 *
 * Nothing but what the keys made is ever taken.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "policy/ticket.h"
#include "policy/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const ses_keyring_t ring = {2, {{'a', {1, 2, 3}}, {'7', {4, 5, 6}}}};
    static ses_arena_t *arena;
    ses_str_t s = ses_str_n(data, size), to = SES_STR("ann@mail.test");
    ses_ticket_t t;
    ses_msgid_t id;
    ses_cx_t cx;

    if (arena == NULL)
        arena = ses_arena_new();
    ses_arena_reset(arena);
    cx = ses_cx(arena, 0);
    if (ses_ticket_parse(&cx, &ring, s, SES_STR(""), &to, 1, &t) != SES_FORGED)
        abort();
    if (ses_token_parse(&cx, &ring, s, &id) == SES_OK)
        abort();
    return 0;
}
