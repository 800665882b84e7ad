/*
 * logdir - the mail log and its rotated predecessors, in their order
 *
 * Those are, in the log's directory, plain files whose name goes on after
 * its own with '.' or '-'.
 */

#include "logdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

static bool
compressed(const char *name)
{
    static const char *const ends[] = {".gz", ".bz2", ".xz", ".zst", ".Z"};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (ses_str_ends(ses_str(name), ses_str(ends[i])))
            return true;
    return false;
}

/* Order of rotated files: by their last line, then by inode. */
struct place {
    int64_t ns;
    uint64_t inode;
};

static struct place
place_of(const struct stat *st)
{
    return (struct place){(int64_t) st->st_mtim.tv_sec * 1000000000 +
                              st->st_mtim.tv_nsec,
                          st->st_ino};
}

static bool
before(struct place x, struct place y)
{
    return x.ns < y.ns || (x.ns == y.ns && x.inode < y.inode);
}

/* A rotated log: in dir, plain, named BASE.x or BASE-x. */
static int
open_rotated(int dir, const char *base, const char *name, struct stat *st)
{
    size_t n = strlen(base);
    int fd;

    if (strncmp(name, base, n) != 0 || (name[n] != '.' && name[n] != '-') ||
        compressed(name))
        return -1;

    fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}

static int
open_current(const char *path, struct stat *st)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode))) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

/* Which rotated file is wanted?  best is replaced by a better. */
struct choice {
    bool next; /* the first one behind after, else by inode */
    uint64_t inode;
    struct place after;
    struct place place; /* of best */
    int best;
};

static void
consider(struct choice *c, int fd, const struct stat *st)
{
    struct place at = place_of(st);
    bool better;

    if (c->next)
        better = before(c->after, at) && (c->best < 0 || before(at, c->place));
    else
        better = st->st_ino == c->inode;

    if (!better) {
        close(fd);
        return;
    }
    if (c->best >= 0)
        close(c->best);
    c->best = fd;
    c->place = at;
}

static void
each_rotated(const char *path, struct choice *c)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    char folder[4096];
    struct dirent *e;
    struct stat st;
    DIR *dir;
    int fd;

    if (slash == NULL || (size_t) (slash - path) >= sizeof(folder) - 1)
        return;
    memcpy(folder, path, (size_t) (slash - path) + 1);
    folder[slash - path + 1] = '\0';

    dir = opendir(folder);
    if (dir == NULL)
        return;
    while ((e = readdir(dir)) != NULL)
        if ((fd = open_rotated(dirfd(dir), base, e->d_name, &st)) >= 0)
            consider(c, fd, &st);
    closedir(dir);
}

/* Where the file of this inode stands, if it is there. */
static bool
find_place(const char *path, uint64_t inode, struct place *out)
{
    struct choice c = {.inode = inode, .best = -1};

    each_rotated(path, &c);
    if (c.best < 0)
        return false;
    close(c.best);
    *out = c.place;
    return true;
}

int
logdir_inode(const char *path, uint64_t inode)
{
    struct choice c = {.inode = inode, .best = -1};
    struct stat st;
    int fd = open_current(path, &st);

    if (fd >= 0 && st.st_ino == inode)
        return fd;
    if (fd >= 0)
        close(fd);
    each_rotated(path, &c);
    if (c.best < 0)
        errno = ENOENT;
    return c.best;
}

int
logdir_next(const char *path, uint64_t inode, int64_t since)
{
    struct choice c = {.next = true, .best = -1};
    struct stat st;
    int fd = open_current(path, &st);

    if (fd >= 0 && st.st_ino == inode)
        return fd; /* nothing follows the current log */
    if (!find_place(path, inode, &c.after))
        c.after.ns = since < INT64_MAX / 1000000 ? since * 1000000 : INT64_MAX;
    each_rotated(path, &c);
    if (c.best < 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return c.best;
}
