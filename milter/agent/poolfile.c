/*
 * poolfile - source addresses as files of Postfix: the map of labels, and
 * their transports in master.cf
 *
 * In master.cf only what stands between two marks is ours.  Files are
 * replaced, never written in place, master.cf first: the map names no
 * transport that Postfix has not got.
 */

#include "poolfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/network.h"
#include "model/pool.h"
#include "program.h"

#define FILE_MAX (1U << 20)
#define REREAD_MS 10000
#define STEP_NS 20000000L

#define BLOCK_BEGIN                                                            \
    "# --- sesame addresses: written by sesame-agent, do not edit ---\n"
#define BLOCK_END "# --- end of sesame addresses ---\n"

/* --- text ---------------------------------------------------------------- */

static bool
is_mark(const char *mark, size_t size)
{
    size_t n = strnlen(mark, size), i;

    for (i = 0; i < n; i++)
        if (mark[i] < 'a' || mark[i] > 'z')
            return false;
    return n == 0 || n == SES_MARK;
}

/* The child is not trusted: what it says becomes lines of master.cf.  An
 * address only in the one spelling that ses_ip_format has. */
static bool
valid(ses_arena_t *a, const poolfile_source_t *s)
{
    size_t n = strnlen(s->helo, sizeof(s->helo)), i;
    ses_ip_t ip;

    if (!is_mark(s->mark, sizeof(s->mark)) || s->number == 0 ||
        s->number > 99999 ||
        strnlen(s->address, sizeof(s->address)) == sizeof(s->address) ||
        n == sizeof(s->helo) || !ses_ip_parse(ses_str(s->address), &ip) ||
        !ses_str_eq(ses_ip_format(a, &ip), ses_str(s->address)))
        return false;
    for (i = 0; i < n; i++) {
        char c = s->helo[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '.' || c == '-'))
            return false;
    }
    return true;
}

static void
put_service(ses_buf_t *b, ses_str_t name, const char *tls, ses_str_t address,
            const char *helo)
{
    ses_buf_printf(b, "sesame-%.*s%s unix - - n - - smtp\n", SES_FMT(name),
                   tls);
    ses_buf_printf(b, "  -o syslog_name=postfix/sesame-%.*s%s\n", SES_FMT(name),
                   tls);
    ses_buf_c(b, "  -o disable_mime_output_conversion=yes\n");
    if (address.n > 0)
        ses_buf_printf(b, "  -o smtp_bind_address%s=%.*s\n",
                       ses_str_find(address, ':') >= 0 ? "6" : "",
                       SES_FMT(address));
    if (helo[0] != '\0')
        ses_buf_printf(b, "  -o smtp_helo_name=%s\n", helo);
    if (tls[0] != '\0') /* and no table makes an exception */
        ses_buf_c(b, "  -o smtp_tls_security_level=encrypt\n"
                     "  -o smtp_tls_policy_maps=\n"
                     "  -o smtp_tls_per_site=\n");
}

/*
 * A token is 43 characters of base32 and a key's letter (policy/token.c).
 * Senders are in domains of customers, too, which come and go without a
 * reload, so the pattern names none.  The mark makes a label ours alone, and
 * the gate lets nobody have one himself.
 */
static void
put_label(ses_buf_t *b, ses_str_t label, ses_str_t name, const char *tls)
{
    ses_buf_printf(b, "/^%.*s%s\\.[a-z2-7]{43}@/ sesame-%.*s%s:\n",
                   SES_FMT(label), tls, SES_FMT(name), tls);
}

static void
put_source(ses_arena_t *a, const poolfile_source_t *s, ses_buf_t *map,
           ses_buf_t *block)
{
    static const char *const both[] = {"", "t"};
    ses_str_t label = ses_source_label(a, s->number, ses_str(s->mark), false),
              name = ses_source_label(a, s->number, SES_STR(""), false);
    size_t i;

    for (i = 0; i < 2; i++) {
        put_label(map, label, name, both[i]);
        put_service(block, name, both[i], ses_str(s->address), s->helo);
    }
}

