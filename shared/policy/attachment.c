/*
 * attachment - what may be attached, by the name and type that a part's
 * header gives
 *
 * The extensions are the service's list (contract 4.1).  A name counts in
 * every way that a mail reader would read it: as it stands, with its encoded
 * words decoded (RFC 2047), percent-decoded and put together from its pieces
 * (RFC 2231), in Content-Disposition and in Content-Type.
 */
#include "policy/attachment.h"

#include "base/buf.h"
#include "base/encode.h"

#define NAME_MAX_BYTES 4096
#define PIECES_MAX 64 /* of one name */

static const char *const blocked[] = {
    "ade",    "adp",     "app",     "asp",      "bas", "bat",  "cer",
    "chm",    "cmd",     "com",     "cpl",      "crt", "csh",  "der",
    "exe",    "fxp",     "gadget",  "hlp",      "hta", "inf",  "ins",
    "isp",    "its",     "js",      "jse",      "ksh", "lib",  "lnk",
    "mad",    "maf",     "mag",     "mam",      "maq", "mar",  "mas",
    "mat",    "mau",     "mav",     "maw",      "mda", "mdb",  "mde",
    "mdt",    "mdw",     "mdz",     "msc",      "msh", "msh1", "msh2",
    "mshxml", "msh1xml", "msh2xml", "msi",      "msp", "mst",  "ops",
    "pcd",    "pif",     "plg",     "prf",      "prg", "reg",  "scf",
    "scr",    "sct",     "shb",     "shs",      "sys", "ps1",  "ps1xml",
    "ps2",    "ps2xml",  "psc1",    "psc2",     "tmp", "url",  "vb",
    "vbe",    "vbs",     "vps",     "vsmacros", "vss", "vst",  "vsw",
    "vxd",    "ws",      "wsc",     "wsf",      "wsh", "xnk",
};

/* The same things by type, as clients name them. */
static const char *const blocked_types[] = {
    "application/x-msdownload",  "application/x-msdos-program",
    "application/x-dosexec",     "application/x-ms-installer",
    "application/x-msi",         "application/hta",
    "application/javascript",    "application/x-javascript",
    "text/javascript",           "text/vbscript",
    "application/x-csh",         "application/x-bat",
    "application/x-ms-shortcut", "application/x-msaccess",
};

/* Blanks and dots at the end do not count on the systems the list is for. */
ses_str_t
ses_attachment_extension(ses_str_t name)
{
    ptrdiff_t dot;

    while (name.n > 0 &&
           (name.p[name.n - 1] == '.' || name.p[name.n - 1] == ' '))
        name.n--;
    dot = ses_str_rfind(name, '.');
    return dot < 0 ? SES_STR("") : ses_str_from(name, (size_t) dot + 1);
}

bool
ses_attachment_blocked(ses_str_t name, ses_str_t type)
{
    ses_str_t e = ses_attachment_extension(name), essence;
    size_t i;

    for (i = 0; i < sizeof(blocked) / sizeof(blocked[0]); i++)
        if (ses_str_caseeqc(e, blocked[i]))
            return true;
    if (!ses_str_cut(&type, ';', &essence))
        return false;
    essence = ses_str_trim(essence);
    for (i = 0; i < sizeof(blocked_types) / sizeof(blocked_types[0]); i++)
        if (ses_str_caseeqc(essence, blocked_types[i]))
            return true;
    return false;
}

/* --- encoded words ----------------------------------------------------- */

/* "=41" or "%41" each to its byte; what is none stays as it is. */
static void
unescape(ses_buf_t *b, ses_str_t s, char mark, bool underscore)
{
    int high, low;
    size_t i;

    for (i = 0; i < s.n; i++) {
        high = s.p[i] == mark && i + 2 < s.n ? ses_hex_digit(s.p[i + 1]) : -1;
        low = high >= 0 ? ses_hex_digit(s.p[i + 2]) : -1;
        if (low >= 0) {
            ses_buf_char(b, (char) (high * 16 + low));
            i += 2;
        } else {
            ses_buf_char(b, underscore && s.p[i] == '_' ? ' ' : s.p[i]);
        }
    }
}

