/*
 * compose - Simple content of a call as parts of a message
 */
#ifndef SES_API_COMPOSE_H
#define SES_API_COMPOSE_H

#include "api/mime.h"
#include "base/json.h"

/* Fill subject, texts, headers and attachments of m, everything checked; at
 * is the path of simple, for texts.  No attachment is decoded beyond max
 * bytes in all. */
SES_CHECK ses_rc_t compose_read(ses_cx_t *cx, const cJSON *simple,
                                const char *at, size_t max, mime_message_t *m);

#endif
