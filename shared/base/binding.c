/*
 * binding - which sessions of a Postfix belong to which account
 *
 * Conditions are words NAME=VALUE[,VALUE...] between blanks, each at most
 * once.  A line without one would take everything on the host, inbound mail
 * too, so it is an error.
 */
#include "base/binding.h"

#include "base/buf.h"

#define LOGIN_MAX 255
#define USER_MAX 64
#define DAEMON_MAX 63
#define LINE_BYTES 65536

/* --- reading ----------------------------------------------------------- */

/* What a word gives its values to; NULL, or what is wrong with one. */
typedef const char *(*take_t)(ses_arena_t *a, ses_str_t value,
                              ses_binding_t *b);

static const char *
wrong(ses_arena_t *a, ses_str_t value, const char *form)
{
    return ses_str_printf(a, "\"%.*s\" is not %s", SES_FMT(value), form).p;
}

static bool
spelled(ses_str_t s, size_t max, const char *others)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') ||
              (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
              (s.p[i] >= '0' && s.p[i] <= '9') ||
              (s.p[i] != '\0' && strchr(others, s.p[i]) != NULL)))
            return false;
    return s.n > 0 && s.n <= max;
}

static const char *
take_user(ses_arena_t *a, ses_str_t value, ses_binding_t *b)
{
    if (b->user.n > 0)
        return "user: one name only";
    if (!spelled(value, USER_MAX, "_+=.@-"))
        return wrong(a, value, "the name of an IAM user");
    b->user = ses_str_dup(a, value);
    return NULL;
}

/* As long as the list is: it was counted before. */
static const char *
take_daemon(ses_arena_t *a, ses_str_t value, ses_binding_t *b)
{
    if (!spelled(value, DAEMON_MAX, "_-./"))
        return wrong(a, value,
                     "a milter_macro_daemon_name: 1 to 63 letters, "
                     "digits, '_', '-', '.' or '/'");
    b->daemons[b->ndaemons++] = ses_str_dup(a, value);
    return NULL;
}

static const char *
take_login(ses_arena_t *a, ses_str_t value, ses_binding_t *b)
{
    size_t i;

    for (i = 0; i < value.n; i++)
        if ((unsigned char) value.p[i] <= ' ' || value.p[i] == 0x7f)
            break;
    if (value.n == 0 || value.n > LOGIN_MAX || i < value.n)
        return wrong(a, value, "a login: 1 to 255 characters");
    b->logins[b->nlogins++] = ses_str_dup(a, value);
    return NULL;
}

static const char *
take_client(ses_arena_t *a, ses_str_t value, ses_binding_t *b)
{
    const char *text;

    if (ses_str_eqc(value, "local")) {
        b->local = true;
        return NULL;
    }
    text = ses_network_parse(a, value, &b->clients[b->nclients]);
    if (text == NULL)
        b->nclients++;
    return text;
}

static const struct {
    const char *name;
    take_t take;
} words[] = {
    {"user", take_user},
    {"daemon", take_daemon},
    {"login", take_login},
    {"client", take_client},
};
#define NWORDS (sizeof(words) / sizeof(words[0]))

static unsigned
count(ses_str_t list)
{
    unsigned n = 1;
    size_t i;

    for (i = 0; i < list.n; i++)
        n += list.p[i] == ',';
    return n;
}

/* NAME=LIST */
static const char *
parse_word(ses_arena_t *a, ses_str_t word, bool seen[NWORDS], ses_binding_t *b)
{
    ses_str_t list = word, name, value;
    const char *text;
    size_t i;

    (void) ses_str_cut(&list, '=', &name);
    for (i = 0; i < NWORDS; i++)
        if (ses_str_eqc(name, words[i].name))
            break;
    if (i == NWORDS || list.p == NULL)
        return ses_str_printf(a,
                              "\"%.*s\": user=, daemon=, login= or "
                              "client= is expected",
                              SES_FMT(word))
            .p;
    if (seen[i])
        return ses_str_printf(a, "%s= twice: separate the values by commas",
                              words[i].name)
            .p;
    seen[i] = true;
    if (count(list) > SES_BINDING_WORDS)
        return ses_str_printf(a, "%s= has more than %d values", words[i].name,
                              SES_BINDING_WORDS)
            .p;
    while (ses_str_cut(&list, ',', &value))
        if ((text = words[i].take(a, value, b)) != NULL)
            return text;
    return NULL;
}

static bool
is_account(ses_str_t s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n == 12;
}

/* Room for as many values as the line can have. */
static ses_binding_t
empty(ses_arena_t *a, ses_str_t s)
{
    unsigned n = count(s);

    return (ses_binding_t){
        .account = SES_STR(""),
        .user = SES_STR(""),
        .daemons = ses_alloc(a, n * sizeof(ses_str_t)),
        .logins = ses_alloc(a, n * sizeof(ses_str_t)),
        .clients = ses_alloc(a, n * sizeof(ses_network_t)),
    };
}

