/*
 * logfile - the lines of a log file that grows, is rotated, or replaced
 *
 * The file being read is known by its inode.  On start it is found again by
 * that, under whatever name it has now; when the text before the position is
 * not what was read, or the file is shorter, it was replaced in place and is
 * read from the start.  A file that has a successor with something in it is
 * read to its end, then the successor is.
 */
#ifndef SES_AGENT_LOGFILE_H
#define SES_AGENT_LOGFILE_H

#include "model/position.h"

typedef struct {
    const char *path; /* of the current log */
    int root_fd;      /* who opens it: root.h */

    int fd; /* -1 = none */
    uint64_t inode;
    uint64_t offset; /* in the file, of the first line not taken */
    char tail[SES_POSITION_TAIL];
    size_t ntail; /* what stands before offset */

    char *buf;
    size_t start, end; /* what was read and not taken */
    bool skipping;     /* the rest of a line that is too long */
    bool lost;         /* there may have been lines that nobody read */
    int64_t asked_us, warned_us;
} logfile_t;

void logfile_init(logfile_t *l, const char *path, int root_fd);
void logfile_free(logfile_t *l);

/* Where pos says, or at the start of the current log when it is NULL.  False
 * (and logged now and then) when there is no log. */
bool logfile_open(logfile_t *l, const ses_position_t *pos);
/* What to store so that reading goes on here; tail points into l. */
ses_position_t logfile_position(const logfile_t *l);

/* Read more; bytes, 0 at the end of the file, -1 on trouble (logged, the
 * file is closed).  Lines that were taken before are gone. */
int logfile_fill(logfile_t *l);
/* The next whole line without its newline, as long as nothing else is
 * called; "" for one that is too long. */
bool logfile_line(logfile_t *l, ses_str_t *line);

typedef enum {
    LOGFILE_LAST,  /* this is the end of the log */
    LOGFILE_MORE,  /* fill again: there is more, or another file */
    LOGFILE_UNSURE /* the log is being rotated just now */
} logfile_end_t;

/* At the end of a file: what follows? */
logfile_end_t logfile_next(logfile_t *l);

#endif
