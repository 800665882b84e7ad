/*
 * identity_check - sesamectl identity check: is the mail of a domain fine?
 *
 * What a receiver looks at, looked up now: the key records of the identity
 * (the domain's own, or the nearest above it), MX and SPF of the domain that
 * envelope senders are in, the DMARC policy, and whether what is signed and
 * what is in the envelope align with From (RFC 7489 section 3.1).  Each
 * finding that is wrong has its remedy.
 */
#include "identity.h"

#include "base/domain.h"
#include "lookup.h"
#include "policy/keyrecord.h"
#include "policy/spf.h"
#include "policy/zone.h"

#define LABELS_MAX 8 /* looked at on the way up, for DMARC */

typedef struct {
    ctl_t *c;
    struct ub_ctx *ub;
    ses_str_t from;     /* the domain in From */
    ses_str_t given;    /* the identity to look for */
    ses_identity_t i;   /* whose mail that is */
    ses_str_t envelope; /* the domain of the envelope sender */
    bool keys;          /* a signature verifies */
    bool spf;           /* SPF lets it pass */
    unsigned wrong;
} checker_t;

typedef struct {
    const char *failure; /* no answer, NULL = there is one */
    unsigned n;
    ses_str_t *v; /* all of them: a message of 64 KB bounds them */
} found_t;

static void
row(checker_t *k, const char *check, ses_str_t name, const char *result,
    ses_str_t found, ses_str_t remedy)
{
    emit_t *e = &k->c->out;

    if (strcmp(result, "FAIL") == 0)
        k->wrong++;
    emit_open(e, NULL);
    emit_c(e, "check", check);
    emit_str(e, "name", name);
    emit_c(e, "result", result);
    emit_str(e, "found", found);
    emit_str(e, "remedy", remedy);
    emit_close(e);
}

/* Texts (or hosts of MX) at name; "" when nothing is there. */
static found_t
look(checker_t *k, ses_str_t name, int type)
{
    ses_arena_t *a = k->c->arena;
    struct ub_result *res = NULL;
    found_t f = {0};
    int e = ub_resolve(k->ub, ses_str_c(a, name), type, 1, &res), i;

    if (e != 0)
        f.failure = ub_strerror(e);
    else if (res->bogus)
        f.failure = "its DNSSEC signature is wrong";
    else if (!res->havedata && res->rcode != 0 && !res->nxdomain)
        f.failure = "its name servers fail (SERVFAIL)";
    if (f.failure == NULL && res->havedata) {
        while (res->data[f.n] != NULL)
            f.n++;
        f.v = ses_calloc(a, f.n * sizeof(*f.v));
        for (i = 0; i < (int) f.n; i++)
            f.v[i] = type == LOOKUP_MX ? lookup_mx(a, res, i)
                                       : lookup_text(a, res, i);
    }
    ub_resolve_free(res);
    return f;
}

/* Those that are of a kind; it takes f's place. */
static found_t
only(found_t f, bool (*is)(ses_str_t))
{
    unsigned n, kept = 0;

    for (n = 0; n < f.n; n++)
        if (is(f.v[n]))
            f.v[kept++] = f.v[n];
    f.n = kept;
    return f;
}

/* What was found, for people: the first of it. */
static ses_str_t
shown(ses_arena_t *a, const found_t *f)
{
    ses_str_t first;

    if (f->failure != NULL)
        return ses_str(f->failure);
    if (f->n == 0)
        return SES_STR("nothing");
    first = ses_str_head(f->v[0], 40);
    return ses_str_printf(a, "%.*s%s%s", SES_FMT(first),
                          first.n < f->v[0].n ? "..." : "",
                          f->n > 1 ? " and more" : "");
}

/* The remedy when there was no answer, else this one. */
static ses_str_t
remedy(checker_t *k, const found_t *f, ses_str_t name, ses_str_t other)
{
    if (f->failure == NULL)
        return other;
    return ses_str_printf(k->c->arena,
                          "see to the name servers of %.*s; ours is "
                          "resolver in sesame.conf",
                          SES_FMT(name));
}

