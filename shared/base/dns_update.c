/*
 * dns_update - a name server that is told of our records, and how
 */
#include "base/dns_update.h"

#include "base/conf_value.h"

#define WORDS (2 + SES_DNS_ZONES)

/* The words of a line; their number, or WORDS + 1. */
static unsigned
split(ses_str_t s, ses_str_t words[WORDS])
{
    unsigned n = 0;
    ses_str_t one;

    while (ses_conf_next(&s, &one)) {
        if (n == WORDS)
            return WORDS + 1;
        words[n++] = one;
    }
    return n;
}

const char *
ses_dns_update_parse(ses_arena_t *a, ses_str_t s, ses_dns_update_t *out)
{
    ses_dns_update_t u = {.nzones = 0};
    ses_str_t words[WORDS];
    unsigned n = split(s, words), i, k;
    const char *wrong;

    if (n < 3)
        return "needs IP:PORT, a key file and a zone";
    if (n > WORDS)
        return "too many zones in one line";
    wrong = ses_conf_endpoint.parse(a, words[0], 0, 0, &u.server);
    if (wrong == NULL)
        wrong = ses_conf_path.parse(a, words[1], 0, 0, &u.key_file);
    for (i = 2; i < n && wrong == NULL; i++) {
        wrong = ses_conf_domain.parse(a, words[i], 0, 0, &u.zones[u.nzones]);
        for (k = 0; k < u.nzones && wrong == NULL; k++)
            if (ses_str_eq(u.zones[k], u.zones[u.nzones]))
                wrong = "the same zone twice";
        u.nzones++;
    }
    if (wrong == NULL)
        *out = u;
    return wrong;
}

ses_str_t
ses_dns_update_format(ses_arena_t *a, const ses_dns_update_t *u)
{
    ses_str_t all = ses_str_printf(a, "%.*s %.*s", SES_FMT(u->server),
                                   SES_FMT(u->key_file));
    unsigned i;

    for (i = 0; i < u->nzones; i++)
        all =
            ses_str_printf(a, "%.*s %.*s", SES_FMT(all), SES_FMT(u->zones[i]));
    return all;
}
