/*
 * authority - what every name server of a key record says of it
 *
 * A key must not sign before every server that a verifier may ask has it.
 * So they are asked one by one: those of the customer's domain for the
 * record or alias, those of the zone an alias points into for the record.
 * Look-ups wait for their answers: each thread has an authority of its own.
 */
#ifndef SES_AGENT_AUTHORITY_H
#define SES_AGENT_AUTHORITY_H

#include "base/conf.h"
#include "model/dkim.h"

typedef struct authority_s authority_t;

/* NULL when there is no resolver to ask for the servers. */
authority_t *authority_new(const ses_conf_t *conf);
void authority_free(authority_t *a); /* NULL is fine */
/* Forget which servers a zone has: between rounds. */
void authority_forget(authority_t *a);

/*
 * SES_DKIM_SEEN when every server shows the one record `name`, and in it the
 * key; SES_DKIM_UNSEEN when one denies it or shows another; SES_DKIM_UNSURE
 * when a server, or the list of them, could not be had.
 */
ses_dkim_seen_t authority_look(authority_t *a, ses_arena_t *arena,
                               ses_str_t name, const ses_dkim_key_t *key);

#endif