/* --- DKIM -------------------------------------------------------------- */

static void
check_key(checker_t *k, unsigned slot)
{
    const ses_dkim_key_t *key = &k->i.dkim.keys[slot];
    ses_arena_t *a = k->c->arena;
    ses_str_t want = ses_dkim_txt(a, &k->i.dkim, slot), name, publish;
    bool good = false;
    found_t f;

    if (want.n == 0)
        return;
    name = ses_str_printf(a, "%.*s._domainkey.%.*s", SES_FMT(key->selector),
                          SES_FMT(k->i.name));
    f = look(k, name, LOOKUP_TXT);
    if (f.failure == NULL && f.n == 1)
        good = ses_str_eq(f.v[0], want) ||
               (key->state != SES_DKIM_EMPTY &&
                ses_keyrecord_has(a, f.v[0], ses_dkim_kind_name(key->kind),
                                  key->public_key));
    if (good && key->state == SES_DKIM_CURRENT)
        k->keys = true;
    if (slot < SES_DKIM_TOKENS)
        publish = ses_str_printf(
            a,
            "publish: %.*s. CNAME %.*s.dkim.%.*s. (and there, what "
            "sesamectl dns prints)",
            SES_FMT(name), SES_FMT(key->selector),
            SES_FMT(k->c->conf.service_domain));
    else
        publish = ses_str_printf(a, "publish: %.*s. TXT %.*s", SES_FMT(name),
                                 SES_FMT(ses_zone_text(a, want)));
    row(k, key->state == SES_DKIM_EMPTY ? "DKIM, for the next key" : "DKIM",
        name, good ? "ok" : "FAIL", shown(a, &f),
        good ? SES_STR("") : remedy(k, &f, k->i.name, publish));
}

static void
check_keys(checker_t *k)
{
    unsigned slot;

    if (ses_dkim_current(&k->i.dkim) == NULL)
        row(k, "DKIM", k->i.name, "FAIL", SES_STR("no key is made yet"),
            SES_STR("is sesame-milter running?"));
    for (slot = 0; slot < SES_DKIM_SLOTS; slot++)
        check_key(k, slot);
}

/* --- the envelope ------------------------------------------------------ */

static void
check_mx(checker_t *k, bool own)
{
    ses_arena_t *a = k->c->arena;
    ses_str_t host = ses_mail_from_host(a, &k->c->conf);
    found_t f = look(k, k->envelope, LOOKUP_MX);
    bool good = f.failure == NULL && f.n > 0;

    if (own) /* contract 7.2: exactly one */
        good = good && f.n == 1 && ses_str_eq(f.v[0], host);
    row(k, "MX of MAIL FROM", k->envelope, good ? "ok" : "FAIL", shown(a, &f),
        good ? SES_STR("")
             : remedy(k, &f, k->envelope,
                      ses_str_printf(a, "publish: %.*s. MX 10 %.*s., %s",
                                     SES_FMT(k->envelope), SES_FMT(host),
                                     own ? "and no other"
                                         : "as sesamectl dns prints")));
}

static void
check_spf(checker_t *k, ses_str_t name, ses_str_t include)
{
    ses_arena_t *a = k->c->arena;
    found_t spf = only(look(k, name, LOOKUP_TXT), ses_spf_is);
    ses_str_t publish;
    bool good;

    good =
        spf.n == 1 && (include.n == 0 || ses_spf_includes(spf.v[0], include));
    k->spf = k->spf && good;
    publish = spf.n > 1 ? SES_STR("publish one SPF record only")
              : include.n > 0
                  ? ses_str_printf(
                        a, "publish: %.*s. TXT \"v=spf1 include:%.*s ~all\"",
                        SES_FMT(name), SES_FMT(include))
                  : ses_str_printf(a,
                                   "publish SPF of %.*s as sesamectl dns "
                                   "prints it (public_address)",
                                   SES_FMT(name));
    row(k, "SPF", name, good ? "ok" : "FAIL", shown(a, &spf),
        good ? SES_STR("") : remedy(k, &spf, name, publish));
}

