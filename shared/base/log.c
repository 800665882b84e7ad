/*
 * log - format a line and hand it to the sink
 *
 * Control characters in a line become '?', so that hostile input cannot
 * forge a line of its own.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2000

static const char *program_name = "sesame";
static ses_log_sink_t line_sink;

void
ses_log_open(const char *program, ses_log_sink_t sink)
{
    program_name = program;
    line_sink = sink;
}

void
ses_log(ses_log_level_t level, const char *fmt, ...)
{
    static const char *const names[] = {"", "warning: ", "error: "};
    char line[LINE_MAX_BYTES], out[LINE_MAX_BYTES + 100], *p;
    va_list ap;
    int n;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    for (p = line; *p != '\0'; p++)
        if ((unsigned char) *p < ' ' || *p == 0x7f)
            *p = '?';

    if (line_sink != NULL) {
        line_sink(level, line);
        return;
    }
    n = snprintf(out, sizeof(out), "%s[%ld]: %s%s\n", program_name,
                 (long) getpid(), names[level], line);
    if (n > 0 && write(STDERR_FILENO, out, (size_t) n) < 0)
        return; /* nobody left to tell */
}