/* Both files' text; by the shared address only what needs TLS goes here. */
static void
compose(ses_arena_t *a, const ses_conf_t *conf, const poolfile_source_t *v,
        unsigned n, ses_buf_t *map, ses_buf_t *block)
{
    unsigned i;

    ses_buf_c(map,
              "# Written by sesame-agent; what is changed here is lost.\n");
    ses_buf_c(block, BLOCK_BEGIN);
    put_label(map, conf->pool_label, conf->pool_label, "t");
    put_service(block, conf->pool_label, "t", conf->pool_address, "");
    for (i = 0; i < n; i++)
        put_source(a, &v[i], map, block);
    ses_buf_c(block, BLOCK_END);
}

/* --- files --------------------------------------------------------------- */

static bool
read_file(ses_arena_t *a, const char *path, ses_str_t *out, struct stat *st)
{
    char *text = ses_alloc(a, FILE_MAX);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    size_t n = 0;
    ssize_t got = -1;

    if (fd < 0)
        return false;
    if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
        while (n < FILE_MAX && ((got = read(fd, text + n, FILE_MAX - n)) > 0 ||
                                (got < 0 && errno == EINTR)))
            n += got < 0 ? 0 : (size_t) got;
    close(fd);
    *out = ses_str_n(text, n);
    return got == 0;
}

static bool
put_file(int fd, ses_str_t text, const struct stat *st)
{
    size_t at = 0;
    ssize_t put;

    if (fchmod(fd, st->st_mode & 07777) != 0 ||
        fchown(fd, st->st_uid, st->st_gid) != 0)
        return false;
    while (at < text.n) {
        put = write(fd, text.p + at, text.n - at);
        if (put < 0 && errno != EINTR)
            return false;
        at += put < 0 ? 0 : (size_t) put;
    }
    return fsync(fd) == 0;
}

