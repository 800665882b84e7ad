/*
 * stock - RSA key pairs made in advance
 *
 * A pair takes a fifth of a second to make, and a customer who registers a
 * hundred domains wants their records now.  So dkim_stock pairs are kept
 * ready, in memory only, made by a thread that takes the processor only
 * while nobody else wants it.
 */
#ifndef SESAME_GATE_STOCK_H
#define SESAME_GATE_STOCK_H

#include <openssl/evp.h>

#include "base/rc.h"
#include "model/dkim.h"

SES_CHECK ses_rc_t stock_start(ses_cx_t *cx, unsigned size);
void stock_stop(void);

/* A new key pair: from the stock, or made while the caller waits.  NULL when
 * OpenSSL fails. */
EVP_PKEY *stock_take(ses_dkim_kind_t kind, unsigned bits);

#endif
