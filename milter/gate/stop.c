/*
 * stop - leaving with no message cut in two
 *
 * Postfix keeps a milter's connection as long as its client's session, and
 * opens no second one: when it goes, every later MAIL of that session gets
 * 451.  So whoever leaves serves what he has, as always, until it closes.
 * When the time for that is over, a connection between two messages may go
 * (its client loses nothing that was accepted), one within a message may
 * not.  From then on MAIL is answered by a 421, which ends the session: the
 * client comes back to the next process.
 *
 * An answer goes out after its callback returned, and a connection
 * that was just accepted is not yet counted: both are covered by looking
 * several times.
 */
#include "stop.h"

#include <stdatomic.h>

#include "base/clock.h"

#define CALM_CLOSED 10 /* looks: half a second */
#define CALM_IDLE 2

static atomic_uint connected, under_way;
static atomic_bool closing;

/* Of the one thread that leaves. */
static int64_t began, drained_at, over_at; /* ms, monotonic; 0 = not yet */
static unsigned at_first;

void
stop_connected(void)
{
    atomic_fetch_add(&connected, 1);
}

void
stop_disconnected(void)
{
    atomic_fetch_sub(&connected, 1);
}

unsigned
stop_connections(void)
{
    return atomic_load(&connected);
}

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

static int64_t
now_ms(void)
{
    return ses_clock_mono_us() / 1000;
}

static void
shorten(int64_t *at, int64_t to)
{
    if (*at == 0 || to < *at)
        *at = to;
}

void
stop_begin(int64_t drain, int64_t rest)
{
    int64_t now = now_ms();

    if (began == 0) {
        began = now;
        at_first = atomic_load(&connected);
    }
    shorten(&drained_at, now + drain);
    shorten(&over_at, now + drain + rest);
}

bool
stop_closing(void)
{
    return atomic_load(&closing);
}

bool
stop_over(unsigned logins)
{
    static int calm_closed, calm_idle;
    int64_t now = now_ms();

    calm_closed =
        atomic_load(&connected) == 0 && logins == 0 ? calm_closed + 1 : 0;
    if (calm_closed >= CALM_CLOSED)
        return true;
    if (now < drained_at)
        return false;
    atomic_store(&closing, true);
    calm_idle = atomic_load(&under_way) == 0 ? calm_idle + 1 : 0;
    return calm_idle > CALM_IDLE || now >= over_at;
}

stop_report_t
stop_report(void)
{
    return (stop_report_t){.connections = at_first,
                           .cut = atomic_load(&connected),
                           .messages = atomic_load(&under_way),
                           .ms = now_ms() - began};
}
