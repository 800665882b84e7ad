/*
 * systemd - what the service manager handed over, and what it is told
 */
#include "base/systemd.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"

#define TEXT_MAX 512

int
ses_systemd_fd(const char *name)
{
    char **names = NULL;
    int n = sd_listen_fds_with_names(0, &names), i, fd = -1;

    for (i = 0; i < n; i++)
        if (fd < 0 && names != NULL && strcmp(names[i], name) == 0)
            fd = SD_LISTEN_FDS_START + i;
    for (i = 0; names != NULL && i < n; i++)
        free(names[i]);
    free(names);
    return fd;
}

void
ses_systemd_tell(const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    (void) sd_notify(0, text);
}

void
ses_systemd_reloading(void)
{
    ses_systemd_tell("RELOADING=1\nMONOTONIC_USEC=%lld",
                     (long long) ses_clock_mono_us());
}

int64_t
ses_systemd_watchdog(void)
{
    uint64_t us = 0;

    return sd_watchdog_enabled(0, &us) > 0 ? (int64_t) (us / 3000) : 0;
}
