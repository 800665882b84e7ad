/*
 * keys - a key pair for every slot that wants one
 */
#ifndef SESAME_GATE_KEYS_H
#define SESAME_GATE_KEYS_H

#include "gate.h"

/* A thread that makes them, tends gate.key (sealing.h) and flushes the
 * gate's tallies. */
SES_CHECK ses_rc_t keys_start(ses_cx_t *cx);
void keys_stop(void);

#endif
