/*
 * settings - sesame.conf and the key files, read at the start and at SIGHUP
 *
 * What the root parent works with (the log's name, Postfix's files) and what
 * was opened before it split off is not read again: another process has it.
 */
#include "settings.h"

#include "base/clock.h"
#include "base/log.h"
#include "dest_sns.h"

static const char *const fixed[] = {
    /* opened, or become, at the start */
    "store", "map_size", "key_directory", "agent_user", "store_group",
    "postfix_group", "lmtp_socket",
    /* the root parent's */
    "postfix_config", "maillog", "pool_label", "pool_map", "pool_address",
    NULL};

static ses_rc_t
load_keys(ses_cx_t *cx, settings_t *s)
{
    ses_rc_t rc;

    rc = ses_keyring_load(cx, ses_conf_key(cx, &s->conf, "token.key"),
                          &s->tokens);
    if (rc != SES_OK)
        return rc;
    return ses_keyring_load(cx, ses_conf_key(cx, &s->conf, "site.key"),
                            &s->site);
}

/* Those that their workers read: is there one that cannot be used?  Without
 * one they wait for it. */
static ses_rc_t
check_keys(ses_cx_t *cx, const ses_conf_t *conf)
{
    dest_sns_t sns = {0};
    ses_keyring_t ticket = {0};
    ses_rc_t rc;

    rc = ses_keyring_load(cx, ses_conf_key(cx, conf, "agent-ticket.key"),
                          &ticket);
    ses_keyring_wipe(&ticket);
    if (rc == SES_OK || rc == SES_NOT_FOUND) {
        ses_cx_clear(cx);
        rc = sns_open(cx, conf, &sns);
        sns_close(&sns);
    }
    if (rc != SES_NOT_FOUND)
        return rc;
    ses_cx_clear(cx);
    return SES_OK;
}

static settings_t *
make(void)
{
    settings_t *s = ses_xcalloc(sizeof(*s));

    s->arena = ses_arena_new();
    return s;
}

ses_rc_t
settings_first(ses_cx_t *cx, agent_t *a, const ses_conf_t *conf)
{
    settings_t *s = make();
    ses_rc_t rc;

    s->conf = *conf;
    if ((rc = load_keys(cx, s)) != SES_OK) {
        agent_settings_free(s);
        return rc;
    }
    agent_settle(a, s);
    (void) agent_renew(a);
    return SES_OK;
}

static void
tell_kept(const char *name)
{
    ses_log(SES_LOG_WARN, "reload: %s needs a restart; it stays as it was",
            name);
}

ses_rc_t
settings_reload(ses_cx_t *cx, agent_t *a)
{
    settings_t *s = make();
    ses_cx_t mine = ses_cx(s->arena, ses_clock_ms());
    ses_rc_t rc;

    if ((rc = ses_conf_load(&mine, a->conf->file, &s->conf)) == SES_OK) {
        ses_conf_keep(s->arena, a->conf, &s->conf, fixed, tell_kept);
        if ((rc = load_keys(&mine, s)) == SES_OK)
            rc = check_keys(&mine, &s->conf);
    }
    if (rc != SES_OK) {
        /* the text goes to the caller's arena: this one does not live on */
        rc = ses_fail(cx, rc, "%.*s", SES_FMT(mine.why));
        agent_settings_free(s);
        return rc;
    }
    agent_settle(a, s);
    (void) agent_renew(a); /* the main thread's */
    return SES_OK;
}
