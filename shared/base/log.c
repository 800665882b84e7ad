/*
 * log - format a line and hand it to the sink
 *
 * Standard error that leads to systemd's journal (JOURNAL_STREAM) gets
 * "<N>text", N a priority of syslog(3): the journal adds time, program and
 * process itself.  Any other gets "program[pid]: text".
 *
 * Control characters in a line become '?', so that hostile input cannot
 * forge a line of its own.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2000

static const char *program_name = "sesame";
static ses_log_sink_t line_sink;
static bool to_journal;

static const struct {
    const char *name;
    int priority;
} levels[] = {{"", LOG_INFO}, {"warning: ", LOG_WARNING}, {"error: ", LOG_ERR}};

/* Is standard error what the service manager says it made it? */
static bool
is_journal(void)
{
    const char *said = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;

    return said != NULL && sscanf(said, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device &&
           st.st_ino == inode;
}

void
ses_log_open(const char *program, ses_log_sink_t sink)
{
    program_name = program;
    line_sink = sink;
    to_journal = is_journal();
}

void
ses_log(ses_log_level_t level, const char *fmt, ...)
{
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
    if (to_journal)
        n = snprintf(out, sizeof(out), "<%d>%s%s\n", levels[level].priority,
                     levels[level].name, line);
    else
        n = snprintf(out, sizeof(out), "%s[%ld]: %s%s\n", program_name,
                     (long) getpid(), levels[level].name, line);
    if (n > 0 && write(STDERR_FILENO, out, (size_t) n) < 0)
        return; /* nobody left to tell */
}
