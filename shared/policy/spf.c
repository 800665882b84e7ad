/*
 * spf - SPF records (RFC 7208), as far as a customer has to write them
 */
#include "policy/spf.h"

bool
ses_spf_is(ses_str_t txt)
{
    return ses_str_caseeqc(txt, "v=spf1") ||
           ses_str_casestarts(txt, SES_STR("v=spf1 "));
}

bool
ses_spf_includes(ses_str_t txt, ses_str_t service)
{
    static const char *const ways[] = {"include:", "+include:", "redirect="};
    ses_str_t rest = txt, term, name;
    size_t i;

    while (ses_str_cut(&rest, ' ', &term))
        for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
            if (!ses_str_casestarts(term, ses_str(ways[i])))
                continue;
            name = ses_str_from(term, strlen(ways[i]));
            if (name.n > 0 && name.p[name.n - 1] == '.')
                name.n--;
            if (ses_str_caseeq(name, service))
                return true;
        }
    return false;
}
