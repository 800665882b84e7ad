/*
 * rest - how long this process stays off the writer lock (private to store/)
 *
 * LMDB's writer lock is unfair: who asks again at once gets it again.  After
 * a commit a process that yields rests until this time, in microseconds of
 * the monotonic clock.
 */
#ifndef SES_STORE_REST_H
#define SES_STORE_REST_H

#include "store/store.h"

_Atomic int64_t *ses_store_rest(ses_store_t *s);

#endif
