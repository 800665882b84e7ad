/*
 * headers - the header of one message: limits, syntax, what SES reads in it
 *
 * The list of fields that may stand only once and the texts of refusals are
 * the service's (contract 4.1, 4.4, 4.9, 2.4).  Nothing here changes the
 * message: which fields are replaced or removed is the gate's business.
 */
#include "policy/headers.h"

#define TAGS_MAX SES_TAGS_MAX
#define TAG_CHARS 255 /* contract 4.3: what the live service enforces */

/* Fields that may stand at most once. */
static const char *const once[] = {
    "Accept-Language",
    "acceptLanguage",
    "Archived-At",
    "Auto-Submitted",
    "Bounces-to",
    "Comments",
    "Content-Alternative",
    "Content-Base",
    "Content-Class",
    "Content-Description",
    "Content-Disposition",
    "Content-Duration",
    "Content-ID",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-MD5",
    "Content-Transfer-Encoding",
    "Content-Type",
    "Date",
    "Delivered-To",
    "Disposition-Notification-Options",
    "Disposition-Notification-To",
    "DKIM-Signature",
    "DomainKey-Signature",
    "Errors-To",
    "From",
    "Importance",
    "In-Reply-To",
    "Keywords",
    "List-Archive",
    "List-Help",
    "List-Id",
    "List-Owner",
    "List-Post",
    "List-Subscribe",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Message-Context",
    "Message-ID",
    "MIME-Version",
    "Organization",
    "Original-From",
    "Original-Message-ID",
    "Original-Recipient",
    "Original-Subject",
    "Precedence",
    "Priority",
    "References",
    "Reply-To",
    "Return-Path",
    "Return-Receipt-To",
    "Sender",
    "Sensitivity",
    "Solicitation",
    "Subject",
    "Thread-Index",
    "Thread-Topic",
    "User-Agent",
    "VBR-Info",
};
#define ONCE (sizeof(once) / sizeof(once[0]))

/* Known to the service, not yet to us. */
static const char *const later[] = {
    "X-SES-LIST-MANAGEMENT-OPTIONS",
    "X-SES-TENANT",
};

void
ses_headers_init(ses_headers_t *h, ses_arena_t *a)
{
    *h = (ses_headers_t){.arena = a};
}

ses_rc_t
ses_headers_add(ses_cx_t *cx, ses_headers_t *h, ses_str_t name, ses_str_t value)
{
    size_t bytes = name.n + 1 + value.n + 2;
    unsigned cap;

    if (bytes > SES_HEADER_BYTES)
        return ses_fail(cx, SES_INVALID, "Header '%.*s' is too long.",
                        SES_FMT(ses_str_head(name, 64)));
    if (h->n >= SES_HEADERS_MAX)
        return ses_fail(cx, SES_INVALID, "Too many headers.");
    if (h->bytes + bytes > SES_HEADERS_BYTES)
        return ses_fail(cx, SES_INVALID, "The header is too long.");

    if (h->n == h->cap) {
        cap = h->cap == 0 ? 32 : h->cap * 2;
        h->v = ses_regrow(h->arena, h->v, h->cap * sizeof(*h->v),
                          cap * sizeof(*h->v));
        h->cap = cap;
    }
    h->v[h->n++] = (ses_header_t){ses_str_dup(h->arena, name),
                                  ses_str_dup(h->arena, value)};
    h->bytes += bytes;
    return SES_OK;
}

/* --- syntax ------------------------------------------------------------ */

/* RFC 5322 section 2.2: printable ASCII without the colon. */
static bool
name_valid(ses_str_t name)
{
    size_t i;

    for (i = 0; i < name.n; i++)
        if (name.p[i] <= ' ' || name.p[i] > '~' || name.p[i] == ':')
            return false;
    return name.n > 0;
}

/* A CR only before LF, an LF only before a blank, no control, 7-bit. */
static bool
value_valid(ses_str_t v)
{
    unsigned char c;
    size_t i;
    char next;

    for (i = 0; i < v.n; i++) {
        c = (unsigned char) v.p[i];
        next = i + 1 < v.n ? v.p[i + 1] : '\0';
        if (c == '\r') {
            if (next != '\n')
                return false;
        } else if (c == '\n') {
            if (next != ' ' && next != '\t')
                return false;
        } else if ((c < ' ' && c != '\t') || c >= 0x7f) {
            return false;
        }
    }
    return true;
}

static bool
lines_fit(const ses_header_t *h)
{
    ses_str_t rest = h->value, line;
    size_t before = h->name.n + 1;

    while (ses_str_cut(&rest, '\n', &line)) {
        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        if (before + line.n > SES_LINE_MAX)
            return false;
        before = 0;
    }
    return true;
}

static int
once_index(ses_str_t name)
{
    size_t i;

    for (i = 0; i < ONCE; i++)
        if (ses_str_caseeqc(name, once[i]))
            return (int) i;
    return -1;
}

ses_rc_t
ses_headers_check(ses_cx_t *cx, const ses_headers_t *h)
{
    bool seen[ONCE] = {false};
    const ses_header_t *f;
    unsigned i;
    int at;

    for (i = 0; i < h->n; i++) {
        f = &h->v[i];
        if (!name_valid(f->name) || !value_valid(f->value))
            return ses_fail(cx, SES_INVALID, "Illegal header '%.*s'.",
                            SES_FMT(ses_str_head(f->name, 126)));
        if (!lines_fit(f))
            return ses_fail(cx, SES_INVALID,
                            "A line of header '%.*s' is longer than %d "
                            "characters.",
                            SES_FMT(ses_str_head(f->name, 126)), SES_LINE_MAX);
        if ((at = once_index(f->name)) < 0)
            continue;
        if (seen[at])
            return ses_fail(cx, SES_INVALID, "Duplicate header '%s'.",
                            once[at]);
        seen[at] = true;
    }
    return SES_OK;
}

