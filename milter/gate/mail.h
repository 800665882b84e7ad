/*
 * mail - the "mail" object of a message's events, in pieces of JSON
 */
#ifndef SESAME_GATE_MAIL_H
#define SESAME_GATE_MAIL_H

#include "session.h"

/* Contract 8.2; each without braces, in cx->arena (model/message.h). */
ses_str_t mail_base(const session_t *s);
ses_str_t mail_headers(const session_t *s);
ses_str_t mail_tags(const session_t *s);
/* The subject on one line, shortened. */
ses_str_t mail_subject(const session_t *s);

#endif