/* An encoded word at the front of *s: its text, decoded, goes to b. */
static bool
take_word(ses_buf_t *b, ses_arena_t *a, ses_str_t *s)
{
    ses_str_t rest = *s, part, code, text, bytes;
    ptrdiff_t end;

    if (!ses_str_starts(rest, SES_STR("=?")))
        return false;
    rest = ses_str_from(rest, 2);
    if (!ses_str_cut(&rest, '?', &part) || rest.p == NULL ||
        !ses_str_cut(&rest, '?', &code) || rest.p == NULL || code.n != 1 ||
        (end = ses_str_search(rest, SES_STR("?="))) < 0)
        return false;
    text = ses_str_head(rest, (size_t) end);
    if (code.p[0] == 'q' || code.p[0] == 'Q')
        unescape(b, text, '=', true);
    else if (ses_base64_parse(a, text, &bytes))
        ses_buf_str(b, bytes);
    else
        return false;
    *s = ses_str_from(rest, (size_t) end + 2);
    return true;
}

static ses_str_t
decode_words(ses_arena_t *a, ses_str_t s)
{
    ses_str_t next;
    ses_buf_t b;

    if (ses_str_search(s, SES_STR("=?")) < 0)
        return s;
    ses_buf_init(&b, a, NAME_MAX_BYTES);
    while (s.n > 0) {
        if (take_word(&b, a, &s)) {
            next = s;
            while (next.n > 0 && (next.p[0] == ' ' || next.p[0] == '\t'))
                next = ses_str_from(next, 1);
            if (ses_str_starts(next, SES_STR("=?")))
                s = next; /* blanks between two words are no text */
            continue;
        }
        ses_buf_char(&b, s.p[0]);
        s = ses_str_from(s, 1);
    }
    return ses_buf_get(&b);
}

/* --- parameters -------------------------------------------------------- */

/* What is collected of one name: "name" or "filename". */
typedef struct {
    ses_str_t pieces[PIECES_MAX]; /* name*0, name*1 ... */
    unsigned n;
} pieces_t;

static ses_str_t
percent(ses_arena_t *a, ses_str_t s, bool with_charset)
{
    ses_str_t skipped;
    ses_buf_t b;
    int i;

    for (i = 0; with_charset && i < 2; i++)
        if (!ses_str_cut(&s, '\'', &skipped) || s.p == NULL)
            return skipped;
    ses_buf_init(&b, a, NAME_MAX_BYTES);
    unescape(&b, s, '%', false);
    return ses_buf_get(&b);
}

/* A quoted string or what goes up to the next ';', off the front of *s. */
static ses_str_t
take_value(ses_arena_t *a, ses_str_t *s)
{
    ses_str_t out;
    ses_buf_t b;
    size_t i;

    *s = ses_str_trim(*s);
    if (s->n == 0 || s->p[0] != '"') {
        if (!ses_str_cut(s, ';', &out))
            return SES_STR("");
        return ses_str_trim(out);
    }
    ses_buf_init(&b, a, NAME_MAX_BYTES);
    for (i = 1; i < s->n && s->p[i] != '"'; i++) {
        if (s->p[i] == '\\' && i + 1 < s->n)
            i++;
        ses_buf_char(&b, s->p[i]);
    }
    *s = ses_str_from(*s, i + 1);
    (void) ses_str_cut(s, ';', &out); /* nothing may stand there */
    return ses_buf_get(&b);
}

static ses_rc_t
check_name(ses_cx_t *cx, ses_str_t name, ses_str_t type)
{
    if (!ses_attachment_blocked(name, type))
        return SES_OK;
    return ses_fail(cx, SES_INVALID, "Illegal filename '%.*s'.",
                    SES_FMT(ses_str_head(name, 255)));
}

