/*
 * logfile - the lines of a log file that grows, is rotated, or replaced
 */

#include "logfile.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "root.h"

#define BUFFER (1 << 18)
#define LINE_MAX_BYTES (1 << 16) /* Postfix cuts at about 2,000 */
#define ASK_EVERY 500000         /* us between questions to the parent */
#define WARN_EVERY 60000000      /* us */

void
logfile_init(logfile_t *l, const char *path, int root_fd)
{
    memset(l, 0, sizeof(*l));
    l->path = path;
    l->root_fd = root_fd;
    l->fd = -1;
    l->buf = ses_xmalloc(BUFFER);
}

static void
leave(logfile_t *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
}

void
logfile_free(logfile_t *l)
{
    leave(l);
    ses_xfree(l->buf);
}

/* Not more than one line a minute while it lasts. */
static bool
trouble(logfile_t *l)
{
    int err = errno;
    int64_t now = ses_clock_mono_us();

    if (l->warned_us == 0 || now - l->warned_us >= WARN_EVERY)
        ses_log(SES_LOG_WARN, "%s: %s", l->path, strerror(err));
    l->warned_us = now;
    leave(l);
    return false;
}

/* --- files --------------------------------------------------------------- */

static void
rewind_to(logfile_t *l, uint64_t offset, ses_str_t tail)
{
    l->offset = offset;
    l->ntail = tail.n < sizeof(l->tail) ? tail.n : sizeof(l->tail);
    memcpy(l->tail, tail.p, l->ntail);
    l->start = l->end = 0;
    l->skipping = false;
}

/* Read fd from offset on; tail stands before that. */
static bool
enter(logfile_t *l, int fd, uint64_t offset, ses_str_t tail)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        close(fd);
        return trouble(l);
    }
    leave(l);
    l->fd = fd;
    l->inode = st.st_ino;
    rewind_to(l, offset, tail);
    return true;
}

/* Does what stands before offset still end in tail? */
static bool
unchanged(int fd, uint64_t offset, ses_str_t tail)
{
    char text[SES_POSITION_TAIL];

    if (tail.n > offset || tail.n > sizeof(text))
        return false;
    return pread(fd, text, tail.n, (off_t) (offset - tail.n)) ==
               (ssize_t) tail.n &&
           ses_str_eq(ses_str_n(text, tail.n), tail);
}

static void
replaced(logfile_t *l)
{
    l->lost = true;
    ses_log(SES_LOG_WARN, "%s: was replaced: reading it from the start",
            l->path);
}

bool
logfile_open(logfile_t *l, const ses_position_t *pos)
{
    int fd;

    if (pos == NULL) {
        fd = root_log_next(l->root_fd, 0, INT64_MAX);
        return fd < 0 ? trouble(l) : enter(l, fd, 0, SES_STR(""));
    }

    fd = root_log_inode(l->root_fd, pos->inode);
    if (fd >= 0 && unchanged(fd, pos->offset, pos->tail))
        return enter(l, fd, pos->offset, pos->tail);
    if (fd >= 0) {
        replaced(l);
        return enter(l, fd, 0, SES_STR(""));
    }
    if (errno != ENOENT)
        return trouble(l);

    fd = root_log_next(l->root_fd, pos->inode, pos->when);
    if (fd < 0)
        return trouble(l);
    l->lost = true;
    ses_log(SES_LOG_WARN,
            "%s: the file read last is gone: going on with what is there",
            l->path);
    return enter(l, fd, 0, SES_STR(""));
}

ses_position_t
logfile_position(const logfile_t *l)
{
    return (ses_position_t){.inode = l->inode,
                            .offset = l->offset,
                            .tail = ses_str_n(l->tail, l->ntail)};
}

/* The file that follows, when there is one and it has something in it. */
static int
successor(logfile_t *l)
{
    int fd = root_log_next(l->root_fd, l->inode, ses_clock_ms());
    struct stat st;

    if (fd >= 0 &&
        (fstat(fd, &st) != 0 || st.st_ino == l->inode || st.st_size == 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

logfile_end_t
logfile_next(logfile_t *l)
{
    int64_t now = ses_clock_mono_us();
    struct stat st;
    int fd;

    if (stat(l->path, &st) == 0 && st.st_ino == l->inode)
        return LOGFILE_LAST;
    if (l->asked_us != 0 && now - l->asked_us < ASK_EVERY)
        return LOGFILE_UNSURE;

    fd = successor(l);
    if (fd < 0) {
        l->asked_us = now;
        return LOGFILE_LAST;
    }

    /* Nobody writes to the old one once the new one is written to, but what
     * was written to it since the last look comes first. */
    if (fstat(l->fd, &st) == 0 &&
        (uint64_t) st.st_size > l->offset + (l->end - l->start)) {
        close(fd);
        return LOGFILE_MORE;
    }
    l->asked_us = 0;
    return enter(l, fd, 0, SES_STR("")) ? LOGFILE_MORE : LOGFILE_UNSURE;
}

/* --- lines --------------------------------------------------------------- */

int
logfile_fill(logfile_t *l)
{
    struct stat st;
    ssize_t n;

    memmove(l->buf, l->buf + l->start, l->end - l->start);
    l->end -= l->start;
    l->start = 0;

    if (fstat(l->fd, &st) != 0) {
        trouble(l);
        return -1;
    }
    if ((uint64_t) st.st_size == l->offset + l->end)
        return 0;

    if ((uint64_t) st.st_size < l->offset + l->end ||
        !unchanged(l->fd, l->offset, ses_str_n(l->tail, l->ntail))) {
        replaced(l);
        rewind_to(l, 0, SES_STR(""));
    }

    n = pread(l->fd, l->buf + l->end, BUFFER - l->end,
              (off_t) (l->offset + l->end));
    if (n < 0) {
        trouble(l);
        return -1;
    }
    l->end += (size_t) n;
    return (int) n;
}

bool
logfile_line(logfile_t *l, ses_str_t *line)
{
    size_t have = l->end - l->start, n, keep;
    char *p = l->buf + l->start;
    char *nl = have == 0 ? NULL : memchr(p, '\n', have);
    bool whole = nl != NULL && !l->skipping;

    if (nl == NULL && have < LINE_MAX_BYTES)
        return false;

    n = nl == NULL ? have : (size_t) (nl - p) + 1;
    keep = n < sizeof(l->tail) ? n : sizeof(l->tail);
    memcpy(l->tail, p + n - keep, keep);
    l->ntail = keep;
    l->start += n;
    l->offset += n;
    l->skipping = nl == NULL;
    *line = whole ? ses_str_n(p, n - 1) : SES_STR("");
    return true;
}
