/*
 * update - one dynamic update of a zone (RFC 2136), signed (RFC 8945)
 *
 * By libldns, over TCP: a batch is larger than a datagram, and whoever
 * answers is the one who was asked.  An answer that is not signed with our
 * key counts as a refusal only.
 */
#include "update.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>

#include "base/assert.h"

#define TIMEOUT_S 10
#define FUDGE_S 300
#define MESSAGE_MAX 65535

struct update_s {
    ses_arena_t *arena;
    ldns_rdf *zone;
    ldns_rr_list *steps;
};

update_t *
update_new(ses_str_t zone)
{
    update_t *u = ses_xcalloc(sizeof(*u));

    u->arena = ses_arena_new();
    u->zone = ldns_dname_new_frm_str(ses_str_c(u->arena, zone));
    u->steps = ldns_rr_list_new();
    ses_assert(u->zone != NULL && u->steps != NULL);
    return u;
}

void
update_free(update_t *u)
{
    if (u == NULL)
        return;
    ldns_rdf_deep_free(u->zone);
    ldns_rr_list_deep_free(u->steps);
    ses_arena_free(u->arena);
    ses_xfree(u);
}

static ldns_rr *
record(update_t *u, ses_str_t name, const char *type, ses_str_t value)
{
    ldns_rr *rr = NULL;
    ses_str_t line;

    line = ses_str_printf(u->arena, "%.*s. %d IN %s %.*s", SES_FMT(name),
                          SES_ZONE_TTL, type, SES_FMT(value));
    ses_assert(ldns_rr_new_frm_str(&rr, line.p, 0, NULL, NULL) ==
               LDNS_STATUS_OK); /* we spelled it */
    return rr;
}

void
update_add(update_t *u, ses_str_t name, const char *type, ses_str_t value)
{
    ldns_rr_list_push_rr(u->steps, record(u, name, type, value));
}

void
update_remove(update_t *u, ses_str_t name, const char *type, ses_str_t value)
{
    ldns_rr *rr = record(u, name, type, value);

    ldns_rr_set_class(rr, LDNS_RR_CLASS_NONE);
    ldns_rr_set_ttl(rr, 0);
    ldns_rr_list_push_rr(u->steps, rr);
}

void
update_clear(update_t *u, ses_str_t name, const char *type)
{
    ldns_rr *rr = ldns_rr_new();

    ses_assert(rr != NULL);
    ldns_rr_set_owner(rr, ldns_dname_new_frm_str(ses_str_c(u->arena, name)));
    ldns_rr_set_type(rr, ldns_get_rr_type_by_name(type));
    ldns_rr_set_class(rr, LDNS_RR_CLASS_ANY);
    ldns_rr_set_ttl(rr, 0);
    ldns_rr_list_push_rr(u->steps, rr);
}

/* --- the answer -------------------------------------------------------- */

#define TSIG_ERROR 5 /* of a TSIG record's fields */

static const struct {
    int rcode, error; /* error of TSIG; 0 = none */
    const char *what;
} refusals[] = {
    {LDNS_RCODE_NOTAUTH, 16,
     "BADSIG: the secret of our key is not the server's"},
    {LDNS_RCODE_NOTAUTH, 17,
     "BADKEY: the server does not know a key of this name and algorithm, or "
     "does not let it update the zone"},
    {LDNS_RCODE_NOTAUTH, 18,
     "BADTIME: this clock and the server's are minutes apart: set them"},
    {LDNS_RCODE_NOTAUTH, 0,
     "NOTAUTH: it is not the primary server of the zone"},
    {LDNS_RCODE_REFUSED, 0,
     "REFUSED: let the key update the zone (Knot: an acl with action: "
     "update; BIND: update-policy)"},
    {LDNS_RCODE_NOTZONE, 0, "NOTZONE: a name is not in the zone"},
    {LDNS_RCODE_NOTIMPL, 0, "NOTIMP: the server takes no updates"},
    {LDNS_RCODE_SERVFAIL, 0,
     "SERVFAIL: the server could not: its own log says why"},
    {LDNS_RCODE_FORMERR, 0, "FORMERR: the server did not understand it"},
};

static int
tsig_error(const ldns_pkt *answer)
{
    const ldns_rr *tsig = ldns_pkt_tsig(answer);
    const ldns_rdf *f = tsig == NULL ? NULL : ldns_rr_rdf(tsig, TSIG_ERROR);

    return f == NULL ? 0 : ldns_rdf2native_int16(f);
}

