/*
 * stop - leaving with no message cut in two
 */
#ifndef SESAME_GATE_STOP_H
#define SESAME_GATE_STOP_H

#include <stdbool.h>
#include <stdint.h>

/* A connection of Postfix, from the option negotiation (Postfix
 * holds CONNECT back until MAIL) to its close. */
void stop_connected(void);
void stop_disconnected(void);
/* What must not be cut: a message of ours, from MAIL to its end. */
void stop_enter(void);
void stop_leave(void);

/*
 * Begin to leave: connections have drain ms to close, then messages under
 * way have rest ms to end, and MAIL begins no more of them.  Called again,
 * it can only shorten both.
 */
void stop_begin(int64_t drain, int64_t rest);
/* How many there are now. */
unsigned stop_connections(void);
/* Is it too late for a new message? */
bool stop_closing(void);
/* A look every STOP_LOOK_MS from stop_begin on: true = end the process now.
 * logins: login clients that are still connected. */
#define STOP_LOOK_MS 50
bool stop_over(unsigned logins);

/* How leaving went, for the log. */
typedef struct {
    unsigned connections; /* when it began */
    unsigned cut;         /* of them, still open at the end */
    unsigned messages;    /* cut in two */
    int64_t ms;
} stop_report_t;

stop_report_t stop_report(void);

#endif
