/*
 * gate - what the process knows at one moment
 *
 * Constant once it is in use; a reload makes another (snapshot.h).
 */
#ifndef SESAME_GATE_H
#define SESAME_GATE_H

#include "base/conf.h"
#include "store/commit.h"
#include "store/keyring.h"

typedef struct {
    ses_conf_t conf;
    ses_keyring_t ticket; /* ticket.key: what nginx signs */
    ses_keyring_t agent;  /* agent-ticket.key: what the agent signs; n == 0
                             when there is none */
    ses_keyring_t token;  /* token.key: envelope senders */
    ses_keyring_t site;   /* site.key: access-key secrets */
    ses_store_t *store;
    ses_committer_t *committer;
} gate_t;

#endif
