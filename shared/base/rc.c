/*
 * rc - the one table: result to HTTP status, v2 exception, v1 code, SMTP
 *
 * Rows follow contract 1.5 (v2), 2.3 (v1), 3.3 (signatures), 5.3 and 5.4
 * (SMTP).  The reply the gate gives is read back by the injector through the
 * same rows: code, enhanced status and prefix together name one row.
 */
#include "base/rc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"

#define REPLY_MAX 480 /* RFC 5321 4.5.3.1.5: 512 with code, status, CRLF */

#define TEMPORARY "Temporary service failure"

static const ses_rc_row_t rows[SES_RC_MAX] = {
    [SES_OK] = {"ok", 200, "", 200, "", 250, "2.0.0", "", "Ok"},
    [SES_NOT_FOUND] = {"not-found", 404, "NotFoundException", 400, "NotFound",
                       554, "5.4.0", "Transaction failed: ", "Not found."},
    [SES_EXISTS] = {"exists", 400, "AlreadyExistsException", 400,
                    "AlreadyExists", 554, "5.6.0",
                    "Transaction failed: ", "Already exists."},
    [SES_CONFLICT] = {"conflict", 409, "ConflictException", 400, "Conflict",
                      554, "5.6.0", "Transaction failed: ", "Conflict."},
    [SES_MODIFIED] = {"modified", 500, "ConcurrentModificationException", 500,
                      "ConcurrentModification", 451, "4.3.0", "", TEMPORARY},
    [SES_INVALID] = {"invalid", 400, "BadRequestException", 400,
                     "InvalidParameterValue", 554, "5.6.0",
                     "Transaction failed: ", "Bad request."},
    [SES_BAD_TOKEN] = {"bad-token", 400, "InvalidNextTokenException", 400,
                       "InvalidParameterValue", 554, "5.6.0",
                       "Transaction failed: ",
                       "The specified NextToken is invalid."},
    [SES_DENIED] = {"denied", 403, "AccessDeniedException", 403, "AccessDenied",
                    554, "5.7.1", "Access denied: ", "Access denied."},
    [SES_REJECTED] = {"rejected", 400, "MessageRejected", 400,
                      "MessageRejected", 554, "5.7.1",
                      "Message rejected: ", "Message rejected."},
    [SES_PAUSED] = {"paused", 400, "SendingPausedException", 400,
                    "AccountSendingPausedException", 554, "5.7.0",
                    "Message rejected: ", "Sending paused."},
    [SES_SUSPENDED] = {"suspended", 400, "AccountSuspendedException", 400,
                       "MessageRejected", 554, "5.7.13",
                       "Message rejected: ", "Sending suspended."},
    [SES_MAIL_FROM] = {"mail-from", 400, "MailFromDomainNotVerifiedException",
                       400, "MailFromDomainNotVerifiedException", 554, "5.7.1",
                       "MAIL FROM domain not verified: ",
                       "DNS setup for MAIL FROM domain is invalid."},
    [SES_LIMIT] = {"limit", 400, "LimitExceededException", 400, "LimitExceeded",
                   554, "5.5.3", "Transaction failed: ", "Limit exceeded."},
    [SES_QUOTA] = {"quota", 400, "LimitExceededException", 400, "Throttling",
                   454, "4.7.0",
                   "Throttling failure: ", "Daily message quota exceeded."},
    [SES_THROTTLED] = {"throttled", 429, "TooManyRequestsException", 400,
                       "Throttling", 454, "4.7.0", "Throttling failure: ",
                       "Maximum sending rate exceeded."},
    [SES_BUSY] = {"busy", 503, "ServiceUnavailable", 503, "ServiceUnavailable",
                  451, "4.3.2", "", TEMPORARY},
    [SES_FAULT] = {"fault", 500, "InternalServiceErrorException", 500,
                   "InternalFailure", 451, "4.3.0", "", TEMPORARY},
    [SES_NO_CREDENTIALS] = {"no-credentials", 403,
                            "MissingAuthenticationTokenException", 403,
                            "MissingAuthenticationToken", 530, "5.7.0", "",
                            "Missing Authentication Token"},
    [SES_INCOMPLETE] = {"incomplete-signature", 403,
                        "IncompleteSignatureException", 400,
                        "IncompleteSignature", 535, "5.7.8", "",
                        "Incomplete signature."},
    [SES_BAD_SIGNATURE] = {"bad-signature", 403, "InvalidSignatureException",
                           403, "SignatureDoesNotMatch", 535, "5.7.8", "",
                           "Authentication Credentials Invalid"},
    [SES_UNKNOWN_KEY] = {"unknown-key", 403, "UnrecognizedClientException", 403,
                         "InvalidClientTokenId", 535, "5.7.8", "",
                         "Authentication Credentials Invalid"},
    [SES_EXPIRED] = {"expired-token", 403, "ExpiredTokenException", 403,
                     "ExpiredToken", 535, "5.7.8", "",
                     "Authentication Credentials Invalid"},
    [SES_OVERDUE] = {"request-expired", 400, "RequestExpired", 400,
                     "RequestExpired", 535, "5.7.8", "",
                     "Authentication Credentials Invalid"},
    [SES_SERIALIZATION] = {"serialization", 400, "SerializationException", 400,
                           "MalformedInput", 554, "5.6.0",
                           "Transaction failed: ", "Malformed input."},
    [SES_NO_OPERATION] = {"no-operation", 404, "UnknownOperationException", 400,
                          "InvalidAction", 502, "5.5.1", "",
                          "Unknown operation."},
    [SES_TOO_LARGE] = {"too-large", 413, "RequestEntityTooLarge", 413,
                       "RequestEntityTooLarge", 552, "5.3.4", "",
                       "Message is too long."},
    [SES_STALE] = {"stale", 503, "ServiceUnavailable", 503,
                   "ServiceUnavailable", 451, "4.7.0", "",
                   "Ticket is stale, stamp it anew"},
    [SES_FORGED] = {"forged", 500, "InternalServiceErrorException", 500,
                    "InternalFailure", 554, "5.7.7", "", "Ticket refused"},
    [SES_DUPLICATE] = {"duplicate", 200, "", 200, "", 554, "5.7.1",
                       "duplicate of ", ""},
    [SES_SET_PAUSED] = {"set-paused", 400, "SendingPausedException", 400,
                        "ConfigurationSetSendingPausedException", 554, "5.7.0",
                        "Message rejected: ",
                        "Sending is paused for configuration set."},
    [SES_SET_UNKNOWN] = {"set-unknown", 400, "BadRequestException", 400,
                         "ConfigurationSetDoesNotExist", 554, "5.6.0",
                         "Transaction failed: ",
                         "Configuration set <> does not exist."},
};

