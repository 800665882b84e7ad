/*
 * verdict - may this account send this message to these recipients?
 *
 * A row of small checks, each with its place in the order (DESIGN section 3)
 * and the service's text (contract 1.7, 4.4, 4.5, 4.7, 4.12).
 */
#include "policy/verdict.h"

#include "base/buf.h"
#include "model/service.h"
#include "policy/attachment.h"
#include "policy/cover.h"
#include "policy/egress.h"
#include "policy/token.h"
#include "policy/simulator.h"

#define LIST_MAX 1000  /* mailboxes in one header field */
#define FAILED_MAX 300 /* characters of identities in a refusal */
#define UNKNOWN_SET "Configuration set <%.*s> does not exist."
#define INBOX                                                                  \
    " For more information, please check the inbox of the email address "      \
    "associated with your AWS account."

typedef struct {
    ses_cx_t *cx;
    ses_txn_t *t;
    const ses_ask_t *ask;
    ses_verdict_t *out;
    ses_config_set_t set; /* when out->set is not empty */
    ses_cover_t first;    /* of the first From address */
    ses_delegates_t delegates;
} state_t;

/* --- the account and its configuration set ----------------------------- */

static ses_rc_t
find_account(state_t *s)
{
    ses_rc_t rc;

    if (ses_service_is(s->ask->account)) {
        ses_service_account(&s->out->account);
        return SES_OK;
    }
    rc = ses_account_find(s->cx, s->t, s->ask->account, &s->out->account);
    if (rc == SES_NOT_FOUND)
        return ses_fail(s->cx, SES_UNKNOWN_KEY, "%s",
                        "Account not subscribed to SES");
    return rc;
}

static ses_rc_t
find_set(state_t *s, ses_str_t name)
{
    ses_rc_t rc;

    rc = ses_config_set_find(s->cx, s->t, s->ask->account, name, &s->set);
    if (rc == SES_NOT_FOUND)
        return ses_fail(s->cx, SES_SET_UNKNOWN, UNKNOWN_SET, SES_FMT(name));
    if (rc == SES_OK)
        s->out->set = s->set.name;
    return rc;
}

static ses_rc_t
named_set(state_t *s)
{
    ses_str_t name = ses_headers_set(s->cx->arena, s->ask->headers);

    s->out->set = SES_STR("");
    return name.n == 0 ? SES_OK : find_set(s, name);
}

static ses_rc_t
default_set(state_t *s)
{
    ses_rc_t rc;

    s->out->owner = ses_delegate_owner(s->cx->arena, &s->delegates.from,
                                       &s->out->from[0], s->ask->account);
    if ((rc = ses_cover_find(s->cx, s->t, s->out->owner, &s->out->from[0],
                             &s->first)) != SES_OK)
        return rc;
    s->out->identity = s->first.exists ? s->first.best.name : SES_STR("");
    if (s->out->set.n > 0 || !s->first.exists ||
        s->first.best.config_set.n == 0 ||
        !ses_str_eq(s->out->owner, s->ask->account))
        return SES_OK;
    return find_set(s, s->first.best.config_set);
}

/* --- syntax ------------------------------------------------------------ */

static ses_rc_t
header_syntax(state_t *s)
{
    ses_rc_t rc;

    if ((rc = ses_headers_check(s->cx, s->ask->headers)) != SES_OK)
        return rc;
    if ((rc = ses_attachment_header(s->cx, s->ask->headers)) != SES_OK)
        return rc;
    if ((rc = ses_headers_later(s->cx, s->ask->headers)) != SES_OK)
        return rc;
    return ses_headers_tags(s->cx, s->ask->headers, &s->out->tags,
                            &s->out->ntags);
}

/* Every field that holds addresses; n = 0 when it is absent. */
static ses_rc_t
mailboxes(state_t *s, const char *name, ses_address_t **list, unsigned *n)
{
    const ses_header_t *h = ses_headers_find(s->ask->headers, name);

    *list = NULL;
    *n = 0;
    if (h == NULL)
        return SES_OK;
    return ses_address_list(s->cx, ses_header_unfold(s->cx->arena, h->value),
                            LIST_MAX, list, n);
}

