/*
 * settings - sesame.conf and the key files, read at the start and at SIGHUP
 *
 * A reload makes new settings; every thread takes them between two jobs
 * (agent_renew) and finishes what it is at with those it began with.
 */
#ifndef SES_AGENT_SETTINGS_H
#define SES_AGENT_SETTINGS_H

#include "agent.h"

/* The first: with the keys, and conf, which was read as root.  conf's
 * strings are the caller's, for ever. */
SES_CHECK ses_rc_t settings_first(ses_cx_t *cx, agent_t *a,
                                  const ses_conf_t *conf);
/*
 * Read both again and put them in place of the newest.  On failure nothing
 * has changed; cx->why says what is wrong, "FILE:LINE: ..." where a line is.
 * Logged: the names of options that changed but need a restart.
 */
SES_CHECK ses_rc_t settings_reload(ses_cx_t *cx, agent_t *a);

#endif