ses_cx_t
ses_cx(ses_arena_t *arena, int64_t now)
{
    return (ses_cx_t){.arena = arena,
                      .now = now,
                      .account = SES_STR(""),
                      .caller = SES_STR(""),
                      .request_id = SES_STR(""),
                      .why = SES_STR("")};
}

ses_rc_t
ses_fail(ses_cx_t *cx, ses_rc_t rc, const char *fmt, ...)
{
    va_list ap;
    char *p;
    int n;

    if (cx->why_rc != SES_OK)
        return rc;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    ses_assert(n >= 0);
    p = ses_alloc(cx->arena, (size_t) n + 1);
    va_start(ap, fmt);
    vsnprintf(p, (size_t) n + 1, fmt, ap);
    va_end(ap);

    cx->why_rc = rc;
    cx->why = ses_str_n(p, (size_t) n);
    if (rc == SES_FAULT)
        ses_log(SES_LOG_ERROR, "fault: request=%.*s %s",
                SES_FMT(cx->request_id), p);
    return rc;
}

ses_rc_t
ses_fail_null(ses_cx_t *cx, ses_rc_t rc)
{
    if (cx->why_rc == SES_OK) {
        cx->why_rc = rc;
        cx->why = (ses_str_t){NULL, 0};
    }
    return rc;
}

void
ses_cx_clear(ses_cx_t *cx)
{
    cx->why_rc = SES_OK;
    cx->why = SES_STR("");
}

const ses_rc_row_t *
ses_rc_row(ses_rc_t rc)
{
    ses_assert((unsigned) rc < SES_RC_MAX);
    return &rows[rc];
}

