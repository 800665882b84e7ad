/*
 * backup - sesamectl backup: a hot, consistent copy of the store
 *
 * The copy is as valuable as the store: 0700, root's.  Key files are not in
 * it, and without them it opens nothing; they are copied once, elsewhere.
 */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "ctl.h"

/* Make dir, or accept an empty one. */
static int
prepare(ctl_t *c, const char *dir)
{
    struct dirent *e;
    bool empty = true;
    DIR *d;

    if (mkdir(dir, 0700) == 0)
        return 0;
    if (errno != EEXIST || (d = opendir(dir)) == NULL)
        return ctl_error(c, "%s: %s", dir, strerror(errno));
    while ((e = readdir(d)) != NULL)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            empty = false;
    closedir(d);
    return empty ? 0 : ctl_error(c, "%s: is not empty", dir);
}

static int
backup(ctl_t *c)
{
    const char *dir = c->args[0];
    int status = prepare(c, dir);
    ses_rc_t rc;

    if (status != 0)
        return status;
    rc = ses_store_backup(&c->cx, c->store, dir);
    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

const ctl_command_t ctl_backup[] = {
    {"",
     "DIRECTORY",
     1,
     1,
     "Copy the store into a directory that is empty or does not exist.\n"
     "The key files are not in the copy; without them it opens nothing.",
     CTL_STORE,
     backup,
     {{0}}},
    {0},
};
