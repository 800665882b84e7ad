/*
 * tsig - the key that signs what a name server is told (RFC 8945)
 */
#ifndef SES_AGENT_TSIG_H
#define SES_AGENT_TSIG_H

#include "base/rc.h"

#define TSIG_NAME_MAX 255
#define TSIG_SECRET_MAX 512

typedef struct {
    char name[TSIG_NAME_MAX + 2]; /* with its final dot */
    const char *algorithm;        /* as a domain name */
    char secret[TSIG_SECRET_MAX]; /* base64 */
} tsig_t;

/*
 * Read a key file: what tsig-keygen prints, or "ALGORITHM:NAME:SECRET".
 * SES_DENIED when it cannot be read, or others may; SES_INVALID when it is
 * not a key.  Wipe what it gave.
 */
SES_CHECK ses_rc_t tsig_load(ses_cx_t *cx, const char *path, tsig_t *out);
void tsig_wipe(tsig_t *key);

#endif