const char *
ses_rc_name(ses_rc_t rc)
{
    return ses_rc_row(rc)->name;
}

/* Throttling texts end with a dot in the API and without one in SMTP. */
static bool
undotted(ses_rc_t rc)
{
    return rc == SES_QUOTA || rc == SES_THROTTLED;
}

/* Codes whose own text never reaches a client. */
static bool
secret(ses_rc_t rc)
{
    return ses_rc_row(rc)->smtp == 451 || rc == SES_FORGED;
}

void
ses_rc_smtp(ses_arena_t *a, ses_rc_t rc, ses_str_t why, int *code,
            const char **dsn, ses_str_t *text)
{
    const ses_rc_row_t *row = ses_rc_row(rc);
    ses_str_t line;
    char *p;
    size_t i;

    if (secret(rc) || why.n == 0)
        why = ses_str(row->text);
    if (undotted(rc) && why.n > 0 && why.p[why.n - 1] == '.')
        why.n--;

    line = ses_str_printf(a, "%s%.*s", row->prefix, SES_FMT(why));
    p = ses_str_c(a, line);
    for (i = 0; i < line.n; i++) /* hostile names must not end the line */
        if (p[i] < ' ' || p[i] > '~')
            p[i] = '?';
    if (line.n > REPLY_MAX) {
        memcpy(p + REPLY_MAX - 3, "...", 4);
        line.n = REPLY_MAX;
    }

    *code = row->smtp;
    *dsn = row->dsn;
    *text = ses_str_n(p, line.n);
}

/* Rows that share code, status and prefix with another are told by the
 * beginning of their text. */
static const struct {
    ses_rc_t rc;
    ses_str_t begins;
} worded[] = {
    {SES_QUOTA, SES_STR_INIT("Throttling failure: Daily")},
    {SES_SET_PAUSED, SES_STR_INIT("Message rejected: Sending is paused for "
                                  "configuration set")},
    {SES_SET_UNKNOWN, SES_STR_INIT("Transaction failed: Configuration set <")},
};

/* Does this row speak so? */
static bool
speaks(ses_rc_t rc, int code, ses_str_t dsn, ses_str_t text)
{
    const ses_rc_row_t *row = &rows[rc];
    size_t i;

    if (row->smtp != code || !ses_str_eqc(dsn, row->dsn))
        return false;
    for (i = 0; i < sizeof(worded) / sizeof(worded[0]); i++)
        if (worded[i].rc == rc)
            return ses_str_starts(text, worded[i].begins);
    if (row->prefix[0] == '\0')
        return ses_str_eqc(text, row->text);
    return ses_str_starts(text, ses_str(row->prefix));
}

ses_rc_t
ses_rc_from_smtp(ses_arena_t *a, ses_str_t line, ses_str_t *why)
{
    static const ses_rc_t order[] = {
        SES_DUPLICATE, SES_STALE,       SES_FORGED,     SES_REJECTED,
        SES_DENIED,    SES_MAIL_FROM,   SES_SET_PAUSED, SES_PAUSED,
        SES_SUSPENDED, SES_SET_UNKNOWN, SES_INVALID,    SES_LIMIT,
        SES_NOT_FOUND, SES_QUOTA,       SES_THROTTLED,  SES_TOO_LARGE,
        SES_BUSY,      SES_FAULT,
    };
    ses_str_t text, dsn;
    uint64_t code;
    size_t i;

    if (!ses_str_u64(ses_str_head(line, 3), 999, &code) || line.n < 4) {
        *why = SES_STR("");
        return SES_BUSY;
    }
    text = ses_str_from(line, 4);
    if (code < 400) {
        *why = text;
        return SES_OK;
    }

    *why = text;
    if (ses_str_cut(&text, ' ', &dsn) && text.p != NULL)
        for (i = 0; i < sizeof(order) / sizeof(order[0]); i++)
            if (speaks(order[i], (int) code, dsn, text)) {
                *why = ses_str_from(text, strlen(rows[order[i]].prefix));
                if (undotted(order[i]))
                    *why = ses_str_cat(a, *why, SES_STR("."));
                return order[i];
            }

    return code < 500 ? SES_BUSY : SES_INVALID;
}