static bool
replace(ses_arena_t *a, const char *path, ses_str_t text, const struct stat *st)
{
    const char *next = ses_str_printf(a, "%s.sesame", path).p;
    int fd;
    bool ok;

    (void) unlink(next);
    fd = open(next, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    ok = fd >= 0 && put_file(fd, text, st);
    if (fd >= 0)
        close(fd);
    if (ok && rename(next, path) == 0)
        return true;
    ses_log(SES_LOG_ERROR, "%s: %s", path, strerror(errno));
    return false;
}

/* What a file should be instead of what it is; true when it is so. */
static bool
write_map(ses_arena_t *a, const char *path, ses_str_t text, bool *changed)
{
    struct stat st = {.st_mode = 0644};
    ses_str_t old;

    if (read_file(a, path, &old, &st)) {
        if (ses_str_eq(old, text))
            return true;
    } else if (errno != ENOENT) {
        ses_log(SES_LOG_ERROR, "%s: %s", path, strerror(errno));
        return false;
    }
    *changed = true;
    return replace(a, path, text, &st);
}

static bool
write_master(ses_arena_t *a, const char *path, ses_str_t block, bool *changed)
{
    ses_str_t old, before, after = SES_STR("");
    ptrdiff_t begin, end;
    struct stat st;
    ses_buf_t b;

    if (!read_file(a, path, &old, &st)) {
        ses_log(SES_LOG_ERROR, "%s: %s", path, strerror(errno));
        return false;
    }
    before = old;
    begin = ses_str_search(old, SES_STR(BLOCK_BEGIN));
    end = ses_str_search(old, SES_STR(BLOCK_END));
    if ((begin < 0) != (end < 0) || begin > end) {
        ses_log(SES_LOG_ERROR, "%s: one of the two marks is missing", path);
        return false;
    }
    if (begin >= 0) {
        before = ses_str_head(old, (size_t) begin);
        after = ses_str_from(old, (size_t) end + sizeof(BLOCK_END) - 1);
    }
    ses_buf_init(&b, a, FILE_MAX);
    ses_buf_str(&b, before);
    if (before.n > 0 && before.p[before.n - 1] != '\n')
        ses_buf_char(&b, '\n');
    ses_buf_str(&b, block);
    ses_buf_str(&b, after);
    if (b.overflow)
        return false;
    if (ses_str_eq(ses_buf_get(&b), old))
        return true;
    *changed = true;
    return replace(a, path, ses_buf_get(&b), &st);
}

/* --- the reload ---------------------------------------------------------- */

static pid_t
master_pid(ses_cx_t *cx, const char *config)
{
    const char *const argv[] = {"postconf",        "-c", config, "-x", "-h",
                                "queue_directory", NULL};
    ses_str_t text, queue, pid;
    struct stat st;
    uint64_t n;

    if (program_output(cx, argv, &text) != SES_OK ||
        !ses_str_cut(&text, '\n', &queue) ||
        !read_file(
            cx->arena,
            ses_str_printf(cx->arena, "%.*s/pid/master.pid", SES_FMT(queue)).p,
            &pid, &st) ||
        !ses_str_u64(ses_str_trim(pid), INT32_MAX, &n))
        return -1;
    return (pid_t) n;
}

/* Is this process a resolver of that master, started before then (ticks)? */
static bool
is_old(const char *pid, pid_t master, unsigned long long then)
{
    char path[300], text[1024], *end, state;
    unsigned long long started;
    int parent;
    FILE *f;
    size_t n;

    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    f = fopen(path, "re");
    if (f == NULL)
        return false;
    n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[n] = '\0';
    end = strrchr(text, ')');
    if (end == NULL || strstr(text, "(trivial-rewrite") == NULL)
        return false;
    return sscanf(end + 1,
                  " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
                  "%*d %*d %*d %*d %llu",
                  &state, &parent, &started) == 3 &&
           parent == master && started < then;
}

static bool
any_old(pid_t master, unsigned long long then)
{
    DIR *dir = opendir("/proc");
    struct dirent *e;
    bool any = dir == NULL;

    while (dir != NULL && !any && (e = readdir(dir)) != NULL)
        any = e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
              is_old(e->d_name, master, then);
    if (dir != NULL)
        closedir(dir);
    return any;
}

static bool
reload(ses_cx_t *cx, const char *config)
{
    const char *const argv[] = {"postfix", "-c", config, "reload", NULL};
    const struct timespec step = {.tv_nsec = STEP_NS};
    unsigned long long then;
    ses_str_t text;
    pid_t master;
    int64_t end;

    if ((master = master_pid(cx, config)) < 0 ||
        program_output(cx, argv, &text) != SES_OK)
        return false;
    end = ses_clock_steady().ms;
    then = (unsigned long long) end *
           (unsigned long long) sysconf(_SC_CLK_TCK) / 1000;
    for (end += REREAD_MS; any_old(master, then); nanosleep(&step, NULL))
        if (ses_clock_steady().ms > end)
            return false;
    return true;
}

bool
poolfile_apply(const ses_conf_t *conf, const poolfile_source_t *v, unsigned n)
{
    ses_cx_t cx = ses_cx(ses_arena_new(), ses_clock_ms());
    const char *master =
        ses_str_printf(cx.arena, "%s/master.cf", conf->postfix_config.p).p;
    bool changed = false, ok = n <= POOLFILE_SOURCES;
    ses_buf_t map, block;
    unsigned i;

    for (i = 0; ok && i < n; i++)
        ok = valid(cx.arena, &v[i]);
    if (!ok) {
        ses_arena_free(cx.arena);
        return false;
    }
    ses_buf_init(&map, cx.arena, FILE_MAX / 2);
    ses_buf_init(&block, cx.arena, FILE_MAX / 2);
    compose(cx.arena, conf, v, n, &map, &block);
    ok = !map.overflow && !block.overflow &&
         write_master(cx.arena, master, ses_buf_get(&block), &changed) &&
         write_map(cx.arena, conf->pool_map.p, ses_buf_get(&map), &changed) &&
         (!changed || reload(&cx, conf->postfix_config.p));
    ses_arena_free(cx.arena);
    return ok;
}
