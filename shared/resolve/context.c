/*
 * context - a libunbound context as sesame.conf says
 */
#include "resolve/context.h"

#include <stdio.h>

/* "IP:PORT" or "[IP]:PORT" as libunbound spells it: "IP@PORT". */
static int
forward(struct ub_ctx *ub, ses_str_t endpoint)
{
    ptrdiff_t colon = ses_str_rfind(endpoint, ':');
    ses_str_t ip = ses_str_head(endpoint, (size_t) (colon < 0 ? 0 : colon));
    char addr[80];

    if (ip.n > 2 && ip.p[0] == '[')
        ip = ses_str_n(ip.p + 1, ip.n - 2);
    snprintf(addr, sizeof(addr), "%.*s@%.*s", SES_FMT(ip),
             SES_FMT(ses_str_from(endpoint, (size_t) (colon + 1))));
    return ub_ctx_set_fwd(ub, addr);
}

static int
configure(struct ub_ctx *ub, const ses_conf_t *conf, bool threaded)
{
    static const char *const options[][2] = {
        {"cache-max-ttl:", "0"},
        {"cache-max-negative-ttl:", "0"},
        {"qname-minimisation:", "no"}, /* a forwarder asks for whole names */
        /* Sockets, one for each question: the library's few would let
         * questions about dead names hold up all others. */
        {"outgoing-range:", "512"},
        {"outgoing-num-tcp:", "32"},
    };
    ses_str_t rest = conf->resolver, one;
    int e = 0;
    size_t i;

    for (i = 0; e == 0 && i < sizeof(options) / sizeof(options[0]); i++)
        e = ub_ctx_set_option(ub, options[i][0], options[i][1]);
    if (e == 0 && conf->dns_trust_anchor.n > 0)
        e = ub_ctx_add_ta_file(ub, conf->dns_trust_anchor.p);
    else if (e == 0)
        e = ub_ctx_set_option(ub, "module-config:", "iterator");
    if (e == 0 && conf->resolver.n == 0)
        e = ub_ctx_resolvconf(ub, NULL);
    while (e == 0 && rest.n > 0 && ses_str_cut(&rest, ' ', &one))
        e = forward(ub, one);
    if (e == 0)
        e = ub_ctx_async(ub, threaded);
    /* The last, it ends configuration.  The library answers for .test
     * itself; whoever names a resolver wants its answer. */
    if (e == 0 && conf->resolver.n > 0)
        e = ub_ctx_zone_remove(ub, "test.");
    return e;
}

struct ub_ctx *
ses_resolve_context(const ses_conf_t *conf, bool threaded, int *error)
{
    struct ub_ctx *ub = ub_ctx_create();
    int e = ub == NULL ? UB_NOMEM : configure(ub, conf, threaded);

    if (e == 0)
        return ub;
    if (ub != NULL)
        ub_ctx_delete(ub);
    *error = e;
    return NULL;
}
