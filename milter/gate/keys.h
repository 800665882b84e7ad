/*
 * keys - a DKIM key pair for every domain that has none yet
 */
#ifndef SESAME_GATE_KEYS_H
#define SESAME_GATE_KEYS_H

#include "gate.h"

/* A thread that looks for such domains and flushes the gate's tallies. */
SES_CHECK ses_rc_t keys_start(ses_cx_t *cx, const gate_t *gate);
void keys_stop(void);

/* Make and seal a pair for one identity and commit it; SES_OK also when it
 * got one meanwhile or is gone. */
SES_CHECK ses_rc_t keys_make(ses_cx_t *cx, const gate_t *gate,
                             ses_str_t account, ses_str_t name);

#endif
