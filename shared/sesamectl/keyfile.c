/*
 * keyfile - the key files: what they are, whose, and making them
 *
 *   gate.key          opens DKIM private keys       0400 gate
 *   ticket.key        signs what nginx injects      0400 gate
 *   agent-ticket.key  signs Sesame's own mail       0440 agent, gate's group
 *   token.key         signs envelope senders        0440 gate, agent's group
 *   sns.key           signs webhooks                0400 agent
 *   sns.pem           its certificate               0444 root
 *   site.key          closes access-key secrets     0440 root, store_group
 *
 * nginx's master reads ticket.key as root.  token.key is for gate and agent
 * and not for nginx, which has the store's group: its group is the agent's
 * primary group when that is one of its own.  When it is not, the file is
 * the agent's alone, and the gate reads it as root before it becomes
 * gate_user.  So it is with agent-ticket.key and the gate's primary group.
 */
#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/keyring.h"

static ses_rc_t
ring(ses_cx_t *cx, const ses_conf_t *conf, ses_str_t *text)
{
    (void) conf;
    *text = ses_keyring_new(cx->arena);
    return SES_OK;
}

static ses_rc_t
find_user(ses_cx_t *cx, const char *option, ses_str_t name,
          const struct passwd **out)
{
    const struct passwd *pw = getpwnam(ses_str_c(cx->arena, name));

    if (pw == NULL)
        return ses_fail(cx, SES_NOT_FOUND, "%s: there is no user \"%.*s\"",
                        option, SES_FMT(name));
    *out = pw;
    return SES_OK;
}

ses_rc_t
keyfile_list(ses_cx_t *cx, const ses_conf_t *conf, keyfile_t out[KEYFILES])
{
    const struct group *gr;
    const struct passwd *pw = NULL;
    uid_t gate, agent;
    gid_t gates, agents, store;
    bool own_group;
    ses_rc_t rc;

    if ((rc = find_user(cx, "gate_user", conf->gate_user, &pw)) != SES_OK)
        return rc;
    gate = pw->pw_uid;
    gates = pw->pw_gid;
    if ((rc = find_user(cx, "agent_user", conf->agent_user, &pw)) != SES_OK)
        return rc;
    agent = pw->pw_uid;
    agents = pw->pw_gid;
    gr = getgrnam(ses_str_c(cx->arena, conf->store_group));
    if (gr == NULL)
        return ses_fail(cx, SES_NOT_FOUND,
                        "store_group: there is no group \"%.*s\"",
                        SES_FMT(conf->store_group));
    store = gr->gr_gid;
    own_group = agents != store;

    out[0] = (keyfile_t){"gate.key", "opens DKIM keys", gate, 0, 0400, ring};
    out[1] = (keyfile_t){
        "ticket.key", "signs what nginx injects", gate, 0, 0400, ring};
    out[2] = (keyfile_t){"token.key",
                         "signs envelope senders",
                         own_group ? gate : agent,
                         own_group ? agents : 0,
                         own_group ? 0440 : 0400,
                         ring};
    out[3] =
        (keyfile_t){"sns.key", "signs webhooks", agent, 0, 0400, keyfile_rsa};
    out[4] = (keyfile_t){"sns.pem", "certificate of sns.key", 0, 0,
                         0444,      keyfile_certificate};
    out[5] = (keyfile_t){
        "site.key", "closes access-key secrets", 0, store, 0440, ring};
    own_group = gates != store;
    out[6] =
        (keyfile_t){"agent-ticket.key",    "signs Sesame's own mail", agent,
                    own_group ? gates : 0, own_group ? 0440 : 0400,   ring};
    return SES_OK;
}

static ses_rc_t
write_all(ses_cx_t *cx, int fd, const char *path, ses_str_t text)
{
    ssize_t n;

    while (text.n > 0) {
        n = write(fd, text.p, text.n);
        if (n < 0)
            return ses_fail(cx, SES_FAULT, "%s: %s", path, strerror(errno));
        text = ses_str_from(text, (size_t) n);
    }
    return SES_OK;
}

static ses_rc_t
store_file(ses_cx_t *cx, const char *path, const char *temporary,
           const keyfile_t *k, ses_str_t text)
{
    ses_rc_t rc;
    int fd;

    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
              0600);
    if (fd < 0)
        return ses_fail(cx, SES_FAULT, "%s: %s", temporary, strerror(errno));
    rc = write_all(cx, fd, temporary, text);
    if (rc == SES_OK && (fchown(fd, k->uid, k->gid) != 0 ||
                         fchmod(fd, k->mode) != 0 || fsync(fd) != 0))
        rc = ses_fail(cx, SES_FAULT, "%s: %s", temporary, strerror(errno));
    close(fd);
    if (rc == SES_OK && rename(temporary, path) != 0)
        rc = ses_fail(cx, SES_FAULT, "%s: %s", path, strerror(errno));
    if (rc != SES_OK)
        unlink(temporary);
    return rc;
}

ses_rc_t
keyfile_create(ses_cx_t *cx, const ses_conf_t *conf, const keyfile_t *k)
{
    const char *path = ses_conf_key(cx, conf, k->name);
    const char *temporary = ses_str_printf(cx->arena, "%s.new", path).p;
    struct stat st;
    ses_str_t text;
    ses_rc_t rc;

    if (lstat(path, &st) == 0)
        return SES_OK;
    if ((rc = k->make(cx, conf, &text)) != SES_OK)
        return rc;
    unlink(temporary); /* of an init that was cut short */
    return store_file(cx, path, temporary, k, text);
}

ses_rc_t
keyfile_replace(ses_cx_t *cx, const ses_conf_t *conf, const char *name,
                ses_str_t text)
{
    const char *path = ses_conf_key(cx, conf, name);
    const char *temporary = ses_str_printf(cx->arena, "%s.new", path).p;
    keyfile_t files[KEYFILES];
    ses_rc_t rc;
    size_t i;

    if ((rc = keyfile_list(cx, conf, files)) != SES_OK)
        return rc;
    for (i = 0; i < KEYFILES && strcmp(files[i].name, name) != 0; i++)
        ;
    if (i == KEYFILES)
        return ses_fail(cx, SES_FAULT, "%s is no key file", name);
    unlink(temporary); /* of a run that was cut short */
    return store_file(cx, path, temporary, &files[i], text);
}