static ses_rc_t
address_syntax(state_t *s)
{
    static const char *const others[] = {"Sender", "Reply-To", "To", "Cc"};
    ses_address_t *list;
    unsigned n;
    ses_rc_t rc;
    size_t i;

    rc = ses_address_path(s->cx, s->ask->source, &s->out->source);
    if (rc != SES_OK)
        return rc;
    if (s->out->source.addr.n == 0)
        return ses_fail(s->cx, SES_INVALID,
                        "Invalid MAIL FROM address provided");

    rc = mailboxes(s, "From", &s->out->from, &s->out->nfrom);
    if (rc != SES_OK)
        return rc;
    if (s->out->nfrom == 0)
        return ses_fail(s->cx, SES_INVALID, "Missing required header 'From'.");
    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if ((rc = mailboxes(s, others[i], &list, &n)) != SES_OK)
            return rc;
    return SES_OK;
}

/* The envelope sender's domain: the owner's while its records are there. */
static ses_rc_t
mail_from(state_t *s)
{
    const ses_mail_from_t *m = &s->first.best.mail_from;

    s->out->return_domain = s->ask->conf->bounce_domain;
    if (!s->first.exists || m->domain.n == 0 || s->ask->own_return)
        return SES_OK;
    if (m->status == SES_VERIFY_SUCCESS)
        s->out->return_domain = m->domain;
    else if (m->reject)
        return ses_fail(s->cx, SES_MAIL_FROM, "%s",
                        "DNS setup for MAIL FROM domain is invalid.");
    return SES_OK;
}

static unsigned
same_rcpt(const ses_verdict_t *v, ses_str_t addr)
{
    unsigned i;

    for (i = 0; i < v->nrcpts; i++)
        if (ses_str_eq(v->rcpts[i].addr, addr))
            break;
    return i;
}

/* Canonical recipients, each once: Postfix delivers once, too. */
static ses_rc_t
recipients(state_t *s)
{
    ses_verdict_t *v = s->out;
    ses_address_t a;
    ses_rcpt_t *r;
    unsigned i, at;
    ses_rc_t rc;

    v->rcpts =
        ses_calloc(s->cx->arena, (s->ask->npaths + 1) * sizeof(*v->rcpts));
    v->rcpt_of =
        ses_calloc(s->cx->arena, (s->ask->npaths + 1) * sizeof(*v->rcpt_of));
    v->nrcpts = 0;
    for (i = 0; i < s->ask->npaths; i++) {
        rc = ses_address_path(s->cx, s->ask->paths[i], &a);
        if (rc != SES_OK)
            return rc;
        if (a.addr.n == 0)
            return ses_fail(s->cx, SES_INVALID, "Invalid email address .");
        at = same_rcpt(v, a.addr);
        if (at == v->nrcpts) {
            r = &v->rcpts[v->nrcpts++];
            r->addr = a.addr;
            r->reason = (uint8_t) ses_simulator_kind(
                s->ask->conf->simulator_domain, &a);
            r->removed =
                r->reason == SES_SIM_NONE ? SES_RCPT_KEPT : SES_RCPT_SIMULATED;
        }
        v->rcpt_of[i] = at;
    }
    return SES_OK;
}

/* --- policies ---------------------------------------------------------- */

static ses_rc_t
delegates(state_t *s)
{
    return ses_delegates_read(s->cx, s->t, s->ask->conf->region,
                              s->ask->account, s->ask->headers, &s->out->source,
                              s->out->from, s->out->nfrom, &s->delegates);
}

