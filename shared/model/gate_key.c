/*
 * gate_key - the public half of the key that DKIM keys are sealed to
 *
 * In SES_DB_META: 32 bytes and a flag.
 */
#include "model/gate_key.h"

#define NAME SES_STR("gate_key")

ses_rc_t
ses_gate_key_get(ses_cx_t *cx, ses_txn_t *t, ses_gate_key_t *out)
{
    ses_str_t value;
    ses_rc_t rc = ses_store_get(cx, t, SES_DB_META, NAME, &value);

    if (rc != SES_OK)
        return rc;
    if (value.n != SES_SEAL_KEY + 1)
        return ses_fail(cx, SES_FAULT, "gate key: a damaged row");
    memcpy(out->pub, value.p, SES_SEAL_KEY);
    out->all = value.p[SES_SEAL_KEY] == 1;
    return SES_OK;
}

ses_rc_t
ses_gate_key_put(ses_cx_t *cx, ses_txn_t *t, const ses_gate_key_t *k)
{
    uint8_t value[SES_SEAL_KEY + 1];

    memcpy(value, k->pub, SES_SEAL_KEY);
    value[SES_SEAL_KEY] = k->all ? 1 : 0;
    return ses_store_put(cx, t, SES_DB_META, NAME,
                         ses_str_n(value, sizeof(value)));
}
