/*
 * sigv4_query - a presigned request: the signature is in the query
 *
 * What the Authorization header would say stands in X-Amz-* parameters, and
 * says for how long the request may be used (contract 3.4).
 */
#include "api/sigv4_canonical.h"
#include "base/clock.h"

#define LIFETIME_MAX (7 * 24 * 3600) /* seconds */
#define ECHO_MAX 64

#define PREFIX "X-Amz-"
#define NPARAMS 7

static const char *const names[NPARAMS] = {
    "Algorithm",     "Credential", "Date",           "Expires",
    "SignedHeaders", "Signature",  "Security-Token",
};
enum { ALGORITHM, CREDENTIAL, DATE, EXPIRES, SIGNED, SIGNATURE, TOKEN };

bool
sigv4_is_presigned(const api_request_t *r)
{
    ses_str_t rest = r->query, name, value;

    while (api_pair_cut(&rest, &name, &value))
        if (ses_str_eqc(name, PREFIX "Signature"))
            return true;
    return false;
}

/* The values, decoded; p == NULL where there is none. */
static ses_rc_t
collect(ses_cx_t *cx, const api_request_t *r, ses_str_t v[NPARAMS])
{
    ses_str_t rest = r->query, name, value;
    size_t i;

    while (api_pair_cut(&rest, &name, &value)) {
        if (!ses_str_starts(name, SES_STR(PREFIX)))
            continue;
        for (i = 0; i < NPARAMS; i++)
            if (ses_str_eqc(ses_str_from(name, strlen(PREFIX)), names[i]))
                break;
        if (i == NPARAMS)
            continue;
        if (v[i].p != NULL)
            return ses_fail(cx, SES_INCOMPLETE, PREFIX "%s is given twice.",
                            names[i]);
        if (!ses_percent_parse(cx->arena, value, false, &v[i]))
            return ses_fail(cx, SES_INCOMPLETE, PREFIX "%s cannot be decoded.",
                            names[i]);
    }
    return SES_OK;
}

static ses_rc_t
complete(ses_cx_t *cx, const ses_str_t v[NPARAMS])
{
    size_t i;

    for (i = 0; i < TOKEN; i++)
        if (v[i].n == 0)
            return ses_fail(cx, SES_INCOMPLETE,
                            "AWS query-string parameters must include "
                            "'" PREFIX
                            "%s'. Re-examine the query-string parameters.",
                            names[i]);
    return SES_OK;
}

ses_rc_t
sigv4_parse_query(ses_cx_t *cx, const api_request_t *r, sigv4_t *out)
{
    ses_str_t v[NPARAMS] = {{NULL, 0}};
    sigv4_t s = {.presigned = true};
    uint64_t seconds;
    ses_rc_t rc;

    if ((rc = collect(cx, r, v)) != SES_OK || (rc = complete(cx, v)) != SES_OK)
        return rc;
    if (!ses_str_eqc(v[ALGORITHM], "AWS4-HMAC-SHA256"))
        return ses_fail(cx, SES_INCOMPLETE,
                        "Unsupported AWS 'algorithm': '%.*s' (only "
                        "AWS4-HMAC-SHA256 for now).",
                        SES_FMT(ses_str_head(v[ALGORITHM], ECHO_MAX)));
    if (!ses_clock_parse_amz(v[DATE], &s.when))
        return ses_fail(cx, SES_INCOMPLETE,
                        "Date must be in ISO-8601 'basic format'. Got '%.*s'.",
                        SES_FMT(ses_str_head(v[DATE], ECHO_MAX)));
    if (!ses_str_u64(v[EXPIRES], LIFETIME_MAX, &seconds) || seconds == 0)
        return ses_fail(cx, SES_INCOMPLETE,
                        PREFIX "Expires must be 1 to %d seconds.",
                        LIFETIME_MAX);
    s.lifetime = (int64_t) seconds * 1000;
    s.timestamp = v[DATE];
    s.signed_headers = v[SIGNED];
    s.signature = v[SIGNATURE];
    s.token = v[TOKEN];
    if ((rc = sigv4_credential(cx, v[CREDENTIAL], &s)) == SES_OK)
        *out = s;
    return rc;
}
