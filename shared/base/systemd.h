/*
 * systemd - what the service manager handed over, and what it is told
 *
 * systemd's two protocols, by libsystemd: listening sockets by name
 * (LISTEN_FDS, LISTEN_FDNAMES) and notifications (NOTIFY_SOCKET).  Started by
 * anything else, a program has no such sockets and tells nobody.
 */
#ifndef SES_BASE_SYSTEMD_H
#define SES_BASE_SYSTEMD_H

#include <stdint.h>

/*
 * The descriptor that a socket unit names (FileDescriptorName=), -1 when
 * none does.  It is closed by exec from then on.  Main process only.
 */
int ses_systemd_fd(const char *name);

/* "READY=1", "STATUS=...": see sd_notify(3).  Failures are ignored. */
void ses_systemd_tell(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
/* The manager waits for the next "READY=1". */
void ses_systemd_reloading(void);
/* How often the manager wants to hear "WATCHDOG=1", in ms; 0 = never.  A third
 * of what it allows. */
int64_t ses_systemd_watchdog(void);

#endif
