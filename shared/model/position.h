/*
 * position - how far a log file was read
 *
 * Written in the same transaction as the facts of the lines before it, so a
 * line counts once.  inode tells a rotated file from its successor; tail
 * (the end of the last line that was read) tells a file that was replaced
 * in place.
 */
#ifndef SES_MODEL_POSITION_H
#define SES_MODEL_POSITION_H

#include "store/store.h"

#define SES_POSITION_MAILLOG "maillog"
#define SES_POSITION_TAIL 256

typedef struct {
    uint64_t inode;
    uint64_t offset; /* of the first byte not yet read */
    int64_t when;    /* ms: when this was written */
    int64_t gap;     /* ms: lines from before this may be lost; 0 = none */
    ses_str_t tail;  /* at most SES_POSITION_TAIL bytes before offset */
} ses_position_t;

/* SES_NOT_FOUND = nothing was ever read.  tail is copied to the arena. */
SES_CHECK ses_rc_t ses_position_get(ses_cx_t *cx, ses_txn_t *t,
                                    const char *name, ses_position_t *out);
SES_CHECK ses_rc_t ses_position_put(ses_cx_t *cx, ses_txn_t *t,
                                    const char *name, const ses_position_t *p);

#endif