static void
check_envelope(checker_t *k)
{
    bool own = k->i.mail_from.domain.n > 0;
    const ses_conf_t *conf = &k->c->conf;

    k->envelope = own ? k->i.mail_from.domain : conf->bounce_domain;
    k->spf = true;
    check_mx(k, own);
    check_spf(k, k->envelope, own ? conf->service_domain : SES_STR(""));
    if (own)
        check_spf(k, conf->service_domain, SES_STR(""));
    if (own && k->i.mail_from.status != SES_VERIFY_SUCCESS)
        row(k, "MAIL FROM in use", k->envelope, "FAIL",
            ses_str(ses_verify_name(k->i.mail_from.status)),
            ses_str_printf(k->c->arena,
                           k->i.mail_from.status == SES_VERIFY_FAILED
                               ? "set MAIL FROM of %.*s again"
                               : "wait: the agent looks again by itself (%.*s)",
                           SES_FMT(k->i.name)));
}

/* --- DMARC ------------------------------------------------------------- */

/* A tag's value in lower case, "" when it is not there. */
static ses_str_t
tag(ses_arena_t *a, ses_str_t record, const char *name)
{
    ses_str_t one, left;

    while (ses_str_cut(&record, ';', &one))
        if (ses_str_cut(&one, '=', &left) &&
            ses_str_caseeqc(ses_str_trim(left), name) && one.p != NULL)
            return ses_str_lower(a, ses_str_trim(one));
    return SES_STR("");
}

static bool
is_dmarc(ses_str_t txt)
{
    ses_str_t one;

    return ses_str_cut(&txt, ';', &one) &&
           ses_str_caseeqc(ses_str_trim(one), "v=DMARC1");
}

/* The policy of the domain or of one above it. */
static found_t
find_policy(checker_t *k, ses_str_t *where)
{
    ses_arena_t *a = k->c->arena;
    found_t policy = {0};
    ses_str_t at = k->from;
    unsigned labels;

    *where = k->from;
    for (labels = 0; labels < LABELS_MAX && ses_str_find(at, '.') >= 0;
         labels++) {
        policy =
            only(look(k, ses_str_cat(a, SES_STR("_dmarc."), at), LOOKUP_TXT),
                 is_dmarc);
        if (policy.n > 0 || policy.failure != NULL) {
            *where = at;
            break;
        }
        at = ses_str_from(at, (size_t) ses_str_find(at, '.') + 1);
    }
    return policy;
}

static bool
aligned(ses_str_t from, ses_str_t with, ses_str_t above, bool strict)
{
    if (strict)
        return ses_str_eq(from, with);
    return ses_domain_within(from, with) || ses_domain_within(with, from) ||
           (ses_domain_within(from, above) && ses_domain_within(with, above));
}

/* One of the two ways by which DMARC passes. */
static bool
check_way(checker_t *k, const char *check, ses_str_t with, bool verifies,
          bool strict, const char *remedy_strict, const char *remedy_relaxed)
{
    bool good = aligned(k->from, with, k->i.name, strict);

    row(k, check, with, good && verifies ? "ok" : "no",
        ses_str_printf(k->c->arena, "%s with %.*s (%s)%s",
                       good ? "aligned" : "not aligned", SES_FMT(k->from),
                       strict ? "strict" : "relaxed",
                       verifies ? "" : ", but it fails above"),
        ses_str(good     ? ""
                : strict ? remedy_strict
                         : remedy_relaxed));
    return good && verifies;
}