/* attribute is "filename", "filename*", "filename*1" or "filename*1*". */
static ses_rc_t
parameter(ses_cx_t *cx, ses_str_t attribute, ses_str_t value, pieces_t *p)
{
    ses_str_t base, mark = SES_STR("");
    bool coded = attribute.n > 0 && attribute.p[attribute.n - 1] == '*';
    uint64_t at;

    if (!ses_str_cut(&attribute, '*', &base) ||
        !(ses_str_caseeqc(base, "name") || ses_str_caseeqc(base, "filename")))
        return SES_OK;
    if (attribute.p != NULL)
        (void) ses_str_cut(&attribute, '*', &mark);
    if (mark.n == 0)
        return check_name(cx,
                          coded ? percent(cx->arena, value, true)
                                : decode_words(cx->arena, value),
                          SES_STR(""));
    if (!ses_str_u64(mark, PIECES_MAX - 1, &at))
        return ses_fail(cx, SES_INVALID, "Illegal content.");
    p->pieces[at] = coded ? percent(cx->arena, value, at == 0) : value;
    if (p->n <= at)
        p->n = (unsigned) at + 1;
    return SES_OK;
}

static ses_rc_t
parameters(ses_cx_t *cx, ses_str_t rest)
{
    pieces_t p = {.n = 0};
    ses_str_t attribute, value;
    ptrdiff_t eq, end;
    ses_rc_t rc;
    ses_buf_t b;
    unsigned i;

    while (rest.p != NULL && rest.n > 0) {
        eq = ses_str_find(rest, '=');
        end = ses_str_find(rest, ';');
        if (eq < 0)
            break;
        if (end >= 0 && end < eq) { /* no parameter at all */
            rest = ses_str_from(rest, (size_t) end + 1);
            continue;
        }
        attribute = ses_str_trim(ses_str_head(rest, (size_t) eq));
        rest = ses_str_from(rest, (size_t) eq + 1);
        value = take_value(cx->arena, &rest);
        if ((rc = parameter(cx, attribute, value, &p)) != SES_OK)
            return rc;
    }
    ses_buf_init(&b, cx->arena, NAME_MAX_BYTES);
    for (i = 0; i < p.n; i++)
        ses_buf_str(&b, p.pieces[i]);
    return p.n == 0 ? SES_OK : check_name(cx, ses_buf_get(&b), SES_STR(""));
}

/* --- fields ------------------------------------------------------------ */

static size_t
token(ses_str_t s)
{
    size_t n;

    for (n = 0; n < s.n; n++)
        if (s.p[n] <= ' ' || s.p[n] > '~' ||
            strchr("()<>@,;:\\\"/[]?=", s.p[n]) != NULL)
            break;
    return n;
}

/* A token, then nothing or parameters; the texts are the service's. */
static ses_rc_t
disposition(ses_cx_t *cx, ses_str_t value)
{
    size_t n = token(value);
    ses_str_t rest = ses_str_trim(ses_str_from(value, n));

    if (n == 0 && value.n > 0 && value.p[0] != '(')
        return ses_fail(cx, SES_INVALID, "Expected disposition, got %c",
                        value.p[0]);
    if (rest.n > 0 && rest.p[0] != ';' && rest.p[0] != '(')
        return ses_fail(
            cx, SES_INVALID, "Expected ';', got \"%.*s\"",
            SES_FMT(ses_str_head(rest, token(rest) > 0 ? token(rest) : 1)));
    return SES_OK;
}

ses_rc_t
ses_attachment_field(ses_cx_t *cx, ses_str_t name, ses_str_t value)
{
    bool type = ses_str_caseeqc(name, "Content-Type");
    ses_str_t rest = value, essence;
    ses_rc_t rc = SES_OK;

    if (!type && !ses_str_caseeqc(name, "Content-Disposition"))
        return SES_OK;
    if (!type)
        rc = disposition(cx, value);
    if (rc == SES_OK && ses_str_cut(&rest, ';', &essence))
        rc = parameters(cx, rest);
    if (rc == SES_OK && type)
        rc = check_name(cx, SES_STR(""), value);
    return rc;
}

ses_rc_t
ses_attachment_header(ses_cx_t *cx, const ses_headers_t *h)
{
    ses_rc_t rc = SES_OK;
    unsigned i;

    for (i = 0; i < h->n && rc == SES_OK; i++)
        if (ses_str_casestarts(h->v[i].name, SES_STR("Content-")))
            rc = ses_attachment_field(
                cx, h->v[i].name, ses_header_unfold(cx->arena, h->v[i].value));
    return rc;
}
