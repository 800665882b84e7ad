/*
 * token - make and check what stands in the envelope sender
 *
 *   LABEL "." base32(18 bytes of message id) KEY base32(8 bytes of HMAC)
 *
 * 29 + 1 + 13 characters after the dot.  The label is the transport's
 * business and is not covered: it says nothing about the message.
 */
#include "policy/token.h"

#include "base/encode.h"

#define VERSION 1
#define MAC 8
#define ID_CHARS 29  /* of SES_MSGID_KEY bytes */
#define MAC_CHARS 13 /* of MAC bytes */
#define TOKEN_CHARS (ID_CHARS + 1 + MAC_CHARS)
#define LOCAL_MAX 64 /* RFC 5321 4.5.3.1.1 */

/* HMAC over version, key character and message id. */
static void
mac_of(const ses_key_t *k, const uint8_t id[SES_MSGID_KEY], uint8_t mac[MAC])
{
    uint8_t in[2 + SES_MSGID_KEY], sum[SES_SHA256];

    in[0] = VERSION;
    in[1] = (uint8_t) k->id;
    memcpy(in + 2, id, SES_MSGID_KEY);
    ses_hmac_sha256(ses_key_str(k), ses_str_n(in, sizeof(in)), sum);
    memcpy(mac, sum, MAC);
}

ses_str_t
ses_token_format(ses_arena_t *a, const ses_keyring_t *ring, ses_str_t label,
                 ses_msgid_t id)
{
    const ses_key_t *k = &ring->keys[0];
    uint8_t key[SES_MSGID_KEY], mac[MAC];
    ses_str_t head, tail;

    ses_msgid_key(id, key);
    mac_of(k, key, mac);
    head = ses_base32(a, ses_str_n(key, sizeof(key)));
    tail = ses_base32(a, ses_str_n(mac, sizeof(mac)));
    return ses_str_printf(a, "%.*s.%.*s%c%.*s", SES_FMT(label), SES_FMT(head),
                          k->id, SES_FMT(tail));
}

ses_rc_t
ses_token_parse(ses_cx_t *cx, const ses_keyring_t *ring, ses_str_t local,
                ses_msgid_t *id)
{
    uint8_t mac[MAC];
    ses_str_t token, key, given;
    const ses_key_t *k;
    ptrdiff_t dot = ses_str_rfind(local, '.');

    if (dot < 1 || local.n > LOCAL_MAX)
        return SES_NOT_FOUND;
    token = ses_str_from(local, (size_t) dot + 1);
    if (token.n != TOKEN_CHARS)
        return SES_NOT_FOUND;
    token = ses_str_lower(cx->arena, token);

    k = ses_keyring_find(ring, token.p[ID_CHARS]);
    if (k == NULL ||
        !ses_base32_parse(cx->arena, ses_str_head(token, ID_CHARS), &key) ||
        key.n != SES_MSGID_KEY ||
        !ses_base32_parse(cx->arena, ses_str_from(token, ID_CHARS + 1),
                          &given) ||
        given.n != MAC)
        return SES_NOT_FOUND;

    mac_of(k, (const uint8_t *) key.p, mac);
    if (!ses_str_eq_secret(given, ses_str_n(mac, sizeof(mac))) ||
        !ses_msgid_from_key(key, id))
        return SES_NOT_FOUND;
    return SES_OK;
}
