/*
 * identity_state - names of identities, and what a check makes of them
 *
 * No store in here.  What a check's result does to the state (contract 7.3)
 * is all in step().
 */
#include "model/identity.h"

#include "base/domain.h"
#include "base/encode.h"

#define NAME_SHOWN 320 /* of a bad name, in the text */
#define PROOF_BYTES 32 /* 44 characters of base64 */
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

/*
 * One state after a look: found, not found (it has 72 hours, *since its
 * beginning), or nothing learnt: the time since the last look then does not
 * count.  What DNSSEC refutes is no success either, for as long as it lasts:
 * the trust anchor may be what is wrong.
 */
static ses_verify_t
step(ses_verify_t was, int64_t *since, int64_t last, int64_t now,
     ses_look_t look)
{
    int64_t from = last > *since ? last : *since;

    if (look == SES_LOOK_FOUND)
        return SES_VERIFY_SUCCESS;
    if (look == SES_LOOK_BOGUS && was == SES_VERIFY_SUCCESS) {
        *since = now;
        return SES_VERIFY_TEMPORARY_FAILURE;
    }
    if (look == SES_LOOK_FAILED || look == SES_LOOK_BOGUS) {
        *since += now > from ? now - from : 0;
        return was;
    }
    switch (was) {
    case SES_VERIFY_SUCCESS:
        *since = now;
        return SES_VERIFY_TEMPORARY_FAILURE;
    case SES_VERIFY_PENDING:
    case SES_VERIFY_TEMPORARY_FAILURE:
        return now - *since >= PATIENCE ? SES_VERIFY_FAILED : was;
    default:
        return was;
    }
}

ses_look_t
ses_look_either(ses_look_t a, ses_look_t b)
{
    static const ses_look_t order[] = {SES_LOOK_FOUND, SES_LOOK_BOGUS,
                                       SES_LOOK_FAILED};
    size_t i;

    for (i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return SES_LOOK_MISSING;
}

void
ses_identity_looked(ses_identity_t *i, int64_t now, ses_look_t dkim,
                    ses_look_t proof)
{
    ses_look_t look = ses_look_either(dkim, proof);
    int64_t last = i->last_check;

    /* Whoever started the domain anew, started its DKIM anew. */
    if (i->pending_since > last && i->pending_since > i->dkim_since)
        i->dkim_since = i->pending_since;
    if (i->domain)
        i->dkim_status = step(i->dkim_status, &i->dkim_since, last, now, dkim);
    i->status = step(i->status, &i->pending_since, last, now, look);
    i->last_check = now;
    if (look == SES_LOOK_FOUND) {
        i->last_success = now;
        i->error = SES_STR("");
    }
    i->tries = dkim == SES_LOOK_FOUND ? 0 : i->tries + 1;
}

void
ses_identity_checked(ses_identity_t *i, int64_t now, bool found, bool our_fault)
{
    ses_look_t look = found       ? SES_LOOK_FOUND
                      : our_fault ? SES_LOOK_FAILED
                                  : SES_LOOK_MISSING;

    ses_identity_looked(i, now, look, SES_LOOK_MISSING);
}

void
ses_mail_from_looked(ses_identity_t *i, int64_t now, ses_look_t look)
{
    ses_mail_from_t *m = &i->mail_from;

    /* Only a new Put brings it back (contract 7.3). */
    if (m->status == SES_VERIFY_FAILED)
        return;
    m->status = step(m->status, &m->since, m->last_check, now, look);
    m->last_check = now;
    m->tries = look == SES_LOOK_FOUND ? 0 : m->tries + 1;
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
ses_identity_prove(ses_cx_t *cx, ses_identity_t *i)
{
    uint8_t proof[PROOF_BYTES];

    ses_random(proof, sizeof(proof));
    i->proof = ses_base64(cx->arena, ses_str_n(proof, sizeof(proof)));
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
        .dkim_since = cx->now,
        .proof = SES_STR(""),
        .mail_from = {.domain = SES_STR(""), .error = SES_STR("")},
        .next_check = domain ? cx->now : 0,
        .error = SES_STR(""),
        .soa_primary = SES_STR(""),
        .soa_admin = SES_STR(""),
        .notify = {{.topic_arn = SES_STR("")},
                   {.topic_arn = SES_STR("")},
                   {.topic_arn = SES_STR("")}},
        .version = SES_VERSION_NONE,
    };
    if (!domain)
        return;
    ses_dkim_init(cx, &i->dkim);
    ses_identity_prove(cx, i);
}
