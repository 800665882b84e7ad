/*
 * mime_header - folded header fields (RFC 5322, 2047, 2231)
 *
 * A field whose text is ASCII is folded at its blanks.  Any other, and text
 * that does not fold, becomes encoded words of at most 75 characters, each
 * of whole characters.
 */
#include "api/mime.h"

#include "base/encode.h"

#define LINE 76
#define WORD_MAX_CHARS 75
#define TOKEN_MAX 600 /* longer without a blank: encoded */

/* A field being written: where the current line is. */
struct line {
    ses_buf_t *b;
    size_t col;
};

static void
put(struct line *l, ses_str_t s)
{
    ses_buf_str(l->b, s);
    l->col += s.n;
}

static void
fold(struct line *l)
{
    ses_buf_c(l->b, "\r\n ");
    l->col = 1;
}

static void
begin(struct line *l, ses_buf_t *b, const char *name)
{
    l->b = b;
    l->col = 0;
    put(l, ses_str(name));
    put(l, SES_STR(": "));
}

static void
end(struct line *l)
{
    ses_buf_c(l->b, "\r\n");
}

/* --- encoded words ----------------------------------------------------- */

/* Allowed as itself in a Q word anywhere, in a phrase too. */
static bool
q_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '!' || c == '*' || c == '+' ||
           c == '-' || c == '/';
}

static size_t
q_length(ses_str_t s)
{
    size_t i, n = 0;

    for (i = 0; i < s.n; i++)
        n += q_plain(s.p[i]) || s.p[i] == ' ' ? 1 : 3;
    return n;
}

static void
put_q(struct line *l, ses_str_t s)
{
    static const char hex[] = "0123456789ABCDEF";
    char out[3] = {'='};
    size_t i;

    for (i = 0; i < s.n; i++) {
        out[1] = hex[(uint8_t) s.p[i] >> 4];
        out[2] = hex[(uint8_t) s.p[i] & 15];
        if (s.p[i] == ' ')
            put(l, SES_STR("_"));
        else
            put(l, q_plain(s.p[i]) ? ses_str_n(s.p + i, 1) : ses_str_n(out, 3));
    }
}

static size_t
character(ses_str_t s)
{
    uint8_t c = (uint8_t) s.p[0];
    size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

    return n < s.n ? n : s.n;
}

/*
 * The longest head of utf8 whose word has at most room characters of
 * payload; *bytes is it in the charset.  Never nothing.
 */
static size_t
take(ses_arena_t *a, const mime_charset_t *c, ses_str_t utf8, bool q,
     size_t room, ses_str_t *bytes)
{
    size_t n = 0, next;
    ses_str_t try;

    while (n < utf8.n) {
        next = n + character(ses_str_from(utf8, n));
        if (!mime_convert(a, c, ses_str_head(utf8, next), &try))
            try = ses_str_head(utf8, next); /* cannot be: it was checked */
        if (n > 0 && (q ? q_length(try) : (try.n + 2) / 3 * 4) > room)
            break;
        *bytes = try;
        n = next;
    }
    return n;
}

static void
words(struct line *l, const mime_charset_t *c, ses_str_t utf8)
{
    const char *name = mime_charset_name(c);
    size_t overhead = strlen(name) + 7, room, n;
    ses_arena_t *scratch = ses_arena_new();
    ses_str_t all, bytes;
    bool q;

    if (!mime_convert(scratch, c, utf8, &all))
        all = utf8;
    q = q_length(all) <= 2 * all.n; /* readable where it is mostly ASCII */
    while (utf8.n > 0) {
        if (l->col + overhead + 12 > LINE)
            fold(l);
        room = LINE - l->col < WORD_MAX_CHARS ? LINE - l->col : WORD_MAX_CHARS;
        n = take(scratch, c, utf8, q, room - overhead, &bytes);
        put(l, SES_STR("=?"));
        put(l, ses_str(name));
        put(l, q ? SES_STR("?Q?") : SES_STR("?B?"));
        if (q)
            put_q(l, bytes);
        else
            put(l, ses_base64(scratch, bytes));
        put(l, SES_STR("?="));
        utf8 = ses_str_from(utf8, n);
        if (utf8.n > 0)
            fold(l);
        ses_arena_reset(scratch);
    }
    ses_arena_free(scratch);
}

/* --- text -------------------------------------------------------------- */

static size_t
token(ses_str_t s)
{
    size_t n = 0;

    while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t'))
        n++;
    while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t')
        n++;
    return n;
}

static bool
folds(ses_str_t s)
{
    size_t n;

    while (s.n > 0) {
        if ((n = token(s)) > TOKEN_MAX)
            return false;
        s = ses_str_from(s, n);
    }
    return true;
}

