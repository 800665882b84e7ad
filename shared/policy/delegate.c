/*
 * delegate - identities named by ARN
 */
#include "policy/delegate.h"

#include "base/domain.h"
#include "model/account.h"

static ses_rc_t
invalid(ses_cx_t *cx, ses_str_t arn)
{
    ses_cx_clear(cx);
    return ses_fail(cx, SES_INVALID,
                    "<%.*s> is not the ARN of an identity in this region.",
                    SES_FMT(ses_str_head(arn, 256)));
}

ses_rc_t
ses_delegate_parse(ses_cx_t *cx, ses_str_t region, ses_str_t arn,
                   ses_delegate_t *out)
{
    const ses_str_t kind = SES_STR("identity/");
    ses_str_t rest = arn, part[5], name;
    ses_delegate_t d = {.arn = arn};
    size_t i;

    for (i = 0; i < 5; i++)
        if (!ses_str_cut(&rest, ':', &part[i]))
            return invalid(cx, arn);
    if (rest.p == NULL || !ses_str_eqc(part[0], "arn") ||
        !ses_str_eqc(part[1], "aws") || !ses_str_eqc(part[2], "ses") ||
        !ses_str_eq(part[3], region) || !ses_account_valid(part[4]) ||
        !ses_str_starts(rest, kind))
        return invalid(cx, arn);
    d.owner = part[4];
    name = ses_str_from(rest, kind.n);
    if (ses_identity_name(cx, name, &d.name, &d.domain) != SES_OK)
        return invalid(cx, arn);
    *out = d;
    return SES_OK;
}

bool
ses_delegate_covers(ses_arena_t *a, const ses_delegate_t *d,
                    const ses_address_t *address)
{
    if (d->domain)
        return ses_domain_within(address->domain, d->name);
    return ses_str_eq(address->addr, d->name) ||
           ses_str_eq(ses_address_unlabelled(a, address), d->name);
}

ses_str_t
ses_delegate_owner(ses_arena_t *a, const ses_delegate_t *d,
                   const ses_address_t *address, ses_str_t account)
{
    return d->arn.n > 0 && ses_delegate_covers(a, d, address) ? d->owner
                                                              : account;
}

/* --- the fields of a message ------------------------------------------- */

static ses_rc_t
field(ses_cx_t *cx, ses_str_t region, const ses_headers_t *headers,
      const char *name, ses_delegate_t *out)
{
    ses_str_t arn = ses_headers_value(cx->arena, headers, name);

    *out = (ses_delegate_t){.arn = SES_STR("")};
    return arn.n == 0 ? SES_OK : ses_delegate_parse(cx, region, arn, out);
}

/* Of the account itself: it must be there.  Others are asked later. */
static ses_rc_t
check(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, const ses_delegate_t *d,
      const ses_address_t *v, unsigned n)
{
    ses_identity_t found;
    ses_rc_t rc;
    unsigned i;

    if (d->arn.n == 0)
        return SES_OK;
    for (i = 0; i < n; i++)
        if (!ses_delegate_covers(cx->arena, d, &v[i]))
            return ses_fail(cx, SES_INVALID,
                            "Identity %.*s does not cover the address <%.*s>.",
                            SES_FMT(d->arn), SES_FMT(v[i].addr));
    if (!ses_str_eq(d->owner, account))
        return SES_OK;
    rc = ses_identity_find(cx, t, account, d->name, &found);
    if (rc == SES_NOT_FOUND)
        return ses_fail(cx, SES_INVALID, "Email identity %.*s does not exist.",
                        SES_FMT(d->name));
    return rc;
}

ses_rc_t
ses_delegates_read(ses_cx_t *cx, ses_txn_t *t, ses_str_t region,
                   ses_str_t account, const ses_headers_t *headers,
                   const ses_address_t *source, const ses_address_t *from,
                   unsigned nfrom, ses_delegates_t *out)
{
    ses_delegates_t d;
    ses_rc_t rc;

    if ((rc = field(cx, region, headers, "X-SES-SOURCE-ARN", &d.source)) !=
            SES_OK ||
        (rc = field(cx, region, headers, "X-SES-FROM-ARN", &d.from)) !=
            SES_OK ||
        (rc = field(cx, region, headers, "X-SES-RETURN-PATH-ARN", &d.back)) !=
            SES_OK ||
        (rc = check(cx, t, account, &d.source, source, 1)) != SES_OK ||
        (rc = check(cx, t, account, &d.from, from, nfrom)) != SES_OK ||
        (rc = check(cx, t, account, &d.back, NULL, 0)) != SES_OK)
        return rc;
    *out = d;
    return SES_OK;
}