static ses_rc_t
authorized(state_t *s)
{
    ses_iam_send_t q = {.region = s->ask->conf->region,
                        .account = s->ask->account,
                        .caller = &s->ask->caller,
                        .nfrom = s->out->nfrom,
                        .source = &s->out->source,
                        .nrcpts = s->out->nrcpts,
                        .set = s->out->set,
                        .delegates = &s->delegates};
    ses_address_t *sender, *back, *from;
    ses_str_t *rcpts;
    unsigned i;
    ses_rc_t rc;

    if ((rc = mailboxes(s, "Sender", &sender, &q.nsender)) != SES_OK ||
        (rc = mailboxes(s, "Return-Path", &back, &q.nback)) != SES_OK)
        return rc;
    from = ses_alloc(s->cx->arena, (q.nfrom + q.nsender) * sizeof(*from));
    memcpy(from, s->out->from, q.nfrom * sizeof(*from));
    if (q.nsender > 0)
        memcpy(from + q.nfrom, sender, q.nsender * sizeof(*from));
    rcpts = ses_alloc(s->cx->arena, (q.nrcpts + 1) * sizeof(*rcpts));
    for (i = 0; i < q.nrcpts; i++)
        rcpts[i] = s->out->rcpts[i].addr;
    q.from = from;
    q.back = back;
    q.rcpts = rcpts;
    return ses_iam_send(s->cx, s->t, &q);
}

/* --- who may send as whom, to whom ------------------------------------- */

typedef struct {
    ses_buf_t text;
    bool cut;
} failed_t;

/* Add an identity to the refusal, once, until there is an ellipsis. */
static void
add_failed(failed_t *f, ses_str_t name)
{
    ses_str_t have = ses_buf_get(&f->text), part;

    while (have.n > 0 && ses_str_cut(&have, ',', &part))
        if (ses_str_eq(ses_str_trim(part), name))
            return;
    have = ses_buf_get(&f->text);
    if (f->cut)
        return;
    f->cut = have.n > 0 && have.n + name.n > FAILED_MAX;
    ses_buf_c(&f->text, have.n > 0 ? ", " : "");
    if (f->cut)
        ses_buf_c(&f->text, "...");
    else
        ses_buf_str(&f->text, name);
}

static ses_rc_t
refuse_failed(state_t *s, const failed_t *f)
{
    ses_str_t list = ses_buf_get(&f->text);
    ses_str_t region = ses_str_upper(s->cx->arena, s->ask->conf->region);

    if (list.n == 0)
        return SES_OK;
    return ses_fail(s->cx, SES_REJECTED,
                    "Email address is not verified. The following identities "
                    "failed the check in region %.*s: %.*s",
                    SES_FMT(region), SES_FMT(list));
}

/* An address of the account's, or of the owner of an identity that d names. */
static ses_rc_t
need(state_t *s, const ses_delegate_t *d, const ses_address_t *a, failed_t *f)
{
    ses_str_t given = a->addr, owner = s->ask->account;
    ses_cover_t c;
    ses_rc_t rc;

    if (ses_service_owns(s->ask->conf, s->ask->account, a->domain))
        return SES_OK;
    if (d != NULL)
        owner = ses_delegate_owner(s->cx->arena, d, a, owner);
    rc = ses_cover_find(s->cx, s->t, owner, a, &c);
    if (rc != SES_OK)
        return rc;
    if (c.verified)
        return SES_OK;
    if (a->display.n > 0)
        given = ses_str_printf(s->cx->arena, "%.*s <%.*s>", SES_FMT(a->display),
                               SES_FMT(a->addr));
    add_failed(f, given);
    return SES_OK;
}

static ses_rc_t
identities(state_t *s)
{
    const struct {
        const char *field;
        const ses_delegate_t *delegate;
    } more[] = {{"Sender", &s->delegates.from},
                {"Return-Path", &s->delegates.back}};
    ses_address_t *list;
    failed_t f = {.cut = false};
    unsigned i, n;
    ses_rc_t rc;
    size_t k;

    ses_buf_init(&f.text, s->cx->arena, 8192);
    for (i = 0; i < s->out->nfrom; i++)
        if ((rc = need(s, &s->delegates.from, &s->out->from[i], &f)) != SES_OK)
            return rc;
    for (k = 0; k < sizeof(more) / sizeof(more[0]); k++) {
        if ((rc = mailboxes(s, more[k].field, &list, &n)) != SES_OK)
            return rc;
        for (i = 0; i < n; i++)
            if ((rc = need(s, more[k].delegate, &list[i], &f)) != SES_OK)
                return rc;
    }
    if ((rc = need(s, &s->delegates.source, &s->out->source, &f)) != SES_OK)
        return rc;
    return refuse_failed(s, &f);
}

