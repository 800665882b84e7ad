/*
 * op_identity_dkim - which key signs a domain's mail, and whether (7.4)
 *
 * Nothing here makes mail fail: a key that was asked for, or brought, signs
 * when DNS has it, and until then the one before does.  What the customer
 * brings is sealed to the gate in the transaction that stores it.
 */
#include "api/op_dkim.h"

#include <openssl/crypto.h>

#include "model/gate_key.h"
#include "policy/shapes_v2.h"

#define DAY_MS INT64_C(86400000)

/* --- showing ----------------------------------------------------------- */

/* The slot of the customer's key, the coming one before the one in use. */
static int
own_slot(const ses_dkim_t *d)
{
    int n = ses_dkim_slot(d, SES_DKIM_RSA, SES_DKIM_NEXT);

    if (n < SES_DKIM_TOKENS)
        n = ses_dkim_slot(d, SES_DKIM_RSA, SES_DKIM_CURRENT);
    return n;
}

void
op_dkim_tokens(op_t *op, const char *name, const ses_identity_t *i)
{
    int n;

    out_list(op->out, name);
    if (i->dkim.external && (n = own_slot(&i->dkim)) >= 0)
        out_str(op->out, NULL, i->dkim.keys[n].selector);
    for (n = 0; n < SES_DKIM_TOKENS && !i->dkim.external; n++)
        out_str(op->out, NULL, i->dkim.keys[n].selector);
    out_end(op->out);
}

/* PENDING while the kind of key that was asked for last does not sign yet. */
ses_verify_t
op_dkim_status(const ses_identity_t *i)
{
    int n = ses_dkim_slot(&i->dkim, SES_DKIM_RSA, SES_DKIM_CURRENT);
    bool changes = i->dkim.external
                       ? own_slot(&i->dkim) != n || n < SES_DKIM_TOKENS
                       : n >= SES_DKIM_TOKENS;

    return changes && ses_identity_dkim_live(i) ? SES_VERIFY_PENDING
                                                : i->dkim_status;
}

static void
show_hosted_zone(op_t *op, const ses_identity_t *i)
{
    if (!i->dkim.external)
        out_str(op->out, "SigningHostedZone",
                ses_str_cat(op->cx->arena, SES_STR("dkim."),
                            op->env->conf.service_domain));
}

static void
show_length(op_t *op, const char *name, unsigned bits)
{
    const char *length = ses_dkim_length_name(bits);

    if (length != NULL) /* the API knows no other */
        out_sym(op->out, name, length);
}

void
op_dkim_show(op_t *op, const ses_identity_t *d)
{
    const ses_dkim_key_t *k = ses_dkim_current(&d->dkim);

    out_bool(op->out, "SigningEnabled", d->dkim.signing);
    out_sym(op->out, "Status", ses_verify_name(op_dkim_status(d)));
    op_dkim_tokens(op, "Tokens", d);
    show_hosted_zone(op, d);
    out_sym(op->out, "SigningAttributesOrigin",
            d->dkim.external ? "EXTERNAL" : "AWS_SES");
    if (!d->dkim.external) {
        show_length(op, "NextSigningKeyLength", d->dkim.bits);
        show_length(op, "CurrentSigningKeyLength",
                    k != NULL ? k->bits : d->dkim.bits);
    }
    if (k != NULL && k->made != 0)
        out_time(op->out, "LastKeyGenerationTimestamp", k->made);
}

/* --- keys -------------------------------------------------------------- */

static unsigned
length_of(ses_str_t name)
{
    return ses_str_eqc(name, "RSA_1024_BIT") ? 1024 : 2048;
}

/* What failed is looked for again, from now on. */
static void
look_again(op_t *op, ses_identity_t *i)
{
    if (ses_identity_dkim_live(i))
        return;
    i->dkim_status = SES_VERIFY_PENDING;
    if (!ses_identity_verified(i)) /* else a text proves the domain */
        i->status = SES_VERIFY_PENDING;
    i->pending_since = i->next_check = op->cx->now;
    i->tries = 0;
}

