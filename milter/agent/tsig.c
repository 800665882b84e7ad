/*
 * tsig - the key that signs what a name server is told (RFC 8945)
 *
 * Of BIND's syntax what such a file has: words, strings, braces, semicolons,
 * comments.  The text never leaves the stack.
 */
#include "tsig.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"

#define FILE_MAX 4096

/* Those that libldns signs with, and that are still good. */
static const struct {
    const char *name, *domain;
} algorithms[] = {
    {"hmac-sha256", "hmac-sha256."},
    {"hmac-sha512", "hmac-sha512."},
};

static ses_rc_t
read_file(ses_cx_t *cx, const char *path, char text[FILE_MAX], size_t *n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    ssize_t got;

    if (fd < 0)
        return ses_fail(cx, SES_DENIED, "%s: %s", path, strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & 07) != 0) {
        close(fd);
        return ses_fail(cx, SES_DENIED,
                        "%s: others may read this key: chmod o= %s", path,
                        path);
    }
    got = read(fd, text, FILE_MAX);
    close(fd);
    if (got <= 0 || got == FILE_MAX)
        return ses_fail(cx, SES_INVALID, "%s: is not a TSIG key", path);
    *n = (size_t) got;
    return SES_OK;
}

/* --- words ------------------------------------------------------------- */

/* Behind blanks and comments. */
static ses_str_t
behind(ses_str_t s)
{
    ptrdiff_t end;

    for (;;) {
        while (s.n > 0 && strchr(" \t\r\n", s.p[0]) != NULL && s.p[0] != '\0')
            s = ses_str_from(s, 1);
        if (ses_str_starts(s, SES_STR("#")) ||
            ses_str_starts(s, SES_STR("//"))) {
            end = ses_str_find(s, '\n');
            s = ses_str_from(s, end < 0 ? s.n : (size_t) end);
        } else if (ses_str_starts(s, SES_STR("/*"))) {
            end = ses_str_search(s, SES_STR("*/"));
            s = ses_str_from(s, end < 0 ? s.n : (size_t) end + 2);
        } else {
            return s;
        }
    }
}

/* The next word, string (without its quotes) or sign; empty at the end. */
static ses_str_t
next(ses_str_t *rest)
{
    ses_str_t s = *rest = behind(*rest), word;
    ptrdiff_t end;
    size_t n = 0;

    if (s.n > 0 && s.p[0] == '"') {
        s = ses_str_from(s, 1);
        end = ses_str_find(s, '"');
        word = ses_str_head(s, end < 0 ? 0 : (size_t) end);
        *rest = ses_str_from(s, end < 0 ? s.n : (size_t) end + 1);
        return word;
    }
    while (n < s.n && strchr(" \t\r\n{};\"", s.p[n]) == NULL)
        n++;
    if (n == 0 && s.n > 0)
        n = 1;
    *rest = ses_str_from(s, n);
    return ses_str_head(s, n);
}

static bool
is_next(ses_str_t *rest, const char *want)
{
    return ses_str_eqc(next(rest), want);
}

typedef struct {
    ses_str_t name, algorithm, secret;
} parts_t;

/* key NAME { algorithm A; secret S; }; */
static bool
parse_block(ses_str_t rest, parts_t *p)
{
    ses_str_t word, value;

    if (!is_next(&rest, "key"))
        return false;
    p->name = next(&rest);
    if (!is_next(&rest, "{"))
        return false;
    while (!ses_str_eqc(word = next(&rest), "}")) {
        value = next(&rest);
        if (value.n == 0 || !is_next(&rest, ";"))
            return false;
        if (ses_str_eqc(word, "algorithm"))
            p->algorithm = value;
        else if (ses_str_eqc(word, "secret"))
            p->secret = value;
        else
            return false;
    }
    return is_next(&rest, ";") && behind(rest).n == 0;
}

/* ALGORITHM:NAME:SECRET */
static bool
parse_line(ses_str_t rest, parts_t *p)
{
    rest = ses_str_trim(behind(rest));
    return ses_str_cut(&rest, ':', &p->algorithm) &&
           ses_str_cut(&rest, ':', &p->name) && (p->secret = rest).n > 0;
}

/* --- the key ----------------------------------------------------------- */

static bool
take(ses_arena_t *a, const parts_t *p, tsig_t *out)
{
    ses_str_t name = p->name, bytes;
    size_t i;

    if (name.n > 0 && name.p[name.n - 1] == '.')
        name.n--;
    if (name.n == 0 || name.n > TSIG_NAME_MAX || p->secret.n == 0 ||
        p->secret.n >= sizeof(out->secret))
        return false;
    for (i = 0; i < name.n; i++)
        if (name.p[i] <= ' ' || name.p[i] > '~' || name.p[i] == '\\')
            return false;
    if (!ses_base64_parse(a, p->secret, &bytes))
        return false;
    OPENSSL_cleanse((void *) (uintptr_t) bytes.p, bytes.n);
    for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        if (ses_str_caseeqc(p->algorithm, algorithms[i].name)) {
            *out = (tsig_t){.algorithm = algorithms[i].domain};
            memcpy(out->name, name.p, name.n);
            out->name[name.n] = '.';
            memcpy(out->secret, p->secret.p, p->secret.n);
            return true;
        }
    return false;
}

ses_rc_t
tsig_load(ses_cx_t *cx, const char *path, tsig_t *out)
{
    parts_t block, line;
    char text[FILE_MAX];
    ses_str_t all;
    size_t n = 0;
    ses_rc_t rc;

    if ((rc = read_file(cx, path, text, &n)) != SES_OK)
        return rc;
    all = ses_str_n(text, n);
    memset(&block, 0, sizeof(block));
    memset(&line, 0, sizeof(line));
    if ((!parse_block(all, &block) || !take(cx->arena, &block, out)) &&
        (!parse_line(all, &line) || !take(cx->arena, &line, out)))
        rc = ses_fail(cx, SES_INVALID,
                      "%s: is not a TSIG key: \"key NAME { algorithm "
                      "hmac-sha256; secret BASE64; };\", or hmac-sha512",
                      path);
    OPENSSL_cleanse(text, sizeof(text));
    return rc;
}

void
tsig_wipe(tsig_t *key)
{
    OPENSSL_cleanse(key, sizeof(*key));
}
