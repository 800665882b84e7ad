/*
 * expire - have Postfix return messages of its queue to their senders
 *
 * "postsuper -e" marks them, all in one run; the queue manager returns a
 * marked one as it is, without another attempt, as soon as it takes it up:
 * for that, "postqueue -i" asks, which takes one queue id a run.
 */

#include "expire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "base/log.h"
#include "program.h"

/* Standard input of postsuper holds all of it: a pipe has room for 64 KB. */
_Static_assert(EXPIRE_MAX * sizeof(expire_t) <= 65536, "fits a pipe");

/* Only what reads as a long queue id: neither "ALL" nor a number that Postfix
 * gives out again. */
static bool
is_long_id(const expire_t *e)
{
    ses_msgid_t id;

    return memchr(e->id, '\0', sizeof(e->id)) != NULL &&
           ses_queueid_parse(ses_str(e->id), 1, &id);
}

static bool
mark(const char *config, const expire_t *v, unsigned n)
{
    const char *const argv[] = {"postsuper", "-c", config, "-e", "-", NULL};
    int pipes[2];
    bool ok = true;

    if (pipe2(pipes, O_CLOEXEC) != 0)
        return false;
    for (unsigned i = 0; i < n && ok; i++) {
        size_t len = strlen(v[i].id);

        ok = write(pipes[1], v[i].id, len) == (ssize_t) len &&
             write(pipes[1], "\n", 1) == 1;
    }
    close(pipes[1]);
    ok = ok && program_run(argv, pipes[0], -1);
    close(pipes[0]);
    return ok;
}

/* When this fails, the next queue run does it. */
static void
take_up(const char *config, const expire_t *e)
{
    const char *const argv[] = {"postqueue", "-c", config, "-i", e->id, NULL};

    (void) program_run(argv, -1, -1);
}

bool
expire_apply(const ses_conf_t *conf, const expire_t *v, unsigned n)
{
    const char *config = conf->postfix_config.p;
    unsigned i;

    if (n == 0 || n > EXPIRE_MAX)
        return false;
    for (i = 0; i < n; i++)
        if (!is_long_id(&v[i]))
            return false;
    if (!mark(config, v, n)) {
        ses_log(SES_LOG_ERROR, "postsuper -c %s -e: failed", config);
        return false;
    }
    for (i = 0; i < n; i++)
        take_up(config, &v[i]);
    return true;
}
