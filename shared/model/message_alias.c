/*
 * message_alias - a queue file that postsuper -r made anew
 *
 * Stored in SES_DB_ALIAS as  id of the requeued file -> id of the first one.
 */
#include "model/message.h"

ses_rc_t
ses_message_resolve(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id,
                    ses_msgid_t *out)
{
    uint8_t key[SES_MSGID_KEY];
    ses_str_t val;
    ses_rc_t rc;

    ses_msgid_key(id, key);
    rc =
        ses_store_get(cx, t, SES_DB_ALIAS, ses_str_n(key, SES_MSGID_KEY), &val);
    if (rc == SES_NOT_FOUND) {
        *out = id;
        return SES_OK;
    }
    if (rc != SES_OK)
        return rc;
    if (!ses_msgid_from_key(val, out))
        return ses_fail(cx, SES_FAULT, "message: damaged alias");
    return SES_OK;
}

/* An alias never points at an alias. */
ses_rc_t
ses_message_alias(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t now,
                  ses_msgid_t first)
{
    uint8_t key[SES_MSGID_KEY], val[SES_MSGID_KEY];
    ses_msgid_t root;
    ses_rc_t rc;

    if ((rc = ses_message_resolve(cx, t, first, &root)) != SES_OK)
        return rc;
    ses_msgid_key(now, key);
    ses_msgid_key(root, val);
    if (memcmp(key, val, SES_MSGID_KEY) == 0)
        return SES_OK;
    return ses_store_put(cx, t, SES_DB_ALIAS, ses_str_n(key, SES_MSGID_KEY),
                         ses_str_n(val, SES_MSGID_KEY));
}
