/*
 * injector - gives Sesame's own mail to Postfix, over SMTP
 *
 * libcurl speaks; the connection is kept for the next message.  It writes
 * both addresses as they are given, with SIZE= and nothing else behind the
 * sender's, so the ticket covers what the milter will see.
 */
#include "injector.h"

#include <curl/curl.h>

#define CONNECT_MS 10000L
#define TIMEOUT_MS 120000L /* above the gate's and Postfix's worst case */
#define REPLY_MAX 1024

struct injector_s {
    CURL *easy;
    const char *url;
    ses_arena_t *arena;
    ses_str_t data; /* what is left to send */
    char line[REPLY_MAX];
    size_t n;
};

injector_t *
injector_new(const agent_t *a)
{
    injector_t *i = ses_xcalloc(sizeof(*i));

    i->arena = ses_arena_new();
    i->url = ses_str_printf(i->arena, "smtp://%.*s/%.*s",
                            SES_FMT(a->conf->inject), SES_FMT(a->hostname))
                 .p;
    if ((i->easy = curl_easy_init()) == NULL) {
        injector_free(i);
        return NULL;
    }
    return i;
}

void
injector_free(injector_t *i)
{
    if (i == NULL)
        return;
    curl_easy_cleanup(i->easy);
    ses_arena_free(i->arena);
    ses_xfree(i);
}

static size_t
give(char *to, size_t size, size_t n, void *arg)
{
    injector_t *i = arg;
    size_t room = size * n, take = i->data.n < room ? i->data.n : room;

    memcpy(to, i->data.p, take);
    i->data = ses_str_from(i->data, take);
    return take;
}

/* libcurl calls this with each line the server says. */
static size_t
hear(char *p, size_t size, size_t n, void *arg)
{
    injector_t *i = arg;
    size_t all = size * n;

    i->n = all < REPLY_MAX ? all : REPLY_MAX;
    memcpy(i->line, p, i->n);
    return all;
}

static bool
prepare(injector_t *i, const char *mail, struct curl_slist *rcpts)
{
    CURL *e = i->easy;
    CURLcode rc = CURLE_OK;

    curl_easy_reset(e); /* keeps the connection */
#define SET(option, value)                                                     \
    (rc = rc != CURLE_OK ? rc : curl_easy_setopt(e, option, value))
    SET(CURLOPT_URL, i->url);
    SET(CURLOPT_PROTOCOLS_STR, "smtp");
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    SET(CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    SET(CURLOPT_MAIL_FROM, mail);
    SET(CURLOPT_MAIL_RCPT, rcpts);
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_READFUNCTION, give);
    SET(CURLOPT_READDATA, (void *) i);
    SET(CURLOPT_HEADERFUNCTION, hear);
    SET(CURLOPT_HEADERDATA, (void *) i);
    SET(CURLOPT_WRITEFUNCTION, hear);
    SET(CURLOPT_WRITEDATA, (void *) i);
#undef SET
    return rc == CURLE_OK;
}

/* What came of it: the code is the reply's, where there was one. */
static ses_rc_t
judge(injector_t *i, ses_cx_t *cx, CURLcode rc, ses_str_t *reply)
{
    ses_str_t why = SES_STR(""), line;
    long code = 0;
    ses_rc_t said;

    line = ses_str_dup(cx->arena, ses_str_trim(ses_str_n(i->line, i->n)));
    *reply = line;
    curl_easy_getinfo(i->easy, CURLINFO_RESPONSE_CODE, &code);
    if (rc == CURLE_OK)
        return SES_OK;
    if (code < 400 || line.n < 4)
        return ses_fail(cx, SES_BUSY, "%s: %s", i->url, curl_easy_strerror(rc));
    said = ses_rc_from_smtp(cx->arena, line, &why);
    return ses_fail(cx, said == SES_OK ? SES_BUSY : said, "%.*s",
                    SES_FMT(line));
}

ses_rc_t
injector_send(injector_t *i, ses_cx_t *cx, ses_str_t mail, ses_str_t rcpt,
              ses_str_t data, ses_str_t *reply)
{
    struct curl_slist *rcpts;
    ses_rc_t rc;

    i->data = data;
    i->n = 0;
    *reply = SES_STR("");
    rcpts = curl_slist_append(NULL, ses_str_c(cx->arena, rcpt));
    if (rcpts == NULL || !prepare(i, ses_str_c(cx->arena, mail), rcpts))
        rc = ses_fail(cx, SES_FAULT, "libcurl takes no SMTP message");
    else
        rc = judge(i, cx, curl_easy_perform(i->easy), reply);
    curl_slist_free_all(rcpts);
    return rc;
}
