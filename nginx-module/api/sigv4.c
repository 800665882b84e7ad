/*
 * sigv4 - read the Authorization header, check scope, time and signature
 *
 * The canonical request, the keys and presigned requests have files of their
 * own (sigv4_canonical.c, sigv4_key.c, sigv4_query.c).  A payload that is not
 * signed is a feature of other services: refused.
 */
#include "api/sigv4.h"

#include "api/sigv4_canonical.h"
#include "base/clock.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define PAST_MIN 15
#define AHEAD_MIN 5
#define MINUTE INT64_C(60000)
#define TOKEN "x-amz-security-token"
#define ECHO_MAX 256 /* of a malformed header in the answer */

bool
sigv4_is_signed(const api_request_t *r)
{
    return api_request_header(r, "authorization").p != NULL ||
           sigv4_is_presigned(r);
}

static ses_rc_t
incomplete(ses_cx_t *cx, ses_str_t authorization, const char *what)
{
    return ses_fail(cx, SES_INCOMPLETE,
                    "Authorization header requires %s Authorization=%.*s", what,
                    SES_FMT(ses_str_head(authorization, ECHO_MAX)));
}

ses_rc_t
sigv4_credential(ses_cx_t *cx, ses_str_t text, sigv4_t *s)
{
    ses_str_t *part[] = {&s->access_key, &s->date, &s->region, &s->service,
                         &s->terminator};
    ses_str_t rest = text;
    size_t i;

    for (i = 0; i < 5; i++)
        if (!ses_str_cut(&rest, '/', part[i]) || part[i]->n == 0)
            break;
    if (i < 5 || rest.p != NULL)
        return ses_fail(cx, SES_INCOMPLETE,
                        "Credential must have exactly 5 slash-delimited "
                        "elements, e.g. keyid/date/region/service/term, got "
                        "'%.*s'",
                        SES_FMT(ses_str_head(text, ECHO_MAX)));
    return SES_OK;
}

static ses_rc_t
parse_authorization(ses_cx_t *cx, ses_str_t text, sigv4_t *s)
{
    ses_str_t rest = text, word, part, name, credential = {NULL, 0};

    if (!ses_str_cut(&rest, ' ', &word) || rest.p == NULL ||
        !ses_str_eqc(word, ALGORITHM))
        return ses_fail(cx, SES_INCOMPLETE,
                        "Unsupported AWS 'algorithm': '%.*s' (only " ALGORITHM
                        " for now).",
                        SES_FMT(ses_str_head(word, 64)));

    while (ses_str_cut(&rest, ',', &part)) {
        part = ses_str_trim(part);
        if (!ses_str_cut(&part, '=', &name) || part.p == NULL)
            continue;
        if (ses_str_eqc(name, "Credential"))
            credential = part;
        else if (ses_str_eqc(name, "SignedHeaders"))
            s->signed_headers = part;
        else if (ses_str_eqc(name, "Signature"))
            s->signature = part;
    }
    if (credential.n == 0)
        return incomplete(cx, text, "'Credential' parameter.");
    if (s->signature.n == 0)
        return incomplete(cx, text, "'Signature' parameter.");
    if (s->signed_headers.n == 0)
        return incomplete(cx, text, "'SignedHeaders' parameter.");
    return sigv4_credential(cx, credential, s);
}

/* X-Amz-Date, else Date. */
static ses_rc_t
parse_time(ses_cx_t *cx, const api_request_t *r, ses_str_t authorization,
           sigv4_t *s)
{
    ses_str_t amz = api_request_header(r, "x-amz-date"), date;

    if (api_request_headers(r, "x-amz-date") > 1)
        return ses_fail(cx, SES_INCOMPLETE, "X-Amz-Date is given twice.");
    if (amz.p != NULL) {
        if (!ses_clock_parse_amz(amz, &s->when))
            return ses_fail(cx, SES_INCOMPLETE,
                            "Date must be in ISO-8601 'basic format'. Got "
                            "'%.*s'.",
                            SES_FMT(ses_str_head(amz, 64)));
        s->timestamp = amz;
        return SES_OK;
    }
    date = api_request_header(r, "date");
    if (!ses_clock_parse_http(date, &s->when) &&
        !ses_clock_parse_amz(date, &s->when))
        return incomplete(cx, authorization,
                          "existence of either a 'X-Amz-Date' or a 'Date' "
                          "header.");
    s->timestamp = ses_clock_amz(cx->arena, s->when);
    return SES_OK;
}

ses_rc_t
sigv4_parse(ses_cx_t *cx, const api_request_t *r, sigv4_t *out)
{
    ses_str_t text = api_request_header(r, "authorization");
    sigv4_t s = {0};
    ses_rc_t rc;

    if (text.n == 0) {
        if (sigv4_is_presigned(r))
            return sigv4_parse_query(cx, r, out);
        return ses_fail(cx, SES_NO_CREDENTIALS, "Missing Authentication Token");
    }
    if (api_request_headers(r, "authorization") > 1)
        return ses_fail(cx, SES_INCOMPLETE,
                        "The Authorization header is given twice.");
    if ((rc = parse_authorization(cx, text, &s)) != SES_OK ||
        (rc = parse_time(cx, r, text, &s)) != SES_OK)
        return rc;
    if (api_request_headers(r, TOKEN) > 1)
        return ses_fail(cx, SES_INCOMPLETE,
                        "X-Amz-Security-Token is given twice.");
    s.token = api_request_header(r, TOKEN);
    *out = s;
    return SES_OK;
}

