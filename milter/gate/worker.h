/*
 * worker - the process that does the gate's work
 */
#ifndef SESAME_GATE_WORKER_H
#define SESAME_GATE_WORKER_H

#include "base/rc.h"

/* What its parent tells it, and hears: packets of one byte. */
typedef enum {
    WORKER_RELOAD = 'h', /* -> RELOADED or UNCHANGED */
    WORKER_PING = 'p',   /* -> PING */
    WORKER_DRAIN = 'd',  /* -> DRAIN, once it accepts no more */
    WORKER_QUICK = 'q',  /* drain, without patience */
    WORKER_READY = 'r',
    WORKER_RELOADED = 'n',
    WORKER_UNCHANGED = 'e',
} worker_word_t;

typedef struct {
    const char *config; /* sesame.conf */
    int milter, auth;   /* listening sockets */
    int parent;         /* SOCK_SEQPACKET; its end is as good as DRAIN */
} worker_start_t;

/*
 * Open the store, start the threads, serve until told to leave.  One thread
 * calls it, with the rights of gate_user.  The exit status; the reason for a
 * bad one has been logged.
 */
int worker_run(const worker_start_t *start);

#endif
