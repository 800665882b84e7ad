/*
 * stop - leaving soon after SIGTERM, with no message cut in two
 *
 * libmilter takes SIGTERM itself.  Its sessions get no answer from then on,
 * but its listener looks at that only every five seconds, and the clients of
 * those sessions wait for nothing.  mi_stop() is what its own threads ask;
 * it is no part of the documented interface, so it is used only where it is
 * there, and without it the process ends when libmilter returns.
 */
#include "stop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define LOOK_US 50000
#define PATIENCE 100 /* looks: five seconds */

extern int mi_stop(void) __attribute__((weak));

static atomic_uint under_way;
static void (*last_words)(void);

void
stop_enter(void)
{
    atomic_fetch_add(&under_way, 1);
}

void
stop_leave(void)
{
    atomic_fetch_sub(&under_way, 1);
}

static void *
watch(void *unused)
{
    int calm = 0, looks;

    (void) unused;
    while (mi_stop() == 0)
        usleep(LOOK_US);
    /* Calm twice: libmilter sends the answer after the callback returned. */
    for (looks = 0; looks < PATIENCE && calm < 2; looks++) {
        calm = atomic_load(&under_way) == 0 ? calm + 1 : 0;
        usleep(LOOK_US);
    }
    last_words();
    _exit(0);
}

ses_rc_t
stop_watch(ses_cx_t *cx, void (*last)(void))
{
    pthread_t thread;

    last_words = last;
    if (mi_stop == NULL)
        return SES_OK;
    if (pthread_create(&thread, NULL, watch, NULL) != 0)
        return ses_fail(cx, SES_FAULT, "a thread does not start");
    pthread_detach(thread);
    return SES_OK;
}
