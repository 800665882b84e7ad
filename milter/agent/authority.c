/*
 * authority - what every name server of a key record says of it
 *
 * By libldns: the resolver of sesame.conf (or the system's) says which
 * servers a zone has and where they are; these are asked without it.  An
 * answer counts when it is authoritative.  A server with several addresses
 * must answer at one of them.
 */
#include "authority.h"

#include <ldns/ldns.h>

#include "base/clock.h"
#include "policy/keyrecord.h"

#define TIMEOUT_S 2
#define RETRIES 2
#define SERVERS_MAX 13
#define ADDRESSES_MAX 4
#define ALIASES_MAX 8 /* in a chain */
#define RESOLVERS_MAX 8
#define ZONES_MAX 64  /* remembered */
#define LABELS_MAX 16 /* looked at on the way up */
#define ASKED_MAX 128 /* servers, for one record */
#define LOOK_US (INT64_C(20) * 1000000)

typedef struct {
    unsigned n;
    ldns_rdf *at[ADDRESSES_MAX];
} server_t;

typedef struct {
    ldns_rdf *name; /* of the zone */
    unsigned n;
    server_t servers[SERVERS_MAX];
} zone_t;

struct authority_s {
    ldns_resolver *recursive[RESOLVERS_MAX]; /* the first answered last */
    unsigned nrecursive;
    ldns_resolver *direct; /* asks one server */
    uint16_t port;
    unsigned nzones;
    zone_t zones[ZONES_MAX];
};

/* One record looked at. */
typedef struct {
    authority_t *a;
    ses_arena_t *arena;
    const ses_dkim_key_t *key;
    unsigned aliases; /* followed so far */
    unsigned asked;   /* servers */
    int64_t end;      /* monotonic: no answer is waited for after that */
} look_t;

static void
settings(ldns_resolver *r)
{
    const struct timeval timeout = {.tv_sec = TIMEOUT_S};

    ldns_resolver_set_timeout(r, timeout);
    ldns_resolver_set_retry(r, RETRIES);
    ldns_resolver_set_retrans(r, 0);
    ldns_resolver_set_edns_udp_size(r, 1232);
    ldns_resolver_set_fallback(r, false);
    ldns_resolver_set_igntc(r, false);
    ldns_resolver_set_random(r, false);
}

/* "IP:PORT" or "[IP]:PORT" */
static bool
add_endpoint(ldns_resolver *r, ses_arena_t *arena, ses_str_t endpoint)
{
    ptrdiff_t colon = ses_str_rfind(endpoint, ':');
    ses_str_t ip = ses_str_head(endpoint, (size_t) (colon < 0 ? 0 : colon));
    uint64_t port;
    ldns_rdf *at;
    bool six;

    six = ip.n > 2 && ip.p[0] == '[';
    if (six)
        ip = ses_str_n(ip.p + 1, ip.n - 2);
    at = ldns_rdf_new_frm_str(six ? LDNS_RDF_TYPE_AAAA : LDNS_RDF_TYPE_A,
                              ses_str_c(arena, ip));
    if (at == NULL ||
        !ses_str_u64(ses_str_from(endpoint, (size_t) colon + 1), 65535, &port))
        return false;
    ldns_resolver_set_port(r, (uint16_t) port);
    return ldns_resolver_push_nameserver(r, at) == LDNS_STATUS_OK;
}

/* libldns knows one port for all: each endpoint has a resolver of its own. */
static void
configured(authority_t *a, const ses_conf_t *conf)
{
    ses_str_t rest = conf->resolver, one;
    ses_arena_t *arena = ses_arena_new();
    ldns_resolver *r = NULL;

    if (rest.n == 0 && ldns_resolver_new_frm_file(&r, NULL) == LDNS_STATUS_OK)
        a->recursive[a->nrecursive++] = r;
    while (rest.n > 0 && a->nrecursive < RESOLVERS_MAX &&
           ses_str_cut(&rest, ' ', &one)) {
        r = ldns_resolver_new();
        if (r != NULL && add_endpoint(r, arena, one))
            a->recursive[a->nrecursive++] = r;
        else if (r != NULL)
            ldns_resolver_deep_free(r);
    }
    ses_arena_free(arena);
}

