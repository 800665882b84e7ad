/*
 * gate_key - the public half of the key that DKIM keys are sealed to
 *
 * Written by the gate, from the first key of gate.key; read by whoever seals
 * to the gate in the transaction that stores what was sealed.  Not a control
 * object: it says what the gate of this host can open.
 */
#ifndef SES_MODEL_GATE_KEY_H
#define SES_MODEL_GATE_KEY_H

#include "store/seal.h"
#include "store/store.h"

typedef struct {
    uint8_t pub[SES_SEAL_KEY];
    bool all; /* every key in the store that opens is sealed to it */
} ses_gate_key_t;

/* SES_NOT_FOUND before a gate has run on this store. */
SES_CHECK ses_rc_t ses_gate_key_get(ses_cx_t *cx, ses_txn_t *t,
                                    ses_gate_key_t *out);
SES_CHECK ses_rc_t ses_gate_key_put(ses_cx_t *cx, ses_txn_t *t,
                                    const ses_gate_key_t *k);

#endif