static ses_rc_t
refused(ses_cx_t *cx, ses_str_t server, const tsig_t *key,
        const ldns_pkt *answer)
{
    int rcode = (int) ldns_pkt_get_rcode(answer), error = tsig_error(answer);
    size_t i;

    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (refusals[i].rcode == rcode &&
            (refusals[i].error == error || refusals[i].error == 0))
            return ses_fail(cx, SES_DENIED, "%.*s: key %s: %s", SES_FMT(server),
                            key->name, refusals[i].what);
    return ses_fail(cx, SES_DENIED, "%.*s: key %s: code %d, TSIG error %d",
                    SES_FMT(server), key->name, rcode, error);
}

static ses_rc_t
read_answer(ses_cx_t *cx, ses_str_t server, const tsig_t *key,
            const ldns_pkt *sent, const uint8_t *wire, size_t n)
{
    ldns_pkt *answer = NULL;
    ldns_rdf *mac = ldns_rr_rdf(ldns_pkt_tsig(sent), 3);
    ses_rc_t rc = SES_OK;

    if (ldns_wire2pkt(&answer, wire, n) != LDNS_STATUS_OK ||
        ldns_pkt_id(answer) != ldns_pkt_id(sent) || !ldns_pkt_qr(answer))
        rc = ses_fail(cx, SES_BUSY, "%.*s: answers nonsense", SES_FMT(server));
    else if (ldns_pkt_get_rcode(answer) != LDNS_RCODE_NOERROR)
        rc = refused(cx, server, key, answer);
    else if (ldns_pkt_tsig(answer) == NULL ||
             !ldns_pkt_tsig_verify(answer, wire, n, key->name, key->secret,
                                   mac))
        rc = ses_fail(cx, SES_DENIED,
                      "%.*s: key %s: the answer is not signed with it",
                      SES_FMT(server), key->name);
    ldns_pkt_free(answer);
    return rc;
}

/* --- sending ----------------------------------------------------------- */

/* IP:PORT or [IPV6]:PORT, as the configuration checked it. */
static socklen_t
address(ses_arena_t *a, ses_str_t server, struct sockaddr_storage *out)
{
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *) (void *) out;
    struct sockaddr_in *in = (struct sockaddr_in *) (void *) out;
    ptrdiff_t colon = ses_str_rfind(server, ':');
    ses_str_t ip = ses_str_head(server, (size_t) colon);
    uint64_t port = 0;

    memset(out, 0, sizeof(*out));
    if (!ses_str_u64(ses_str_from(server, (size_t) colon + 1), 65535, &port))
        port = 53;
    if (ip.n > 2 && ip.p[0] == '[') {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((uint16_t) port);
        (void) inet_pton(AF_INET6, ses_str_c(a, ses_str_n(ip.p + 1, ip.n - 2)),
                         &in6->sin6_addr);
        return sizeof(*in6);
    }
    in->sin_family = AF_INET;
    in->sin_port = htons((uint16_t) port);
    (void) inet_pton(AF_INET, ses_str_c(a, ip), &in->sin_addr);
    return sizeof(*in);
}

static ldns_pkt *
message(const update_t *u, const tsig_t *key)
{
    ldns_rr_list *steps = ldns_rr_list_clone(u->steps);
    ldns_pkt *p;

    p = ldns_update_pkt_new(ldns_rdf_clone(u->zone), LDNS_RR_CLASS_IN, NULL,
                            steps, NULL);
    ldns_rr_list_deep_free(steps); /* the packet has copies */
    if (p == NULL)
        return NULL;
    ldns_pkt_set_random_id(p);
    if (ldns_pkt_tsig_sign(p, key->name, key->secret, FUDGE_S, key->algorithm,
                           NULL) == LDNS_STATUS_OK)
        return p;
    ldns_pkt_free(p);
    return NULL;
}

ses_rc_t
update_send(ses_cx_t *cx, const update_t *u, ses_str_t server,
            const tsig_t *key)
{
    const struct timeval timeout = {.tv_sec = TIMEOUT_S};
    ldns_buffer *wire = ldns_buffer_new(MESSAGE_MAX);
    ldns_pkt *p = message(u, key);
    struct sockaddr_storage to;
    socklen_t len = address(cx->arena, server, &to);
    uint8_t *got = NULL;
    size_t n = 0;
    ses_rc_t rc;

    if (wire == NULL || p == NULL ||
        ldns_pkt2buffer_wire(wire, p) != LDNS_STATUS_OK)
        rc = ses_fail(cx, SES_FAULT, "update: cannot be made");
    else if (ldns_tcp_send(&got, wire, &to, len, timeout, &n) !=
                 LDNS_STATUS_OK ||
             got == NULL)
        rc = ses_fail(cx, SES_BUSY, "%.*s: does not answer", SES_FMT(server));
    else
        rc = read_answer(cx, server, key, p, got, n);
    LDNS_FREE(got);
    ldns_pkt_free(p);
    ldns_buffer_free(wire);
    return rc;
}