authority_t *
authority_new(const ses_conf_t *conf)
{
    authority_t *a = ses_xcalloc(sizeof(*a));
    unsigned n;

    a->port = conf->dns_port;
    configured(a, conf);
    a->direct = ldns_resolver_new();
    if (a->nrecursive == 0 || a->direct == NULL) {
        authority_free(a);
        return NULL;
    }
    for (n = 0; n < a->nrecursive; n++) {
        settings(a->recursive[n]);
        ldns_resolver_set_recursive(a->recursive[n], true);
    }
    settings(a->direct);
    ldns_resolver_set_recursive(a->direct, false);
    ldns_resolver_set_port(a->direct, a->port);
    return a;
}

void
authority_forget(authority_t *a)
{
    unsigned z, s, k;

    for (z = 0; z < a->nzones; z++) {
        ldns_rdf_deep_free(a->zones[z].name);
        for (s = 0; s < a->zones[z].n; s++)
            for (k = 0; k < a->zones[z].servers[s].n; k++)
                ldns_rdf_deep_free(a->zones[z].servers[s].at[k]);
    }
    a->nzones = 0;
}

void
authority_free(authority_t *a)
{
    if (a == NULL)
        return;
    authority_forget(a);
    while (a->nrecursive > 0)
        ldns_resolver_deep_free(a->recursive[--a->nrecursive]);
    if (a->direct != NULL)
        ldns_resolver_deep_free(a->direct);
    ses_xfree(a);
}

/* --- the servers of a zone --------------------------------------------- */

static ldns_pkt *
ask(ldns_resolver *r, const ldns_rdf *name, ldns_rr_type type, uint16_t flags)
{
    ldns_pkt *answer = NULL;

    if (ldns_resolver_send(&answer, r, name, type, LDNS_RR_CLASS_IN, flags) !=
        LDNS_STATUS_OK) {
        ldns_pkt_free(answer);
        return NULL;
    }
    return answer;
}

/* Any of the resolvers; one that answered is asked first from then on.  NULL
 * when none did, a failure when that is all that one says. */
static ldns_pkt *
ask_any(authority_t *a, const ldns_rdf *name, ldns_rr_type type)
{
    ldns_pkt *p = NULL, *failure = NULL;
    ldns_resolver *r;
    unsigned n;

    for (n = 0; n < a->nrecursive; n++) {
        r = a->recursive[n];
        p = ask(r, name, type, LDNS_RD);
        if (p == NULL)
            continue;
        if (ldns_pkt_get_rcode(p) == LDNS_RCODE_NOERROR ||
            ldns_pkt_get_rcode(p) == LDNS_RCODE_NXDOMAIN) {
            a->recursive[n] = a->recursive[0];
            a->recursive[0] = r;
            ldns_pkt_free(failure);
            return p;
        }
        ldns_pkt_free(failure);
        failure = p;
    }
    return failure;
}

/* The zone that name is in, as the SOA in an answer about it says. */
static ldns_rdf *
zone_of(authority_t *a, const ldns_rdf *name)
{
    ldns_rdf *at = ldns_rdf_clone(name), *found = NULL, *up;
    ldns_rr_list *list;
    ldns_pkt *p;
    unsigned n;

    for (n = 0; n < LABELS_MAX && found == NULL; n++) {
        if ((p = ask_any(a, at, LDNS_RR_TYPE_SOA)) == NULL)
            break;
        list = ldns_pkt_rr_list_by_type(p, LDNS_RR_TYPE_SOA,
                                        LDNS_SECTION_ANY_NOQUESTION);
        if (list != NULL && ldns_pkt_get_rcode(p) != LDNS_RCODE_SERVFAIL)
            found = ldns_rdf_clone(ldns_rr_owner(ldns_rr_list_rr(list, 0)));
        ldns_rr_list_deep_free(list);
        ldns_pkt_free(p);
        up = ldns_dname_left_chop(at);
        ldns_rdf_deep_free(at);
        if ((at = up) == NULL || ldns_dname_label_count(at) == 0)
            break;
    }
    ldns_rdf_deep_free(at);
    return found;
}