/* Out of the sandbox, the account and whose identity it borrows? */
static ses_rc_t
production(state_t *s, bool *out)
{
    ses_account_t owner;
    ses_rc_t rc;

    *out = s->out->account.production;
    if (!*out || ses_str_eq(s->out->owner, s->ask->account))
        return SES_OK;
    if ((rc = ses_account_find(s->cx, s->t, s->out->owner, &owner)) == SES_OK)
        *out = owner.production;
    return rc;
}

static ses_rc_t
sandbox(state_t *s)
{
    failed_t f = {.cut = false};
    ses_address_t a;
    bool out;
    unsigned i;
    ses_rc_t rc;

    if ((rc = production(s, &out)) != SES_OK || out)
        return rc;
    ses_buf_init(&f.text, s->cx->arena, 8192);
    for (i = 0; i < s->ask->npaths; i++) {
        if (s->out->rcpts[s->out->rcpt_of[i]].removed == SES_RCPT_SIMULATED)
            continue;
        rc = ses_address_path(s->cx, s->ask->paths[i], &a);
        if (rc == SES_OK)
            rc = need(s, NULL, &a, &f);
        if (rc != SES_OK)
            return rc;
    }
    return refuse_failed(s, &f);
}

/* --- switches and limits ----------------------------------------------- */

/* Another account's identity is no way around the suspension of that one. */
static ses_rc_t
owner_switch(state_t *s)
{
    ses_account_t owner;
    ses_rc_t rc;

    if (ses_str_eq(s->out->owner, s->ask->account))
        return SES_OK;
    rc = ses_account_find(s->cx, s->t, s->out->owner, &owner);
    if (rc == SES_OK && owner.suspended)
        return ses_fail(s->cx, SES_SUSPENDED, "%s",
                        "Sending suspended for the account of this identity.");
    return rc;
}

static ses_rc_t
switches(state_t *s)
{
    ses_rc_t rc;

    if (s->out->account.suspended)
        return ses_fail(s->cx, SES_SUSPENDED, "%s",
                        "Sending suspended for this account." INBOX);
    if ((rc = owner_switch(s)) != SES_OK)
        return rc;
    if (!s->out->account.sending)
        return ses_fail(s->cx, SES_PAUSED, "%s",
                        "Sending paused for this account." INBOX);
    if (s->out->set.n > 0 && !s->set.sending)
        return ses_fail(s->cx, SES_SET_PAUSED,
                        "Sending is paused for configuration set %.*s",
                        SES_FMT(s->out->set));
    return SES_OK;
}

static ses_rc_t
limits(state_t *s)
{
    if (s->ask->nrcpts > s->ask->conf->max_recipients)
        return ses_fail(s->cx, SES_INVALID, "Recipient count exceeds %llu.",
                        (unsigned long long) s->ask->conf->max_recipients);
    if (s->out->nrcpts == 0)
        return ses_fail(s->cx, SES_INVALID, "No recipients.");
    return SES_OK;
}

/* Take r off the message when a list has it: SES_OK, or SES_NOT_FOUND. */
static ses_rc_t
look_up(state_t *s, ses_str_t account, unsigned reasons,
        ses_rcpt_removed_t removed, ses_rcpt_t *r)
{
    ses_suppression_t found;
    ses_rc_t rc;

    rc = ses_suppression_find(s->cx, s->t, account, r->addr, reasons, &found);
    if (rc != SES_OK)
        return rc;
    r->removed = (uint8_t) removed;
    r->reason = (uint8_t) found.reason;
    return SES_OK;
}

/* The account's list overrides the site's (contract 9.1), unless the
 * operator has it always: one look-up a recipient. */
