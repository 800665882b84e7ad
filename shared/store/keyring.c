/*
 * keyring - read a key file, make the text of a new one
 */
#include "store/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/encode.h"

#define FILE_MAX 4096

static const char ids[] = "abcdefghijklmnopqrstuvwxyz234567";

/* "ID HEX64" */
static bool
parse_line(ses_cx_t *cx, ses_str_t line, ses_key_t *k)
{
    ses_str_t raw;

    if (line.n != 66 || line.p[1] != ' ' || strchr(ids, line.p[0]) == NULL ||
        !ses_hex_parse(cx->arena, ses_str_from(line, 2), &raw))
        return false;
    k->id = line.p[0];
    memcpy(k->key, raw.p, sizeof(k->key));
    OPENSSL_cleanse((void *) (uintptr_t) raw.p, raw.n);
    return true;
}

static ses_rc_t
parse(ses_cx_t *cx, const char *path, ses_str_t text, ses_keyring_t *out)
{
    ses_keyring_t ring = {0};
    ses_str_t line;
    unsigned no = 0;

    while (ses_str_cut(&text, '\n', &line)) {
        no++;
        line = ses_str_trim(line);
        if (line.n == 0 || line.p[0] == '#')
            continue;
        if (ring.n == SES_KEYRING_MAX)
            return ses_fail(cx, SES_INVALID, "%s:%u: more than %d keys", path,
                            no, SES_KEYRING_MAX);
        if (!parse_line(cx, line, &ring.keys[ring.n]) ||
            ses_keyring_find(&ring, ring.keys[ring.n].id) != NULL)
            return ses_fail(cx, SES_INVALID,
                            "%s:%u: not a key: expected one character of "
                            "a-z2-7, not used twice, a space and 64 hex "
                            "digits",
                            path, no);
        ring.n++;
    }
    if (ring.n == 0)
        return ses_fail(cx, SES_INVALID, "%s: holds no key", path);
    *out = ring;
    ses_keyring_wipe(&ring);
    return SES_OK;
}

ses_rc_t
ses_keyring_load(ses_cx_t *cx, const char *path, ses_keyring_t *out)
{
    char text[FILE_MAX];
    ssize_t n;
    ses_rc_t rc;
    int fd = open(path, O_RDONLY | O_CLOEXEC), err;

    if (fd < 0)
        return ses_fail(cx, errno == ENOENT ? SES_NOT_FOUND : SES_DENIED,
                        "%s: %s%s", path, strerror(errno),
                        errno == ENOENT ? "; run sesamectl init" : "");
    n = read(fd, text, sizeof(text));
    err = errno;
    close(fd);
    if (n < 0)
        return ses_fail(cx, SES_DENIED, "%s: %s", path, strerror(err));
    rc = parse(cx, path, ses_str_n(text, (size_t) n), out);
    OPENSSL_cleanse(text, sizeof(text));
    return rc;
}

const ses_key_t *
ses_keyring_find(const ses_keyring_t *r, char id)
{
    unsigned i;

    for (i = 0; i < r->n; i++)
        if (r->keys[i].id == id)
            return &r->keys[i];
    return NULL;
}

ses_str_t
ses_keyring_new(ses_arena_t *a)
{
    uint8_t key[32], id;
    ses_str_t text;

    ses_random(&id, 1);
    ses_random(key, sizeof(key));
    text = ses_str_printf(a, "%c %.*s\n", ids[id & 31],
                          SES_FMT(ses_hex(a, ses_str_n(key, sizeof(key)))));
    OPENSSL_cleanse(key, sizeof(key));
    return text;
}

void
ses_keyring_wipe(ses_keyring_t *r)
{
    OPENSSL_cleanse(r, sizeof(*r));
}
