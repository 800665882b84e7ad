/*
 * snapshot - the configuration and keys of this moment
 *
 * A gate_t never changes once it is in use: SIGHUP makes a new one, and
 * whoever still works with an older one keeps that.  A message keeps from
 * MAIL to its end what it began with.
 */
#ifndef SESAME_GATE_SNAPSHOT_H
#define SESAME_GATE_SNAPSHOT_H

#include "gate.h"

/*
 * Read configuration and keys for the first time; the caller adds what is
 * opened once (store, committer) before any other thread runs.
 */
SES_CHECK ses_rc_t snapshot_first(ses_cx_t *cx, const char *file, gate_t **out);
/* What can only be said of a configuration with the store at hand. */
SES_CHECK ses_rc_t snapshot_check(ses_cx_t *cx, const gate_t *gate);
/*
 * Read both again and put them in place of the newest.  On failure nothing
 * has changed; cx->why says what is wrong, "FILE:LINE: ..." where a line is.
 */
SES_CHECK ses_rc_t snapshot_reload(ses_cx_t *cx);

/* The newest one, for the caller to use until he releases it. */
const gate_t *snapshot_hold(void);
void snapshot_release(const gate_t *gate);
/* Release *gate (NULL is fine) and hold the newest. */
void snapshot_renew(const gate_t **gate);

#endif
