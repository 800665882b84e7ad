/*
 * gate_key - sesamectl gate-key: another key for the DKIM keys to be sealed to
 *
 * A new first line in gate.key; the gate sees the file change, says in the
 * store that it seals to the new key, and seals anew what is sealed to
 * another.  When it says that nothing is left, the old lines go.  At every
 * moment the file opens all that is in the store, so this may be broken off
 * and begun again.
 */
#include <stdio.h>
#include <time.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/encode.h"
#include "ctl.h"
#include "keyfile.h"
#include "model/gate_key.h"
#include "store/keyring.h"

#define NAME "gate.key"
#define TIMEOUT_DEFAULT 60
#define TIMEOUT_MAX 86400
#define POLL_MS 100

static ses_rc_t
load(ctl_t *c, ses_keyring_t *ring, uint8_t pub[SES_SEAL_KEY])
{
    ses_rc_t rc =
        ses_keyring_load(&c->cx, ses_conf_key(&c->cx, &c->conf, NAME), ring);

    return rc == SES_OK ? ses_seal_public(&c->cx, ring->keys[0].key, pub) : rc;
}

/* The file of these keys, in their order. */
static ses_rc_t
save(ctl_t *c, const ses_keyring_t *ring)
{
    ses_str_t text = SES_STR(""), line;
    ses_rc_t rc;
    unsigned k;

    for (k = 0; k < ring->n; k++) {
        line = ses_str_printf(
            c->arena, "%c %.*s\n", ring->keys[k].id,
            SES_FMT(ses_hex(c->arena, ses_key_str(&ring->keys[k]))));
        text = ses_str_cat(c->arena, text, line);
    }
    rc = keyfile_replace(&c->cx, &c->conf, NAME, text);
    OPENSSL_cleanse((char *) (uintptr_t) text.p, text.n);
    return rc;
}

/* A new key in front. */
static ses_rc_t
add(ctl_t *c, ses_keyring_t *ring)
{
    static const char ids[] = "abcdefghijklmnopqrstuvwxyz234567";
    const char *id = ids;

    if (ring->n == SES_KEYRING_MAX)
        return ses_fail(&c->cx, SES_INVALID,
                        "%s holds %d keys already: sesamectl gate-key retire",
                        NAME, SES_KEYRING_MAX);
    while (ses_keyring_find(ring, *id) != NULL)
        id++;
    memmove(&ring->keys[1], &ring->keys[0], ring->n * sizeof(ring->keys[0]));
    ring->n++;
    ring->keys[0].id = *id;
    ses_random(ring->keys[0].key, sizeof(ring->keys[0].key));
    return save(c, ring);
}

typedef struct {
    ses_gate_key_t said;
    bool any;
} word_t;

static ses_rc_t
ask(ctl_t *c, ses_txn_t *t, void *arg)
{
    word_t *w = arg;
    ses_rc_t rc = ses_gate_key_get(&c->cx, t, &w->said);

    w->any = rc == SES_OK;
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

/* Until the gate says that all is sealed to pub. */
static ses_rc_t
wait_all(ctl_t *c, const uint8_t pub[SES_SEAL_KEY], uint64_t seconds)
{
    int64_t end = ses_clock_mono_us() + (int64_t) seconds * 1000000;
    const struct timespec pause = {0, POLL_MS * 1000000};
    word_t w;
    ses_rc_t rc;

    for (;;) {
        if ((rc = ctl_read(c, ask, &w)) != SES_OK)
            return rc;
        if (w.any && memcmp(w.said.pub, pub, SES_SEAL_KEY) == 0 && w.said.all)
            return SES_OK;
        if (ses_clock_mono_us() >= end)
            return ses_fail(&c->cx, SES_BUSY,
                            "the gate has not sealed all DKIM keys to the "
                            "first key of %s within %llu s: is sesame-milter "
                            "running?  No key was retired: sesamectl gate-key "
                            "retire does that later",
                            NAME, (unsigned long long) seconds);
        nanosleep(&pause, NULL);
    }
}

static int
run(ctl_t *c, bool rotate)
{
    const char *timeout = ctl_option(c, "timeout");
    uint8_t pub[SES_SEAL_KEY];
    uint64_t seconds = TIMEOUT_DEFAULT;
    ses_keyring_t ring;
    ses_rc_t rc;

    if (timeout != NULL &&
        !ses_str_u64(ses_str(timeout), TIMEOUT_MAX, &seconds)) {
        ctl_error(c, "--timeout is a number of seconds");
        return 2;
    }
    rc = load(c, &ring, pub);
    if (rc == SES_OK && rotate && (rc = add(c, &ring)) == SES_OK)
        rc = ses_seal_public(&c->cx, ring.keys[0].key, pub);
    if (rc == SES_OK)
        rc = wait_all(c, pub, seconds);
    if (rc == SES_OK && ring.n > 1 && ctl_option(c, "keep") == NULL) {
        ring.n = 1;
        rc = save(c, &ring);
    }
    ses_keyring_wipe(&ring);
    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

static int
rotate_key(ctl_t *c)
{
    return run(c, true);
}

static int
retire(ctl_t *c)
{
    return run(c, false);
}

#define TIMEOUT                                                                \
    {                                                                          \
        "timeout", "SECONDS", "wait for the gate so long (60)"                 \
    }

const ctl_command_t ctl_gate_keys[] = {
    {"rotate",
     "",
     0,
     0,
     "Make a new gate.key, have the running gate seal all DKIM keys to it, "
     "and\n"
     "remove the old one.  Nothing stops meanwhile.",
     CTL_STORE,
     rotate_key,
     {TIMEOUT,
      {"keep", NULL, "leave the old key in the file, for older backups"}}},
    {"retire",
     "",
     0,
     0,
     "Remove all but the first key of gate.key, once the gate needs no other.",
     CTL_STORE,
     retire,
     {TIMEOUT}},
    {0},
};