static ses_rc_t
seal(op_t *op, const ses_identity_t *i, ses_str_t selector, ses_str_t pem,
     ses_str_t *sealed)
{
    ses_gate_key_t gate;
    ses_rc_t rc = ses_gate_key_get(op->cx, op->txn, &gate);

    if (rc == SES_NOT_FOUND)
        return ses_fail(op->cx, SES_BUSY,
                        "No gate has been started for this store.");
    if (rc != SES_OK)
        return rc;
    return ses_seal(
        op->cx, gate.pub,
        ses_dkim_aad_of(op->cx->arena, i->account, i->name, selector), pem,
        sealed);
}

/* A key of the customer's; the identity is the caller's to store. */
static ses_rc_t
bring(op_t *op, ses_identity_t *i, const cJSON *in)
{
    ses_str_t selector =
        ses_str_lower(op->cx->arena, ses_json_str(in, "DomainSigningSelector"));
    ses_str_t text = ses_json_str(in, "DomainSigningPrivateKey");
    ses_str_t pem, public_key, sealed;
    const ses_dkim_key_t *have;
    unsigned bits, slot;
    ses_rc_t rc;

    if (selector.n == 0 || text.n == 0)
        return ses_fail(op->cx, SES_INVALID,
                        "DomainSigningSelector and DomainSigningPrivateKey "
                        "must both be specified.");
    if (ses_json_get(in, "NextSigningKeyLength") != NULL)
        return ses_fail(op->cx, SES_INVALID,
                        "NextSigningKeyLength cannot be specified with "
                        "DomainSigningPrivateKey.");
    rc = byodkim_read(op->cx, text, &pem, &public_key, &bits);
    if (rc != SES_OK)
        return rc;
    rc = seal(op, i, selector, pem, &sealed);
    OPENSSL_cleanse((char *) (uintptr_t) pem.p, pem.n);
    if (rc != SES_OK)
        return rc;

    if (i->dkim.external && own_slot(&i->dkim) >= 0) {
        have = &i->dkim.keys[own_slot(&i->dkim)];
        if (ses_str_eq(have->selector, selector) &&
            ses_str_eq(have->public_key, public_key)) {
            look_again(op, i);
            return SES_OK;
        }
    }
    slot = ses_dkim_bring(&i->dkim, selector, bits, public_key,
                          ses_identity_dkim_live(i), op->cx->now);
    ses_dkim_put(op->cx, op->change, i, slot, SES_VERSION_ANY, sealed);
    look_again(op, i);
    return SES_OK;
}

ses_rc_t
op_dkim_create(op_t *op, ses_identity_t *i)
{
    const cJSON *in = ses_json_get(op->in, "DkimSigningAttributes");
    ses_str_t length = ses_json_str(in, "NextSigningKeyLength");
    int slot;

    if (ses_json_get(in, "DomainSigningSelector") != NULL ||
        ses_json_get(in, "DomainSigningPrivateKey") != NULL)
        return bring(op, i, in);
    slot = ses_dkim_slot(&i->dkim, SES_DKIM_RSA, SES_DKIM_WANTED);
    if (length.n > 0 && slot >= 0)
        i->dkim.bits = i->dkim.keys[slot].bits = length_of(length);
    return SES_OK;
}

/* --- operations -------------------------------------------------------- */

ses_rc_t
op_dkim_switch(op_t *op, ses_str_t given, bool on)
{
    ptrdiff_t at = ses_str_rfind(given, '@');
    ses_str_t name;
    ses_identity_t i;
    bool domain;
    ses_rc_t rc;

    rc = ses_identity_name(op->cx, given, &name, &domain);
    if (rc == SES_OK && !domain)
        name = ses_str_from(name, (size_t) ses_str_rfind(name, '@') + 1);
    if (rc == SES_OK)
        rc = ses_identity_find(op->cx, op->txn, op->cx->account, name, &i);
    if (rc == SES_NOT_FOUND || rc == SES_INVALID) {
        ses_cx_clear(op->cx);
        return ses_fail(op->cx, SES_INVALID,
                        "Domain %.*s is not verified for DKIM signing.",
                        SES_FMT(ses_str_from(given, (size_t) (at + 1))));
    }
    if (rc != SES_OK || !domain)
        return rc;
    i.dkim.signing = on;
    ses_identity_put(op->cx, op->change, &i);
    return SES_OK;
}

