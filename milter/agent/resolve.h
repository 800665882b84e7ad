/*
 * resolve - DNS look-ups, side by side, without waiting for any
 *
 * One resolver belongs to one thread.  It asks the servers of sesame.conf
 * (or the system's), follows aliases, validates with DNSSEC when there is a
 * trust anchor, and remembers nothing: who publishes a record and asks for a
 * check must be seen.
 */
#ifndef SES_AGENT_RESOLVE_H
#define SES_AGENT_RESOLVE_H

#include "base/conf.h"

typedef enum {
    RESOLVE_SOA = 6,
    RESOLVE_MX = 15,
    RESOLVE_TXT = 16
} resolve_type_t;

typedef enum {
    RESOLVE_FOUND,
    RESOLVE_NO_NAME, /* NXDOMAIN */
    RESOLVE_NO_TYPE, /* the name exists, without such a record */
    RESOLVE_FAILED,  /* no answer */
    RESOLVE_BOGUS    /* one that DNSSEC refutes */
} resolve_status_t;

typedef struct {
    resolve_status_t status;
    const ses_str_t *rdata; /* as on the wire, gone after the call */
    size_t n;
    bool unasked; /* RESOLVE_FAILED for a reason of our own */
} resolve_answer_t;

typedef void (*resolve_fn_t)(void *arg, const resolve_answer_t *answer);

typedef struct resolve_s resolve_t;

resolve_t *resolve_new(const ses_conf_t *conf);
/* Ask by this from now on; what is under way ends as it began.  The one
 * before is not looked at any more. */
void resolve_use(resolve_t *r, const ses_conf_t *conf);
/* Forgets what is under way, without a word. */
void resolve_free(resolve_t *r);
/* Ask; fn is called once, from resolve_wait. */
void resolve_ask(resolve_t *r, const char *name, resolve_type_t type,
                 resolve_fn_t fn, void *arg);
/* Wait at most ms for answers and call fn for each. */
void resolve_wait(resolve_t *r, int ms);

#endif