static void
check_dmarc(checker_t *k)
{
    ses_arena_t *a = k->c->arena;
    ses_str_t where, at, publish;
    found_t f = find_policy(k, &where);
    bool good = f.failure == NULL && f.n == 1 && tag(a, f.v[0], "p").n > 0;
    bool dkim, spf, strict_dkim = false, strict_spf = false;

    at = ses_str_cat(a, SES_STR("_dmarc."), where);
    publish = f.n > 1 ? SES_STR("publish one DMARC record only")
                      : ses_str_printf(
                            a, "publish: _dmarc.%.*s. TXT \"v=DMARC1; p=none\"",
                            SES_FMT(k->i.name));
    row(k, "DMARC policy", at, good ? "ok" : "FAIL", shown(a, &f),
        good ? SES_STR("") : remedy(k, &f, where, publish));
    if (f.n == 1) {
        strict_dkim = ses_str_eqc(tag(a, f.v[0], "adkim"), "s");
        strict_spf = ses_str_eqc(tag(a, f.v[0], "aspf"), "s");
    }
    dkim = check_way(k, "DMARC by DKIM", k->i.name, k->keys, strict_dkim,
                     "make the domain in From an identity of its own, or "
                     "publish adkim=r",
                     "make the domain in From an identity");
    spf = check_way(k, "DMARC by SPF", k->envelope, k->spf, strict_spf,
                    "publish aspf=r: a MAIL FROM domain is a sub-domain",
                    "give the identity a MAIL FROM domain of its own");
    row(k, "DMARC", k->from, dkim || spf ? "ok" : "FAIL",
        ses_str(dkim && spf ? "passes by both"
                : dkim      ? "passes by DKIM"
                : spf       ? "passes by SPF"
                            : "does not pass"),
        ses_str(dkim || spf ? "" : "one of the two above has to be ok"));
}

/* --- the command ------------------------------------------------------- */

static ses_rc_t
choose(ctl_t *c, ses_txn_t *t, void *arg)
{
    checker_t *k = arg;

    return ctl_identity_choose(c, t, k->given, &k->i);
}

/* The identity of the domain itself, or of the nearest above it. */
static ses_rc_t
find(checker_t *k)
{
    ctl_t *c = k->c;
    ses_str_t given = ctl_arg(c, 0), why;
    ptrdiff_t at = ses_str_rfind(given, '@'), dot;
    ses_rc_t rc;

    if (at >= 0) /* of an address its domain */
        given = ses_str_from(given, (size_t) at + 1);
    if ((rc = ses_domain_canon(&c->cx, given, &k->from)) != SES_OK)
        return rc;
    k->given = k->from;
    if ((rc = ctl_read(c, choose, k)) != SES_NOT_FOUND)
        return rc;
    why = ses_str_dup(c->arena, c->cx.why);
    while (rc == SES_NOT_FOUND && (dot = ses_str_find(k->given, '.')) >= 0 &&
           ses_str_find(ses_str_from(k->given, (size_t) dot + 1), '.') >= 0) {
        ses_cx_clear(&c->cx);
        k->given = ses_str_from(k->given, (size_t) dot + 1);
        rc = ctl_read(c, choose, k);
    }
    if (rc == SES_NOT_FOUND) {
        ses_cx_clear(&c->cx);
        return ses_fail(&c->cx, rc, "%.*s, nor one above it", SES_FMT(why));
    }
    return rc;
}

int
ctl_identity_check(ctl_t *c)
{
    checker_t k = {.c = c};
    ses_rc_t rc;

    if ((rc = find(&k)) != SES_OK)
        return ctl_failed(c, rc);
    if ((k.ub = lookup_open(c)) == NULL)
        return ctl_error(c, "libunbound does not take resolver or "
                            "dns_trust_anchor of sesame.conf");
    emit_list(&c->out, NULL);
    check_keys(&k);
    check_envelope(&k);
    check_dmarc(&k);
    emit_end(&c->out);
    ub_ctx_delete(k.ub);
    return k.wrong == 0 ? 0 : 1;
}
