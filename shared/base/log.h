/*
 * log - one line per thing that happened, in Postfix's manner
 *
 * Three levels: info = it happened; warning = an operator should look;
 * error = we failed.  Never bodies, keys, secrets or tokens.  Under systemd a
 * line carries its level as a priority.
 */
#ifndef SES_BASE_LOG_H
#define SES_BASE_LOG_H

typedef enum { SES_LOG_INFO, SES_LOG_WARN, SES_LOG_ERROR } ses_log_level_t;

/* Where lines go; NULL = standard error.  Set once, before threads start. */
typedef void (*ses_log_sink_t)(ses_log_level_t level, const char *line);

void ses_log_open(const char *program, ses_log_sink_t sink);
void ses_log(ses_log_level_t level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
