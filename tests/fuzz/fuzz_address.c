/*
 * fuzz_address - mailboxes, lists, paths and domain names
 *
 * What is accepted is bounded, clean, and its own canonical form.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "policy/address.h"

static ses_arena_t *arena;

static void
canonical(const ses_address_t *a)
{
    ses_cx_t cx = ses_cx(arena, 0);
    ses_address_t again;
    size_t i;

    if (a->addr.n == 0)
        return;
    if (a->addr.n > SES_ADDRESS_MAX ||
        ses_address_path(&cx, a->addr, &again) != SES_OK ||
        !ses_str_eq(a->addr, again.addr) ||
        ses_address_parse(&cx, a->addr, &again) != SES_OK ||
        !ses_str_eq(a->addr, again.addr))
        abort();
    for (i = 0; i < a->addr.n; i++)
        if ((unsigned char) a->addr.p[i] < ' ' ||
            (unsigned char) a->addr.p[i] > '~')
            abort();
    for (i = 0; i < a->display.n; i++)
        if ((unsigned char) a->display.p[i] < ' ' && a->display.p[i] != '\t')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ses_str_t s = ses_str_n(data, size), domain;
    ses_address_t one, *all;
    ses_cx_t cx;
    unsigned n, i;

    if (arena == NULL)
        arena = ses_arena_new();
    ses_arena_reset(arena);
    cx = ses_cx(arena, 0);
    if (ses_address_parse(&cx, s, &one) == SES_OK)
        canonical(&one);
    if (ses_address_path(&cx, s, &one) == SES_OK)
        canonical(&one);
    if (ses_address_list(&cx, s, 50, &all, &n) == SES_OK)
        for (i = 0; i < n; i++)
            canonical(&all[i]);
    if (ses_domain_canon(&cx, s, &domain) == SES_OK && domain.n > 253)
        abort();
    return 0;
}