static void
add_addresses(authority_t *a, const ldns_rdf *host, server_t *s)
{
    static const ldns_rr_type types[] = {LDNS_RR_TYPE_A, LDNS_RR_TYPE_AAAA};
    ldns_rr_list *list;
    ldns_pkt *p;
    size_t t, i;

    for (t = 0; t < 2; t++) {
        if ((p = ask_any(a, host, types[t])) == NULL)
            continue;
        list = ldns_pkt_rr_list_by_type(p, types[t], LDNS_SECTION_ANSWER);
        for (i = 0; i < ldns_rr_list_rr_count(list); i++)
            if (s->n < ADDRESSES_MAX)
                s->at[s->n++] =
                    ldns_rdf_clone(ldns_rr_rdf(ldns_rr_list_rr(list, i), 0));
        ldns_rr_list_deep_free(list);
        ldns_pkt_free(p);
    }
}

/* Takes name. */
static const zone_t *
add_zone(authority_t *a, ldns_rdf *name)
{
    ldns_pkt *p = ask_any(a, name, LDNS_RR_TYPE_NS);
    ldns_rr_list *list = NULL;
    zone_t *z;
    size_t i;

    z = &a->zones[a->nzones++];
    *z = (zone_t){.name = name};
    if (p != NULL)
        list =
            ldns_pkt_rr_list_by_type(p, LDNS_RR_TYPE_NS, LDNS_SECTION_ANSWER);
    for (i = 0; i < ldns_rr_list_rr_count(list) && z->n < SERVERS_MAX; i++)
        add_addresses(a, ldns_rr_rdf(ldns_rr_list_rr(list, i), 0),
                      &z->servers[z->n++]);
    ldns_rr_list_deep_free(list);
    ldns_pkt_free(p);
    return z;
}

static const zone_t *
find_zone(authority_t *a, const ldns_rdf *record)
{
    ldns_rdf *above = ldns_dname_left_chop(record), *name;
    unsigned z;

    name = above == NULL ? NULL : zone_of(a, above);
    ldns_rdf_deep_free(above);
    if (name == NULL)
        return NULL;
    for (z = 0; z < a->nzones; z++)
        if (ldns_dname_compare(a->zones[z].name, name) == 0) {
            ldns_rdf_deep_free(name);
            return &a->zones[z];
        }
    if (a->nzones < ZONES_MAX)
        return add_zone(a, name);
    ldns_rdf_deep_free(name);
    return NULL;
}

/* --- one server -------------------------------------------------------- */

static ldns_pkt *
ask_server(authority_t *a, const server_t *s, const ldns_rdf *name)
{
    ldns_pkt *p = NULL;
    unsigned k;

    for (k = 0; k < s->n && p == NULL; k++) {
        ldns_rdf_deep_free(ldns_resolver_pop_nameserver(a->direct));
        if (ldns_resolver_push_nameserver(a->direct, s->at[k]) !=
            LDNS_STATUS_OK)
            continue;
        /* What was learned of the last server is not of this one. */
        ldns_resolver_set_nameserver_rtt(a->direct, 0, LDNS_RESOLV_RTT_MIN);
        p = ask(a->direct, name, LDNS_RR_TYPE_TXT, 0);
    }
    return p;
}

