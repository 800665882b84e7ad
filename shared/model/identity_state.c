/*
 * identity_state - names of identities, and what a check makes of them
 *
 * No store in here.  What a check's result does to the state (contract 7.3)
 * is all in ses_identity_checked.
 */
#include "model/identity.h"

#include "base/domain.h"

#define NAME_SHOWN 320 /* of a bad name, in the text */
#define PATIENCE (72 * INT64_C(3600000))

/* --- states ------------------------------------------------------------ */

static const char *const names[] = {
    [SES_VERIFY_NOT_STARTED] = "NOT_STARTED",
    [SES_VERIFY_PENDING] = "PENDING",
    [SES_VERIFY_SUCCESS] = "SUCCESS",
    [SES_VERIFY_FAILED] = "FAILED",
    [SES_VERIFY_TEMPORARY_FAILURE] = "TEMPORARY_FAILURE",
};

#define NSTATES (sizeof(names) / sizeof(names[0]))

const char *
ses_verify_name(ses_verify_t v)
{
    return (size_t) v < NSTATES ? names[v] : names[SES_VERIFY_NOT_STARTED];
}

bool
ses_verify_parse(ses_str_t s, ses_verify_t *out)
{
    size_t i;

    for (i = 0; i < NSTATES; i++)
        if (ses_str_eqc(s, names[i])) {
            *out = (ses_verify_t) i;
            return true;
        }
    return false;
}

bool
ses_identity_verified(const ses_identity_t *i)
{
    return i->status == SES_VERIFY_SUCCESS ||
           i->status == SES_VERIFY_TEMPORARY_FAILURE;
}

bool
ses_identity_dkim_live(const ses_identity_t *i)
{
    return i->dkim_status == SES_VERIFY_SUCCESS ||
           i->dkim_status == SES_VERIFY_TEMPORARY_FAILURE;
}

/* The records are not there. */
static ses_verify_t
missing(ses_identity_t *i, int64_t now)
{
    switch (i->status) {
    case SES_VERIFY_SUCCESS:
        i->pending_since = now;
        return SES_VERIFY_TEMPORARY_FAILURE;
    case SES_VERIFY_PENDING:
    case SES_VERIFY_TEMPORARY_FAILURE:
        return now - i->pending_since >= PATIENCE ? SES_VERIFY_FAILED
                                                  : i->status;
    default:
        return i->status;
    }
}

void
ses_identity_checked(ses_identity_t *i, int64_t now, bool found, bool our_fault)
{
    int64_t since =
        i->last_check > i->pending_since ? i->last_check : i->pending_since;

    i->last_check = now;
    if (found) {
        i->status = SES_VERIFY_SUCCESS;
        i->last_success = now;
        i->tries = 0;
        i->error = SES_STR("");
    } else {
        i->tries++;
        if (our_fault) /* time we could not look does not count */
            i->pending_since += now > since ? now - since : 0;
        else
            i->status = missing(i, now);
    }
    if (i->domain)
        i->dkim_status = i->status;
}

/* --- names ------------------------------------------------------------- */

/* A dot-atom (RFC 5322 3.2.3) in ASCII, the only local part SES takes. */
static bool
local_valid(ses_str_t s)
{
    size_t i;

    if (s.n == 0 || s.n > 64 || s.p[0] == '.' || s.p[s.n - 1] == '.')
        return false;
    for (i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~' ||
            strchr("()<>[]:;@\\,\"", s.p[i]) != NULL ||
            (s.p[i] == '.' && s.p[i - 1] == '.'))
            return false;
    return true;
}

ses_rc_t
ses_identity_name(ses_cx_t *cx, ses_str_t given, ses_str_t *name, bool *domain)
{
    ptrdiff_t at = ses_str_rfind(given, '@');
    ses_str_t canon, local;
    ses_rc_t rc;
    ses_cx_t try;

    if (at < 0) {
        if ((rc = ses_domain_canon(cx, given, &canon)) != SES_OK)
            return rc;
        if (ses_str_find(canon, '.') < 0)
            return ses_fail(cx, SES_INVALID, "Domain %.*s is invalid.",
                            SES_FMT(given));
        *name = canon;
        *domain = true;
        return SES_OK;
    }

    try = *cx;
    local = ses_str_head(given, (size_t) at);
    if (!local_valid(local) ||
        ses_domain_canon(&try, ses_str_from(given, (size_t) at + 1), &canon) !=
            SES_OK)
        return ses_fail(cx, SES_INVALID, "Invalid email address<%.*s>.",
                        SES_FMT(ses_str_head(given, NAME_SHOWN)));
    *name =
        ses_str_printf(cx->arena, "%.*s@%.*s", SES_FMT(local), SES_FMT(canon));
    *domain = false;
    return SES_OK;
}

ses_str_t
ses_identity_arn(ses_arena_t *a, ses_str_t region, ses_str_t account,
                 ses_str_t name)
{
    return ses_str_printf(a, "arn:aws:ses:%.*s:%.*s:identity/%.*s",
                          SES_FMT(region), SES_FMT(account), SES_FMT(name));
}

void
ses_identity_init(ses_cx_t *cx, ses_identity_t *i, ses_str_t account,
                  ses_str_t name, bool domain)
{
    *i = (ses_identity_t){
        .account = account,
        .name = name,
        .domain = domain,
        .status = SES_VERIFY_PENDING,
        .dkim_status = domain ? SES_VERIFY_PENDING : SES_VERIFY_NOT_STARTED,
        .config_set = SES_STR(""),
        .feedback = true,
        .created = cx->now,
        .pending_since = cx->now,
        .next_check = domain ? cx->now : 0,
        .error = SES_STR(""),
        .soa_primary = SES_STR(""),
        .soa_admin = SES_STR(""),
        .version = SES_VERSION_NONE,
    };
    if (domain)
        ses_dkim_init(cx, &i->dkim);
}