/* --- reading ----------------------------------------------------------- */

const ses_header_t *
ses_headers_find(const ses_headers_t *h, const char *name)
{
    unsigned i;

    for (i = 0; i < h->n; i++)
        if (ses_str_caseeqc(h->v[i].name, name))
            return &h->v[i];
    return NULL;
}

ses_str_t
ses_header_unfold(ses_arena_t *a, ses_str_t value)
{
    char *p = ses_alloc(a, value.n + 1);
    size_t i, n = 0;

    for (i = 0; i < value.n; i++)
        if (value.p[i] != '\r' && value.p[i] != '\n')
            p[n++] = value.p[i];
    p[n] = '\0';
    return ses_str_trim(ses_str_n(p, n));
}

ses_str_t
ses_headers_value(ses_arena_t *a, const ses_headers_t *h, const char *name)
{
    const ses_header_t *f = ses_headers_find(h, name);

    return f == NULL ? SES_STR("") : ses_header_unfold(a, f->value);
}

/* --- X-SES- ------------------------------------------------------------ */

ses_str_t
ses_headers_set(ses_arena_t *a, const ses_headers_t *h)
{
    return ses_headers_value(a, h, "X-SES-CONFIGURATION-SET");
}

static bool
only(ses_str_t s, const char *more)
{
    size_t i;
    char c;

    for (i = 0; i < s.n; i++) {
        c = s.p[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              (c >= '0' && c <= '9') || (c != '\0' && strchr(more, c))))
            return false;
    }
    return true;
}

ses_rc_t
ses_tag_check(ses_cx_t *cx, ses_str_t name, ses_str_t value)
{
    if (name.n == 0)
        return ses_fail(cx, SES_INVALID, "The tag name must be specified.");
    if (value.n == 0)
        return ses_fail(cx, SES_INVALID, "The tag value must be specified.");
    if (name.n > TAG_CHARS)
        return ses_fail(cx, SES_INVALID,
                        "Tag name cannot exceed 255 characters.");
    if (value.n > TAG_CHARS)
        return ses_fail(cx, SES_INVALID,
                        "Tag value cannot exceed 255 characters.");
    if (!only(name, "_-") && !ses_str_eqc(name, "ses:feedback-id-a") &&
        !ses_str_eqc(name, "ses:feedback-id-b"))
        return ses_fail(cx, SES_INVALID,
                        "Invalid tag name <%.*s>: only alphanumeric ASCII "
                        "characters, '_',  '-' are allowed.",
                        SES_FMT(name));
    if (!only(value, "_-.@"))
        return ses_fail(cx, SES_INVALID,
                        "Invalid tag value <%.*s>: only alphanumeric ASCII "
                        "characters, '_',  '-' , '.', '@' are allowed.",
                        SES_FMT(value));
    return SES_OK;
}

ses_rc_t
ses_headers_tags(ses_cx_t *cx, const ses_headers_t *h, ses_tag_t **tags,
                 unsigned *n)
{
    ses_str_t rest, part, name;
    ses_tag_t *v;
    unsigned count = 0;
    ses_rc_t rc;

    rest = ses_headers_value(cx->arena, h, "X-SES-MESSAGE-TAGS");
    v = ses_calloc(cx->arena, TAGS_MAX * sizeof(*v));
    while (rest.n > 0 && ses_str_cut(&rest, ',', &part)) {
        part = ses_str_trim(part);
        if (part.n == 0 && rest.p == NULL)
            break; /* a final comma */
        if (count == TAGS_MAX)
            return ses_fail(cx, SES_INVALID,
                            "A message cannot have more than %d tags.",
                            TAGS_MAX);
        if (!ses_str_cut(&part, '=', &name))
            name = SES_STR("");
        name = ses_str_trim(name);
        part = part.p == NULL ? SES_STR("") : ses_str_trim(part);
        if ((rc = ses_tag_check(cx, name, part)) != SES_OK)
            return rc;
        v[count].key = name;
        v[count].value = part;
        count++;
    }
    *tags = v;
    *n = count;
    return SES_OK;
}

ses_rc_t
ses_headers_later(ses_cx_t *cx, const ses_headers_t *h)
{
    size_t i;

    for (i = 0; i < sizeof(later) / sizeof(later[0]); i++)
        if (ses_headers_find(h, later[i]) != NULL)
            return ses_fail(cx, SES_INVALID,
                            "Header '%s' is not supported here yet.", later[i]);
    return SES_OK;
}

bool
ses_header_sesame(ses_str_t name)
{
    return ses_str_casestarts(name, SES_STR("X-Sesame-"));
}

bool
ses_header_private(ses_str_t name)
{
    return ses_header_sesame(name) ||
           ses_str_casestarts(name, SES_STR("X-SES-")) ||
           ses_str_caseeqc(name, "Bcc") ||
           ses_str_caseeqc(name, "Resent-Bcc") ||
           ses_str_caseeqc(name, "Return-Path");
}
