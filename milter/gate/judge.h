/*
 * judge - the message from its first header field to its last body byte
 */
#ifndef SESAME_GATE_JUDGE_H
#define SESAME_GATE_JUDGE_H

#include "session.h"

void judge_header(session_t *s, ses_str_t name, ses_str_t value);
/* End of header: the verdict, and the signature is begun.  queue_id is
 * Postfix's {i}. */
void judge_eoh(session_t *s, ses_str_t queue_id);
void judge_body(session_t *s, const void *p, size_t n);
/* End of message: what remains to be said of it, and s->m.signatures. */
SES_CHECK ses_rc_t judge_end(session_t *s);
/* Bytes of the message as its sender wrote it. */
uint64_t judge_size(const session_t *s);

#endif
