/*
 * confirm - an address is asked whether it wants to be an identity
 *
 * What is signed is a list of length-prefixed strings under a label of its
 * own, so that no other use of the site key can be mistaken for it.
 */
#include "policy/confirm.h"

#include "base/encode.h"
#include "model/outbox.h"
#include "store/record.h"

/* Verification mails a day: nobody is flooded, whoever asks for it. */
#define TO_ADDRESS 5
#define OF_ACCOUNT 1000

static void
cover(ses_buf_t *b, ses_str_t s)
{
    uint8_t n[8];

    ses_put_u64(n, s.n);
    ses_buf_add(b, n, sizeof(n));
    ses_buf_str(b, s);
}

ses_str_t
ses_confirm_sign(ses_arena_t *a, const ses_key_t *key, const ses_confirm_t *c)
{
    uint8_t sum[SES_SHA256];
    ses_buf_t b;

    ses_buf_init(&b, a, 4096);
    cover(&b, SES_STR("sesame-verify-email"));
    cover(&b, c->account);
    cover(&b, c->address);
    cover(&b, ses_str_printf(a, "%lld", (long long) c->date));
    cover(&b, c->template);
    if (b.overflow) /* no names are so long: a signature of nothing */
        return SES_STR("");
    ses_hmac_sha256(ses_key_str(key), ses_buf_get(&b), sum);
    return ses_hex(a, ses_str_n(sum, sizeof(sum)));
}

bool
ses_confirm_check(ses_arena_t *a, const ses_keyring_t *site,
                  const ses_confirm_t *c, ses_str_t signature)
{
    bool good = false;
    ses_str_t want;
    unsigned n;

    for (n = 0; n < site->n; n++) {
        want = ses_confirm_sign(a, &site->keys[n], c);
        if (want.n > 0 && ses_str_eq_secret(want, signature))
            good = true;
    }
    return good;
}

ses_str_t
ses_confirm_url(ses_arena_t *a, const ses_conf_t *conf,
                const ses_keyring_t *site, const ses_confirm_t *c)
{
    ses_str_t address = ses_percent(a, c->address), more = SES_STR("");
    ses_str_t signature = ses_confirm_sign(a, &site->keys[0], c);

    if (c->template.n > 0)
        more =
            ses_str_cat(a, SES_STR("&Template="), ses_percent(a, c->template));
    return ses_str_printf(
        a,
        "%.*s" SES_CONFIRM_PATH "?Context=%.*s&Identity=%.*s&Date=%lld"
        "%.*s&Signature=%.*s",
        SES_FMT(conf->public_url), SES_FMT(c->account), SES_FMT(address),
        (long long) c->date, SES_FMT(more), SES_FMT(signature));
}

/* --- the identity ------------------------------------------------------ */

static ses_rc_t
count_mail(ses_cx_t *cx, ses_txn_t *t, ses_str_t what, uint32_t max)
{
    uint32_t n;
    ses_rc_t rc = ses_asked_add(cx, t, what, &n);

    if (rc == SES_OK && n > max)
        return ses_fail(cx, SES_LIMIT,
                        "Too many verification emails were requested today. "
                        "Try again tomorrow.");
    return rc;
}

ses_rc_t
ses_confirm_begin(ses_cx_t *cx, ses_txn_t *t, const ses_conf_t *conf,
                  ses_identity_t *i)
{
    ses_str_t address = ses_str_lower(cx->arena, i->name);
    ses_rc_t rc;

    if ((rc = count_mail(cx, t, i->account, OF_ACCOUNT)) != SES_OK ||
        (rc = count_mail(cx, t, address, TO_ADDRESS)) != SES_OK)
        return rc;
    if (ses_identity_verified(i))
        return SES_OK;
    i->status = SES_VERIFY_PENDING;
    i->pending_since = cx->now;
    i->next_check = cx->now + conf->verify_link_lifetime;
    return SES_OK;
}

ses_rc_t
ses_confirm_ask(ses_cx_t *cx, ses_txn_t *t, const ses_conf_t *conf,
                ses_identity_t *i)
{
    ses_rc_t rc = ses_confirm_begin(cx, t, conf, i);

    if (rc != SES_OK)
        return rc;
    return ses_outbox_add(cx, t, SES_OUTBOX_VERIFY, i->account, i->name, 0);
}

bool
ses_confirm_good(const ses_conf_t *conf, const ses_confirm_t *c,
                 const ses_identity_t *i, int64_t now)
{
    return !i->domain && c->date >= i->created &&
           now < c->date + conf->verify_link_lifetime;
}

void
ses_confirm_done(ses_identity_t *i, int64_t now)
{
    i->status = SES_VERIFY_SUCCESS;
    i->last_check = i->last_success = now;
    i->next_check = 0;
    i->error = SES_STR("");
}

void
ses_confirm_failed(ses_identity_t *i, int64_t now)
{
    i->status = SES_VERIFY_FAILED;
    i->last_check = now;
    i->next_check = 0;
}
