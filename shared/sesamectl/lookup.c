/*
 * lookup - DNS as sesame.conf says, for a command that waits for it
 */
#include "lookup.h"

#include "policy/keyrecord.h"
#include "policy/rdata.h"

struct ub_ctx *
lookup_open(const ctl_t *c)
{
    int e;

    return ses_resolve_context(&c->conf, false, &e);
}

ses_str_t
lookup_text(ses_arena_t *a, const struct ub_result *res, int i)
{
    ses_str_t text;

    if (!ses_keyrecord_txt(a, ses_str_n(res->data[i], (size_t) res->len[i]),
                           &text))
        return SES_STR("");
    return text;
}

ses_str_t
lookup_mx(ses_arena_t *a, const struct ub_result *res, int i)
{
    ses_str_t name;

    if (!ses_rdata_mx(a, ses_str_n(res->data[i], (size_t) res->len[i]), &name))
        return SES_STR("");
    return name;
}
