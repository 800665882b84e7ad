/*
 * lookup - DNS as sesame.conf says, for a command that waits for it
 */
#include "lookup.h"

#include "policy/keyrecord.h"
#include "policy/rdata.h"

/* "IP:PORT" or "[IP]:PORT" as libunbound spells it. */
static int
forward(struct ub_ctx *ub, ses_arena_t *a, ses_str_t one)
{
    ptrdiff_t colon = ses_str_rfind(one, ':');
    ses_str_t ip = ses_str_head(one, colon < 0 ? 0 : (size_t) colon);

    if (ip.n > 2 && ip.p[0] == '[')
        ip = ses_str_n(ip.p + 1, ip.n - 2);
    return ub_ctx_set_fwd(
        ub, ses_str_printf(a, "%.*s@%.*s", SES_FMT(ip),
                           SES_FMT(ses_str_from(one, (size_t) (colon + 1))))
                .p);
}

struct ub_ctx *
lookup_open(const ctl_t *c)
{
    ses_str_t rest = c->conf.resolver, one;
    struct ub_ctx *ub = ub_ctx_create();
    int e = 0;

    if (ub == NULL)
        return NULL;
    if (c->conf.dns_trust_anchor.n > 0)
        e = ub_ctx_add_ta_file(ub, c->conf.dns_trust_anchor.p);
    else
        e = ub_ctx_set_option(ub, "module-config:", "iterator");
    if (e == 0 && rest.n == 0)
        e = ub_ctx_resolvconf(ub, NULL);
    while (e == 0 && rest.n > 0 && ses_str_cut(&rest, ' ', &one))
        e = forward(ub, c->arena, one);
    /* The library would answer for it itself. */
    if (e == 0 && c->conf.resolver.n > 0)
        e = ub_ctx_zone_remove(ub, "test.");
    if (e == 0)
        return ub;
    ub_ctx_delete(ub);
    return NULL;
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
