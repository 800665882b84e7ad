/*
 * domain - domain names in their one canonical form
 *
 * U-labels are mapped as UTS 46 says (non-transitional) by libidn2; what
 * comes out, like what was ASCII to begin with, must be letters, digits and
 * hyphens.  A last label of digits only is an address, not a name.
 */
#include "base/domain.h"

#include <idn2.h>

#include "base/encode.h"

#define SHOWN 320 /* of a bad name, in the text */

static bool
ldh(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static bool
digits(ses_str_t s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return true;
}

/* s is in lower case and has no final dot. */
static bool
valid(ses_str_t s)
{
    ses_str_t rest = s, label = SES_STR("");
    size_t i;

    if (s.n == 0 || s.n > SES_DOMAIN_MAX)
        return false;
    while (ses_str_cut(&rest, '.', &label)) {
        if (label.n == 0 || label.n > SES_LABEL_MAX || label.p[0] == '-' ||
            label.p[label.n - 1] == '-')
            return false;
        for (i = 0; i < label.n; i++)
            if (!ldh(label.p[i]))
                return false;
    }
    return !digits(label);
}

/* U-labels to A-labels. */
static bool
to_ascii(ses_arena_t *a, ses_str_t s, ses_str_t *out)
{
    char *ascii = NULL;

    if (s.n > 4 * SES_DOMAIN_MAX || !ses_utf8_valid(s) ||
        ses_str_find(s, '\0') >= 0)
        return false;
    if (idn2_to_ascii_8z(ses_str_c(a, s), &ascii,
                         IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
        return false;
    *out = ses_str_dup(a, ses_str(ascii));
    idn2_free(ascii);
    return true;
}

ses_rc_t
ses_domain_canon(ses_cx_t *cx, ses_str_t s, ses_str_t *out)
{
    ses_str_t name = s;

    if ((ses_ascii(s) || to_ascii(cx->arena, s, &name))) {
        if (name.n > 0 && name.p[name.n - 1] == '.')
            name.n--;
        if (name.n <= SES_DOMAIN_MAX) {
            name = ses_str_lower(cx->arena, name);
            if (valid(name)) {
                *out = name;
                return SES_OK;
            }
        }
    }
    return ses_fail(cx, SES_INVALID, "Domain %.*s is invalid.",
                    SES_FMT(ses_str_head(s, SHOWN)));
}

bool
ses_domain_within(ses_str_t domain, ses_str_t parent)
{
    return ses_str_eq(domain, parent) ||
           (parent.n > 0 && domain.n > parent.n + 1 &&
            ses_str_ends(domain, parent) &&
            domain.p[domain.n - parent.n - 1] == '.');
}