/* The strings of a TXT record, joined. */
static ses_str_t
text_of(ses_arena_t *arena, const ldns_rr *rr)
{
    ses_str_t out = SES_STR(""), part;
    const ldns_rdf *f;
    size_t i;

    for (i = 0; i < ldns_rr_rd_count(rr); i++) {
        f = ldns_rr_rdf(rr, i); /* a length, then so many bytes */
        part = ses_str_n(ldns_rdf_data(f), ldns_rdf_size(f));
        out = ses_str_cat(arena, out, ses_str_from(part, 1));
    }
    return out;
}

static ses_dkim_seen_t look_at(look_t *l, const ldns_rdf *name);

static ses_dkim_seen_t
read_answer(look_t *l, const ldns_pkt *p, const ldns_rdf *name)
{
    ldns_rr_list *texts, *aliases;
    ses_dkim_seen_t seen = SES_DKIM_UNSEEN;
    ldns_rr *rr;

    aliases = ldns_pkt_rr_list_by_name_and_type(p, name, LDNS_RR_TYPE_CNAME,
                                                LDNS_SECTION_ANSWER);
    texts = ldns_pkt_rr_list_by_name_and_type(p, name, LDNS_RR_TYPE_TXT,
                                              LDNS_SECTION_ANSWER);
    if (ldns_rr_list_rr_count(aliases) == 1) {
        rr = ldns_rr_list_rr(aliases, 0);
        seen = look_at(l, ldns_rr_rdf(rr, 0));
    } else if (ldns_rr_list_rr_count(texts) == 1) { /* RFC 6376 3.6.2.2 */
        rr = ldns_rr_list_rr(texts, 0);
        if (ses_keyrecord_has(l->arena, text_of(l->arena, rr),
                              ses_dkim_kind_name(l->key->kind),
                              l->key->public_key))
            seen = SES_DKIM_SEEN;
    }
    ldns_rr_list_deep_free(aliases);
    ldns_rr_list_deep_free(texts);
    return seen;
}

static ses_dkim_seen_t
look_at_server(look_t *l, const server_t *s, const ldns_rdf *name)
{
    ldns_pkt *p = ask_server(l->a, s, name);
    ses_dkim_seen_t seen = SES_DKIM_UNSURE;
    ldns_pkt_rcode rcode;

    if (p == NULL)
        return seen;
    rcode = ldns_pkt_get_rcode(p);
    if (ldns_pkt_aa(p) &&
        (rcode == LDNS_RCODE_NOERROR || rcode == LDNS_RCODE_NXDOMAIN))
        seen = read_answer(l, p, name);
    ldns_pkt_free(p);
    return seen;
}

static ses_dkim_seen_t
look_at(look_t *l, const ldns_rdf *name)
{
    ses_dkim_seen_t all = SES_DKIM_SEEN, one;
    unsigned s, level = l->aliases;
    const zone_t *z;

    if (l->aliases == ALIASES_MAX)
        return SES_DKIM_UNSEEN;
    z = find_zone(l->a, name);
    if (z == NULL || z->n == 0)
        return SES_DKIM_UNSURE;
    for (s = 0; s < z->n && all != SES_DKIM_UNSEEN; s++) {
        if (l->asked++ == ASKED_MAX || ses_clock_mono_us() > l->end)
            return SES_DKIM_UNSURE;
        l->aliases = level + 1;
        one = look_at_server(l, &z->servers[s], name);
        if (one != SES_DKIM_SEEN)
            all = one;
    }
    return all;
}

ses_dkim_seen_t
authority_look(authority_t *a, ses_arena_t *arena, ses_str_t name,
               const ses_dkim_key_t *key)
{
    look_t l = {.a = a,
                .arena = arena,
                .key = key,
                .end = ses_clock_mono_us() + LOOK_US};
    ses_dkim_seen_t seen;
    ldns_rdf *at;

    at = ldns_dname_new_frm_str(ses_str_c(arena, name));
    if (at == NULL)
        return SES_DKIM_UNSEEN;
    if (a->nzones > ZONES_MAX / 2)
        authority_forget(a);
    seen = look_at(&l, at);
    ldns_rdf_deep_free(at);
    return seen;
}