const char *
ses_binding_parse(ses_arena_t *a, ses_str_t s, ses_binding_t *out)
{
    bool seen[NWORDS] = {false}, none;
    ses_binding_t b;
    ses_str_t word, account;
    const char *text;
    char *p;

    if (s.n > LINE_BYTES)
        return "is too long";
    b = empty(a, s);
    p = ses_str_c(a, s);
    for (s.p = p; *p != '\0'; p++)
        if (*p == '\t')
            *p = ' ';
    (void) ses_str_cut(&s, ' ', &account);
    none = ses_str_eqc(account, "none");
    if (!none && !is_account(account))
        return wrong(a, account, "an account: 12 digits, or none");
    while (ses_str_cut(&s, ' ', &word))
        if (word.n > 0 && (text = parse_word(a, word, seen, &b)) != NULL)
            return text;
    if (none && b.user.n > 0)
        return "none has no user";
    if (b.ndaemons + b.nlogins + b.nclients == 0 && !b.local)
        return "needs daemon=, login= or client=";
    if (!none)
        b.account = ses_str_dup(a, account);
    *out = b;
    return NULL;
}

/* --- writing ----------------------------------------------------------- */

static void
put_list(ses_buf_t *out, const char *name, const ses_str_t *v, unsigned n)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        ses_buf_c(out, i == 0 ? name : ",");
        ses_buf_str(out, v[i]);
    }
}

ses_str_t
ses_binding_format(ses_arena_t *a, const ses_binding_t *b)
{
    bool first = true;
    ses_buf_t out;
    unsigned i;

    ses_buf_init(&out, a, 4 * LINE_BYTES);
    ses_buf_str(&out, b->account.n > 0 ? b->account : SES_STR("none"));
    put_list(&out, " user=", &b->user, b->user.n > 0);
    put_list(&out, " daemon=", b->daemons, b->ndaemons);
    put_list(&out, " login=", b->logins, b->nlogins);
    if (b->local) {
        ses_buf_c(&out, " client=local");
        first = false;
    }
    for (i = 0; i < b->nclients; i++, first = false) {
        ses_buf_c(&out, first ? " client=" : ",");
        ses_buf_str(&out, ses_network_format(a, &b->clients[i]));
    }
    return ses_str_dup(a, ses_buf_get(&out));
}

/* --- matching ---------------------------------------------------------- */

static char
folded(char c)
{
    return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

/* * is any number of characters, ? is one; letters in any case.  At most
 * |s| times |pattern| steps. */
static bool
like(ses_str_t s, ses_str_t pattern)
{
    size_t i = 0, k = 0, star = SIZE_MAX, from = 0;

    while (i < s.n) {
        if (k < pattern.n && pattern.p[k] == '*') {
            star = k++;
            from = i;
        } else if (k < pattern.n && (pattern.p[k] == '?' ||
                                     folded(pattern.p[k]) == folded(s.p[i]))) {
            i++;
            k++;
        } else if (star != SIZE_MAX) {
            i = ++from;
            k = star + 1;
        } else {
            return false;
        }
    }
    while (k < pattern.n && pattern.p[k] == '*')
        k++;
    return k == pattern.n;
}

bool
ses_binding_names(const ses_binding_t *b, ses_str_t daemon)
{
    unsigned i;

    for (i = 0; i < b->ndaemons; i++)
        if (ses_str_eq(b->daemons[i], daemon))
            return true;
    return false;
}

static bool
has_login(const ses_binding_t *b, ses_str_t login)
{
    unsigned i;

    for (i = 0; i < b->nlogins && login.n > 0; i++)
        if (like(login, b->logins[i]))
            return true;
    return false;
}

static bool
has_client(const ses_binding_t *b, const ses_binding_peer_t *peer)
{
    ses_ip_t ip;
    unsigned i;

    if (peer->local) /* Postfix calls it 127.0.0.1 */
        return b->local;
    if (!ses_ip_parse(peer->client, &ip))
        return false;
    for (i = 0; i < b->nclients; i++)
        if (ses_network_has(&b->clients[i], &ip))
            return true;
    return false;
}

const ses_binding_t *
ses_binding_find(const ses_binding_t *v, unsigned n,
                 const ses_binding_peer_t *peer)
{
    const ses_binding_t *b;

    for (b = v; b < v + n; b++)
        if ((b->ndaemons == 0 || ses_binding_names(b, peer->daemon)) &&
            (b->nlogins == 0 || has_login(b, peer->login)) &&
            ((b->nclients == 0 && !b->local) || has_client(b, peer)))
            return b;
    return NULL;
}

const char *
ses_binding_kind(const ses_binding_t *b, bool local)
{
    if (b->nlogins > 0)
        return "login";
    if (b->nclients > 0 || b->local)
        return local ? "local" : "client";
    return "daemon";
}