static ses_rc_t
suppressed(state_t *s)
{
    bool always = s->ask->conf->site_suppression_always;
    unsigned reasons, i;
    ses_rcpt_t *r;
    ses_rc_t rc;

    reasons = s->out->set.n > 0 && s->set.has_suppression
                  ? s->set.reasons
                  : s->out->account.reasons;
    for (i = 0; i < s->out->nrcpts; i++) {
        r = &s->out->rcpts[i];
        if (r->removed != SES_RCPT_KEPT)
            continue;
        rc = SES_NOT_FOUND;
        if (reasons != 0)
            rc = look_up(s, s->ask->account, reasons, SES_RCPT_SUPPRESSED, r);
        if (rc == SES_NOT_FOUND && (reasons == 0 || always))
            rc = look_up(s, SES_SITE, SES_REASON_ANY, SES_RCPT_SITE, r);
        if (rc != SES_OK && rc != SES_NOT_FOUND)
            return rc;
    }
    return SES_OK;
}

static ses_rc_t
find_signer(state_t *s)
{
    ses_rc_t rc;

    rc = ses_cover_signer(s->cx, s->t, s->out->owner, s->out->from[0].domain,
                          &s->out->signer);
    s->out->sign = rc == SES_OK;
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

static ses_rc_t
find_egress(state_t *s)
{
    s->out->max_delivery = s->out->set.n > 0 ? s->set.max_delivery : 0;
    return ses_egress_label(s->cx, s->t, s->ask->conf, s->ask->account,
                            s->out->set.n > 0 ? &s->set : NULL, s->ask->seed,
                            &s->out->label);
}

/* --- all together ------------------------------------------------------ */

ses_rc_t
ses_verdict(ses_cx_t *cx, ses_txn_t *t, const ses_ask_t *ask,
            ses_verdict_t *out)
{
    static ses_rc_t (*const steps[])(state_t *) = {
        find_account, named_set,  header_syntax, address_syntax,
        recipients,   delegates,  default_set,   authorized,
        identities,   mail_from,  sandbox,       switches,
        limits,       suppressed, find_signer,   find_egress,
    };
    ses_verdict_t v = {.nfrom = 0};
    state_t s = {.cx = cx, .t = t, .ask = ask, .out = &v};
    ses_rc_t rc;
    size_t i;

    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if ((rc = steps[i](&s)) != SES_OK)
            return rc;
    *out = v;
    return SES_OK;
}

bool
ses_verdict_token(ses_cx_t *cx, const ses_keyring_t *ring, ses_str_t path)
{
    ses_cx_t mine = *cx; /* a path that does not parse is no failure here */
    ses_msgid_t id;
    ses_address_t a;

    return ses_address_path(&mine, path, &a) == SES_OK && a.addr.n > 0 &&
           ses_token_parse(&mine, ring, a.local, &id) == SES_OK;
}

/*
 * The forms that Postfix would make our domain of: user@d, user%d, d!user.
 * A path that does not parse is judged by its end.
 */
bool
ses_verdict_reserved(ses_cx_t *cx, const ses_conf_t *conf, ses_str_t path)
{
    ses_str_t d = conf->bounce_domain, s;
    ses_cx_t mine = *cx; /* a path that does not parse is no failure here */
    ses_address_t a;
    char before;

    s = ses_str_lower(cx->arena, path);
    while (s.n > 0 && strchr(" \t>.)", s.p[s.n - 1]) != NULL)
        s.n--;
    if (ses_address_path(&mine, path, &a) == SES_OK) {
        if (ses_domain_within(a.domain, d))
            return true;
    } else if (ses_str_ends(s, d)) {
        before = s.n == d.n ? '@' : s.p[s.n - d.n - 1];
        if (strchr("@.:% \t", before) != NULL)
            return true;
    }
    return ses_str_search(s, ses_str_cat(cx->arena, SES_STR("%"), d)) >= 0 ||
           ses_str_search(s, ses_str_cat(cx->arena, d, SES_STR("!"))) >= 0;
}