/* PutEmailIdentityDkimAttributes: the switch, and nothing else */
static ses_rc_t
put_attributes(op_t *op)
{
    return op_dkim_switch(op, op_str(op, "EmailIdentity"),
                          ses_shape_bool(op->in, "SigningEnabled"));
}

/* A key of ours, of another length if one is given. */
ses_rc_t
op_dkim_easy(op_t *op, ses_identity_t *i, ses_str_t length)
{
    unsigned bits = length.n > 0 ? length_of(length) : i->dkim.bits;

    look_again(op, i);
    if (!i->dkim.external) {
        if (length.n == 0)
            return SES_OK;
        if (bits == i->dkim.bits)
            return ses_fail(op->cx, SES_INVALID,
                            "The key length %.*s is already in use.",
                            SES_FMT(length));
        if (i->dkim.asked != 0 && op->cx->now - i->dkim.asked < DAY_MS)
            return ses_fail(op->cx, SES_INVALID,
                            "The key length can be changed only once in 24 "
                            "hours.");
        i->dkim.asked = op->cx->now;
        i->dkim.bits = bits;
        ses_dkim_rotate(&i->dkim, 1u << SES_DKIM_RSA, op->cx->now);
        return SES_OK;
    }
    i->dkim.bits = bits;
    ses_dkim_return(&i->dkim, ses_identity_dkim_live(i), op->cx->now);
    return SES_OK;
}

/* PutEmailIdentityDkimSigningAttributes */
static ses_rc_t
put_signing(op_t *op)
{
    const cJSON *in = ses_json_get(op->in, "SigningAttributes");
    ses_str_t given = op_str(op, "EmailIdentity"), name;
    ses_str_t origin = op_str(op, "SigningAttributesOrigin");
    ses_identity_t i;
    bool domain;
    ses_rc_t rc;

    rc = ses_identity_name(op->cx, given, &name, &domain);
    if (rc == SES_OK && !domain)
        return ses_fail(op->cx, SES_INVALID,
                        "The EmailIdentity value must be a valid domain.");
    if (rc == SES_OK)
        rc = ses_identity_find(op->cx, op->txn, op->cx->account, name, &i);
    if (rc == SES_NOT_FOUND || rc == SES_INVALID) {
        ses_cx_clear(op->cx);
        return ses_fail(op->cx, SES_NOT_FOUND,
                        "Email identity %.*s does not exist.", SES_FMT(given));
    }
    if (rc != SES_OK)
        return rc;

    if (ses_str_eqc(origin, "EXTERNAL"))
        rc = bring(op, &i, in);
    else if (ses_str_eqc(origin, "AWS_SES"))
        rc = op_dkim_easy(op, &i, ses_json_str(in, "NextSigningKeyLength"));
    else /* another region's keys */
        rc = ses_shape_later(op->cx, "SigningAttributesOrigin");
    if (rc != SES_OK)
        return rc;
    ses_identity_put(op->cx, op->change, &i);
    if ((rc = ses_dkim_drop(op->cx, op->txn, op->change, &i)) != SES_OK)
        return rc;

    out_sym(op->out, "DkimStatus", ses_verify_name(op_dkim_status(&i)));
    op_dkim_tokens(op, "DkimTokens", &i);
    show_hosted_zone(op, &i);
    return SES_OK;
}

const op_def_t ops_identity_dkim[] = {
    {"PutEmailIdentityDkimAttributes", OP_REST, "PUT",
     "/v2/email/identities/{EmailIdentity}/dkim",
     "ses:PutEmailIdentityDkimAttributes", OP_WRITE, put_attributes,
     ses_v2_put_dkim, 0},
    {"PutEmailIdentityDkimSigningAttributes", OP_REST, "PUT",
     "/v1/email/identities/{EmailIdentity}/dkim/signing",
     "ses:PutEmailIdentityDkimSigningAttributes", OP_WRITE, put_signing,
     ses_v2_put_dkim_signing, OP_SECRET},
    {0},
};
