/*
 * dns - sesamectl dns: the operator's zone, as a file
 *
 * Our records that are in one zone (policy/zone.h says which there are),
 * written as they come: identities are read a page at a time, so that a
 * hundred thousand cost no memory and no reader is old.
 */
#include "base/clock.h"
#include "base/domain.h"
#include "ctl.h"
#include "policy/zone.h"
#include "stream.h"

#define PAGE 256u
#define NS_MAX 8

typedef struct {
    ctl_t *c;
    stream_t stream;
    ses_arena_t *arena; /* of a page */
    ses_str_t zone;
    ses_str_t after; /* key of the last identity, in last */
    char last[SES_KEY_MAX];
    unsigned n; /* identities of this page */
    unsigned outside;
} printer_t;

static void
record(void *arg, const ses_zone_record_t *r)
{
    printer_t *p = arg;
    emit_t item;

    if (!ses_domain_within(r->name, p->zone)) {
        p->outside++;
        return;
    }
    if (!p->c->json) {
        printf("%.*s. %d IN %s %.*s\n", SES_FMT(r->name), SES_ZONE_TTL, r->type,
               SES_FMT(ses_zone_value(p->arena, r)));
        return;
    }
    item = stream_item(p->arena);
    emit_open(&item, NULL);
    emit_str(&item, "name", r->name);
    emit_c(&item, "type", r->type);
    emit_str(&item, "value",
             strcmp(r->type, "MX") == 0
                 ? ses_str_printf(p->arena, "10 %.*s", SES_FMT(r->value))
                 : r->value);
    emit_close(&item);
    stream_put(&p->stream, &item);
}

/* --- the head ---------------------------------------------------------- */

/* SOA and NS.  Without --ns this host is the name server, under the name by
 * which bounces find it. */
static ses_rc_t
head(printer_t *p)
{
    ctl_t *c = p->c;
    const char *given = ctl_option(c, "ns"), *serial = ctl_option(c, "serial");
    uint64_t number = (uint64_t) (c->cx.now / 1000);
    ses_str_t rest, one, names[NS_MAX];
    unsigned n = 0, i;
    ses_rc_t rc;

    if (serial != NULL && !ses_str_u64(ses_str(serial), UINT32_MAX, &number))
        return ses_fail(&c->cx, SES_INVALID, "--serial is a number of 32 bits");
    rest =
        given != NULL ? ses_str(given) : ses_mail_from_host(c->arena, &c->conf);
    while (ses_str_cut(&rest, ',', &one)) {
        if (n == NS_MAX)
            return ses_fail(&c->cx, SES_INVALID, "--ns: at most %d names",
                            NS_MAX);
        rc = ses_domain_canon(&c->cx, ses_str_trim(one), &names[n++]);
        if (rc != SES_OK)
            return rc;
    }
    printf("$TTL %d\n%.*s. IN SOA %.*s. hostmaster.%.*s. %llu 3600 600 1209600 "
           "%d\n",
           SES_ZONE_TTL, SES_FMT(p->zone), SES_FMT(names[0]), SES_FMT(p->zone),
           (unsigned long long) (number & UINT32_MAX), SES_ZONE_TTL);
    for (i = 0; i < n; i++)
        printf("%.*s. IN NS %.*s.\n", SES_FMT(p->zone), SES_FMT(names[i]));
    return SES_OK;
}

/* --- the body ---------------------------------------------------------- */

static ses_rc_t
site(ctl_t *c, ses_txn_t *t, void *arg)
{
    return ses_zone_site(&c->cx, t, &c->conf, record, arg);
}

static ses_rc_t
identity(ses_cx_t *cx, const ses_identity_t *i, void *arg)
{
    printer_t *p = arg;
    ses_str_t key;

    (void) cx;
    ses_zone_identity(p->arena, &p->c->conf, i, record, p);
    key = ses_identity_key(p->arena, i->account, i->name);
    memcpy(p->last, key.p, key.n); /* the arena is this page's */
    p->after = ses_str_n(p->last, key.n);
    return ++p->n < PAGE ? SES_OK : SES_NOT_FOUND;
}

static ses_rc_t
identities(printer_t *p)
{
    ses_rc_t rc = SES_OK;
    ses_txn_t *t;
    ses_cx_t cx;

    do {
        ses_arena_reset(p->arena);
        cx = ses_cx(p->arena, p->c->cx.now);
        p->n = 0;
        if ((rc = ses_txn_read(&cx, p->c->store, &t)) == SES_OK) {
            rc = ses_identity_each(&cx, t, p->after, identity, p);
            ses_txn_end(t);
        }
        if (rc != SES_OK)
            return ses_fail(&p->c->cx, rc, "%.*s", SES_FMT(cx.why));
    } while (p->n == PAGE);
    return SES_OK;
}

/* What the reader of the zone would miss. */
static void
remarks(const printer_t *p)
{
    const ses_conf_t *conf = &p->c->conf;

    if (conf->public_address.n == 0)
        fprintf(stderr,
                "sesamectl: public_address is not set in sesame.conf: the "
                "zone has no address of the feedback host, and SPF only "
                "source addresses of accounts\n");
    if (p->outside > 0)
        fprintf(stderr,
                "sesamectl: %u records are not in zone %.*s: see sesamectl "
                "dns with %.*s or %.*s\n",
                p->outside, SES_FMT(p->zone), SES_FMT(conf->service_domain),
                SES_FMT(conf->bounce_domain));
}

static ses_rc_t
print(printer_t *p)
{
    ctl_t *c = p->c;
    ses_rc_t rc = SES_OK;

    stream_begin(&p->stream, c, false);
    if (!c->json && ctl_option(c, "records") == NULL)
        rc = head(p);
    if (rc == SES_OK)
        rc = ctl_read(c, site, p);
    if (rc == SES_OK)
        rc = identities(p);
    if (rc == SES_OK)
        stream_end(&p->stream);
    return rc;
}

static int
dns(ctl_t *c)
{
    printer_t p = {.c = c, .zone = c->conf.service_domain};
    ses_rc_t rc = SES_OK;

    if (c->nargs > 0)
        rc = ses_domain_canon(&c->cx, ctl_arg(c, 0), &p.zone);
    if (rc == SES_OK && !ses_conf_has_zone(&c->conf, p.zone))
        rc = ses_fail(&c->cx, SES_INVALID, "nothing of ours is in %.*s",
                      SES_FMT(p.zone));
    if (rc != SES_OK)
        return ctl_failed(c, rc);
    p.arena = ses_arena_new();
    rc = print(&p);
    ses_arena_free(p.arena);
    if (rc != SES_OK)
        return ctl_failed(c, rc);
    remarks(&p);
    return 0;
}

const ctl_command_t ctl_dns[] = {
    {"",
     "[ZONE]",
     0,
     1,
     "Print our zone as a file for a name server: the keys of all identities,\n"
     "SPF, the MX of bounce_domain and the feedback host.  ZONE is\n"
     "service_domain unless it is given: of another, or of one above, what is\n"
     "in it.",
     CTL_STORE,
     dns,
     {{"ns", "NAME[,NAME]", "name servers of the zone (the feedback host)"},
      {"serial", "N", "serial number (the time)"},
      {"records", NULL, "without SOA and NS, to be included in a zone"}}},
    {0},
};
