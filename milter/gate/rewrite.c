/*
 * rewrite - the header as it leaves, and the edits that make it so
 *
 * Message-ID, Date and Feedback-ID are ours (contract 4.9): the first field
 * of the name is changed where it stands, or one is appended.  X-SES-*,
 * X-Sesame-*, Bcc, Resent-Bcc and Return-Path never leave.
 *
 * Values are written with their leading blank, as they come and are signed
 * (SMFIP_HDR_LEADSPC).  Fields are deleted from the last to the first, so
 * that the number of a field says the same before and after.
 */
#include "rewrite.h"

#include "base/encode.h"

#define STAMPS 3

typedef struct {
    const char *name;
    ses_str_t value; /* with its leading blank */
    bool done;
} put_t;

ses_str_t
rewrite_message_id(ses_arena_t *a, ses_str_t id, ses_str_t region,
                   ses_str_t service_domain)
{
    return ses_str_printf(a, "<%.*s@%.*s.%.*s>", SES_FMT(id), SES_FMT(region),
                          SES_FMT(service_domain));
}

/* The same for every message of an account, and telling nothing of it. */
static ses_str_t
sender_hash(ses_arena_t *a, ses_str_t account)
{
    ses_str_t text = ses_str_cat(a, SES_STR("feedback-id "), account);
    uint8_t sum[SES_SHA256];

    ses_sha256(text, sum);
    return ses_base64(a, ses_str_n(sum, sizeof(sum)));
}

static ses_str_t
tag_field(ses_arena_t *a, const char *name, const ses_tag_t *tags,
          unsigned ntags)
{
    unsigned i;

    for (i = 0; i < ntags; i++)
        if (ses_str_eqc(tags[i].key, name))
            return ses_str_cat(a, tags[i].value, SES_STR(":"));
    return SES_STR("");
}

ses_str_t
rewrite_feedback_id(ses_arena_t *a, ses_str_t region, ses_str_t account,
                    const ses_tag_t *tags, unsigned ntags)
{
    return ses_str_printf(
        a, "%.*s%.*s1.%.*s.%.*s:Sesame",
        SES_FMT(tag_field(a, "ses:feedback-id-a", tags, ntags)),
        SES_FMT(tag_field(a, "ses:feedback-id-b", tags, ntags)),
        SES_FMT(region), SES_FMT(sender_hash(a, account)));
}

static void
puts_of(ses_arena_t *a, const stamp_t *stamp, put_t put[STAMPS])
{
    ses_str_t blank = SES_STR(" ");

    put[0] =
        (put_t){"Message-ID", ses_str_cat(a, blank, stamp->message_id), false};
    put[1] = (put_t){"Date", ses_str_cat(a, blank, stamp->date), false};
    put[2] = (put_t){"Feedback-ID", ses_str_cat(a, blank, stamp->feedback_id),
                     false};
}

/* The stamp that field i is, or NULL. */
static put_t *
put_of(put_t put[STAMPS], ses_str_t name)
{
    int k;

    for (k = 0; k < STAMPS; k++)
        if (ses_str_caseeqc(name, put[k].name))
            return &put[k];
    return NULL;
}

ses_rc_t
rewrite_leaving(ses_cx_t *cx, const ses_headers_t *came, const stamp_t *stamp,
                ses_headers_t *out)
{
    put_t put[STAMPS], *p;
    const ses_header_t *f;
    ses_rc_t rc = SES_OK;
    unsigned i;
    int k;

    puts_of(cx->arena, stamp, put);
    ses_headers_init(out, cx->arena);
    for (i = 0; i < came->n && rc == SES_OK; i++) {
        f = &came->v[i];
        p = put_of(put, f->name);
        if (ses_header_private(f->name) || (p != NULL && p->done))
            continue;
        if (p != NULL)
            p->done = true;
        rc = ses_headers_add(cx, out, f->name, p ? p->value : f->value);
    }
    for (k = 0; k < STAMPS && rc == SES_OK; k++)
        if (!put[k].done)
            rc = ses_headers_add(cx, out, ses_str(put[k].name), put[k].value);
    return rc;
}

/* Number of field i among those of its name. */
static int
nth(const ses_headers_t *h, unsigned i)
{
    int n = 1;
    unsigned k;

    for (k = 0; k < i; k++)
        if (ses_str_caseeq(h->v[k].name, h->v[i].name))
            n++;
    return n;
}

void
rewrite_edits(ses_arena_t *a, const ses_headers_t *came, const stamp_t *stamp,
              edit_t **edits, unsigned *n)
{
    edit_t *e = ses_alloc(a, (came->n + STAMPS) * sizeof(*e));
    put_t put[STAMPS], *p;
    unsigned i, k = 0;
    int at;

    puts_of(a, stamp, put);
    for (i = came->n; i-- > 0;) {
        at = nth(came, i);
        p = put_of(put, came->v[i].name);
        if (p != NULL && at == 1)
            p->done = true;
        else if (p != NULL || ses_header_private(came->v[i].name))
            e[k++] =
                (edit_t){EDIT_DELETE, ses_str_c(a, came->v[i].name), at, NULL};
    }
    for (at = 0; at < STAMPS; at++)
        e[k++] = (edit_t){put[at].done ? EDIT_CHANGE : EDIT_APPEND,
                          ses_str_c(a, ses_str(put[at].name)), 1,
                          ses_str_c(a, put[at].value)};
    *edits = e;
    *n = k;
}