/* A line may break before a blank that something visible follows. */
static void
folded(struct line *l, ses_str_t s)
{
    ses_str_t part;
    size_t n;

    while (s.n > 0) {
        n = token(s);
        part = ses_str_head(s, n);
        if (l->col + n > LINE && l->col > 1 && ses_str_trim(part).n > 0 &&
            (part.p[0] == ' ' || part.p[0] == '\t')) {
            ses_buf_c(l->b, "\r\n");
            l->col = 0;
        }
        put(l, part);
        s = ses_str_from(s, n);
    }
}

void
mime_field(ses_buf_t *b, const char *name, const mime_charset_t *c,
           ses_str_t utf8)
{
    struct line l;

    begin(&l, b, name);
    if (c == NULL || (ses_ascii(utf8) && folds(utf8)))
        folded(&l, utf8);
    else
        words(&l, ses_ascii(utf8) ? mime_charset(SES_STR("UTF-8")) : c, utf8);
    end(&l);
}

/* --- addresses --------------------------------------------------------- */

/* What a display name says, without quotes and backslashes. */
static ses_str_t
unquoted(ses_arena_t *a, ses_str_t s)
{
    char *p = ses_alloc(a, s.n + 1);
    bool quoted = false;
    size_t i, n = 0;

    for (i = 0; i < s.n; i++) {
        if (s.p[i] == '"') {
            quoted = !quoted;
            continue;
        }
        if (quoted && s.p[i] == '\\' && i + 1 < s.n)
            i++;
        p[n++] = s.p[i];
    }
    return ses_str_n(p, n);
}

/* Atoms and blanks only: needs no quotes. */
static bool
atoms(ses_str_t s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (!q_plain(s.p[i]) && s.p[i] != ' ' &&
            (s.p[i] == '\0' || strchr("#$%&'=?^_`{|}~", s.p[i]) == NULL))
            return false;
    return true;
}

static ses_str_t
quoted(ses_arena_t *a, ses_str_t s)
{
    char *p = ses_alloc(a, s.n * 2 + 2);
    size_t i, n = 0;

    p[n++] = '"';
    for (i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            p[n++] = '\\';
        p[n++] = s.p[i];
    }
    p[n++] = '"';
    return ses_str_n(p, n);
}

static void
address(struct line *l, const ses_address_t *v)
{
    ses_arena_t *a = l->b->arena;
    ses_str_t name;

    if (v->display.n == 0) {
        put(l, v->addr);
        return;
    }
    name = unquoted(a, v->display);
    if (!ses_ascii(name) || name.n > 200) {
        words(l, mime_charset(SES_STR("UTF-8")), name);
    } else {
        name = atoms(name) ? name : quoted(a, name);
        folded(l, name);
    }
    if (l->col + v->addr.n + 3 > LINE && l->col > 1)
        fold(l);
    else
        put(l, SES_STR(" "));
    put(l, SES_STR("<"));
    put(l, v->addr);
    put(l, SES_STR(">"));
}

void
mime_addresses(ses_buf_t *b, const char *name, const ses_address_t *v,
               unsigned n)
{
    struct line l;
    unsigned i;

    begin(&l, b, name);
    for (i = 0; i < n; i++) {
        if (i > 0) {
            put(&l, SES_STR(","));
            if (l.col + v[i].addr.n + v[i].display.n + 6 > LINE)
                fold(&l);
            else
                put(&l, SES_STR(" "));
        }
        address(&l, &v[i]);
    }
    end(&l);
}

/* --- parameters -------------------------------------------------------- */

#define PARAM_MAX 60 /* characters of a value on one line */

void
mime_param(ses_buf_t *b, const char *name, ses_str_t utf8)
{
    ses_str_t text;
    size_t n, i;
    unsigned part;

    if (ses_ascii(utf8) && utf8.n <= PARAM_MAX) {
        ses_buf_printf(b, ";\r\n %s=", name);
        ses_buf_str(b, quoted(b->arena, utf8));
        return;
    }
    text = ses_percent(b->arena, utf8);
    if (text.n <= PARAM_MAX) {
        ses_buf_printf(b, ";\r\n %s*=UTF-8''%.*s", name, SES_FMT(text));
        return;
    }
    for (part = 0, i = 0; i < text.n; part++, i += n) {
        n = text.n - i < PARAM_MAX ? text.n - i : PARAM_MAX;
        while (n < text.n - i &&
               (text.p[i + n - 1] == '%' || text.p[i + n - 2] == '%'))
            n--; /* %XX stays whole */
        ses_buf_printf(b, ";\r\n %s*%u*=%s%.*s", name, part,
                       part == 0 ? "UTF-8''" : "", (int) n, text.p + i);
    }
}
