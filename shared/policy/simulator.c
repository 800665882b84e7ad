/*
 * simulator - which recipients are mailboxes of the simulator
 *
 * By local part up to a '+', in any case; every other name of the domain is
 * a mailbox that does not exist, so that nothing for it leaves the host.
 */
#include "policy/simulator.h"

#define DOMAIN "simulator.amazonses.com"

static const struct {
    const char *local;
    ses_simulated_t kind;
} mailboxes[] = {
    {"success", SES_SIM_SUCCESS},
    {"bounce", SES_SIM_BOUNCE},
    {"ooto", SES_SIM_OOTO},
    {"complaint", SES_SIM_COMPLAINT},
    {"suppressionlist", SES_SIM_SUPPRESSED},
};

ses_simulated_t
ses_simulator_kind(ses_str_t own, const ses_address_t *a)
{
    ptrdiff_t plus = ses_str_find(a->local, '+');
    ses_str_t local =
        plus < 0 ? a->local : ses_str_head(a->local, (size_t) plus);
    size_t i;

    if (!ses_str_eqc(a->domain, DOMAIN) &&
        (own.n == 0 || !ses_str_eq(a->domain, own)))
        return SES_SIM_NONE;
    for (i = 0; i < sizeof(mailboxes) / sizeof(mailboxes[0]); i++)
        if (ses_str_caseeqc(local, mailboxes[i].local))
            return mailboxes[i].kind;
    return SES_SIM_BOUNCE;
}
