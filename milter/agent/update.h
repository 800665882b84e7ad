/*
 * update - one dynamic update of a zone (RFC 2136), signed (RFC 8945)
 *
 * Fill it with steps, which the server takes in their order, all or none,
 * and send it.  Each step leaves the zone as it is when it was done before.
 */
#ifndef SES_AGENT_UPDATE_H
#define SES_AGENT_UPDATE_H

#include "policy/zone.h"
#include "tsig.h"

typedef struct update_s update_t;

update_t *update_new(ses_str_t zone);
void update_free(update_t *u); /* NULL is fine */
/* The record is there. */
void update_add(update_t *u, ses_str_t name, const char *type,
                ses_str_t value); /* as ses_zone_value spells it */
/* This record is not there. */
void update_remove(update_t *u, ses_str_t name, const char *type,
                   ses_str_t value);
/* No record of this type is there. */
void update_clear(update_t *u, ses_str_t name, const char *type);

/*
 * Send it to IP:PORT and wait for the answer.  SES_BUSY when the server did
 * not answer, SES_DENIED when it refused: cx->why then says what to do.
 */
SES_CHECK ses_rc_t update_send(ses_cx_t *cx, const update_t *u,
                               ses_str_t server, const tsig_t *key);

#endif