static const char *
amz(ses_cx_t *cx, int64_t ms)
{
    return ses_str_c(cx->arena, ses_clock_amz(cx->arena, ms));
}

static ses_rc_t
check_time(ses_cx_t *cx, const sigv4_t *s)
{
    int64_t oldest = cx->now - PAST_MIN * MINUTE;
    int64_t newest = cx->now + AHEAD_MIN * MINUTE;

    if (!ses_str_eq(s->date, ses_str_head(s->timestamp, 8)))
        return ses_fail(cx, SES_BAD_SIGNATURE,
                        "Date in Credential scope does not match YYYYMMDD "
                        "from ISO-8601 version of date from HTTP: '%.*s' != "
                        "'%.*s', from '%.*s'.",
                        SES_FMT(ses_str_head(s->date, 64)),
                        SES_FMT(ses_str_head(s->timestamp, 8)),
                        SES_FMT(s->timestamp));
    if (s->presigned && cx->now > s->when + s->lifetime)
        return ses_fail(cx, SES_OVERDUE, "Request has expired.");
    if (!s->presigned && s->when < oldest)
        return ses_fail(cx, SES_BAD_SIGNATURE,
                        "Signature expired: %.*s is now earlier than %s (%s "
                        "- %d min.)",
                        SES_FMT(s->timestamp), amz(cx, oldest),
                        amz(cx, cx->now), PAST_MIN);
    if (s->when > newest)
        return ses_fail(cx, SES_BAD_SIGNATURE,
                        "Signature not yet current: %.*s is still later than "
                        "%s (%s + %d min.)",
                        SES_FMT(s->timestamp), amz(cx, newest),
                        amz(cx, cx->now), AHEAD_MIN);
    return SES_OK;
}

ses_rc_t
sigv4_scope(ses_cx_t *cx, const sigv4_t *s, ses_str_t region,
            const char *service)
{
    if (!ses_str_eq(s->region, region))
        return ses_fail(cx, SES_BAD_SIGNATURE,
                        "Credential should be scoped to a valid region, not "
                        "'%.*s'.",
                        SES_FMT(ses_str_head(s->region, 64)));
    if (!ses_str_eqc(s->service, service))
        return ses_fail(cx, SES_BAD_SIGNATURE,
                        "Credential should be scoped to correct service: "
                        "'%s'.",
                        service);
    if (!ses_str_eqc(s->terminator, "aws4_request"))
        return ses_fail(cx, SES_BAD_SIGNATURE,
                        "Credential should be scoped with a valid "
                        "terminator: 'aws4_request', not '%.*s'.",
                        SES_FMT(ses_str_head(s->terminator, 64)));
    return check_time(cx, s);
}

/* What x-amz-content-sha256 says, if anything, must be true. */
static ses_rc_t
check_payload(ses_cx_t *cx, const api_request_t *r, ses_str_t hash)
{
    ses_str_t given = api_request_header(r, "x-amz-content-sha256");

    if (given.p == NULL)
        return SES_OK;
    if (ses_str_eqc(given, "UNSIGNED-PAYLOAD") ||
        ses_str_starts(given, SES_STR("STREAMING-")))
        return ses_fail(cx, SES_BAD_SIGNATURE,
                        "The payload must be signed: x-amz-content-sha256 "
                        "'%.*s' is not supported.",
                        SES_FMT(ses_str_head(given, 64)));
    if (api_request_headers(r, "x-amz-content-sha256") > 1 ||
        !ses_str_eq(given, hash))
        return ses_fail(cx, SES_BAD_SIGNATURE,
                        "The provided 'x-amz-content-sha256' header does not "
                        "match what was computed.");
    return SES_OK;
}

ses_rc_t
sigv4_check(ses_cx_t *cx, const api_request_t *r, const sigv4_t *s,
            sigv4_key_t *key, const uint8_t body[SES_SHA256])
{
    ses_str_t hash = ses_hex(cx->arena, ses_str_n(body, SES_SHA256));
    ses_str_t canonical, want;
    uint8_t mac[SES_SHA256];
    ses_rc_t rc;

    if ((rc = check_payload(cx, r, hash)) != SES_OK ||
        (rc = sigv4_canonical(cx, r, s, hash, &canonical)) != SES_OK)
        return rc;

    if (!sigv4_key_sign(key, sigv4_string_to_sign(cx, s, canonical), mac))
        return ses_fail(cx, SES_FAULT, "sigv4: HMAC failed");
    want = ses_hex(cx->arena, ses_str_n(mac, sizeof(mac)));
    if (!ses_str_eq_secret(want, s->signature))
        return ses_fail(cx, SES_BAD_SIGNATURE,
                        "The request signature we calculated does not match "
                        "the signature you provided. Check your AWS Secret "
                        "Access Key and signing method. Consult the service "
                        "documentation for details.");
    return SES_OK;
}
