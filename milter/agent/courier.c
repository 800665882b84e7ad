/*
 * courier - HTTP POSTs to endpoints that customers chose, side by side
 *
 * libcurl's multi interface in one thread; names are looked up in threads of
 * libcurl's.  The address is judged where it is used, at connecting, so a
 * name that changes its address between look-up and use gains nothing.  No
 * redirects, no proxies, no protocols but http and https, no long answers.
 */
#include "courier.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "peer.h"

#define JOBS_MAX 4096u
#define JOBS_MIN 64u
#define IDLE_CONNECTIONS 1024L
#define ANSWER_MAX (64 * 1024) /* bytes of header, and of body */

struct courier_job_s {
    courier_t *courier;
    CURL *easy;
    struct curl_slist *headers;
    courier_fn_t fn;
    void *arg;
    size_t head, body; /* bytes that came */
    bool private_peer; /* refused to connect */
    char error[CURL_ERROR_SIZE];
    courier_job_t *prev, *next;
};

struct courier_s {
    CURLM *multi;
    const ses_conf_t *conf;
    courier_job_t *jobs;
    unsigned busy, max;
};

static void
init(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        ses_log(SES_LOG_ERROR, "courier: libcurl does not start");
}

/* Half of the descriptors this process may have. */
static unsigned
jobs_max(void)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur / 2 < JOBS_MIN)
        return JOBS_MIN;
    return r.rlim_cur / 2 > JOBS_MAX ? JOBS_MAX : (unsigned) r.rlim_cur / 2;
}

courier_t *
courier_new(const ses_conf_t *conf)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    courier_t *c = ses_xcalloc(sizeof(*c));

    pthread_once(&once, init);
    c->conf = conf;
    c->max = jobs_max();
    if ((c->multi = curl_multi_init()) == NULL) {
        ses_log(SES_LOG_ERROR, "courier: libcurl does not start");
        ses_xfree(c);
        return NULL;
    }
    curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
    curl_multi_setopt(c->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    return c;
}

void
courier_use(courier_t *c, const ses_conf_t *conf)
{
    c->conf = conf;
}

static void
job_free(courier_job_t *j)
{
    courier_t *c = j->courier;

    *(j->prev != NULL ? &j->prev->next : &c->jobs) = j->next;
    if (j->next != NULL)
        j->next->prev = j->prev;
    c->busy--;
    curl_multi_remove_handle(c->multi, j->easy);
    curl_easy_cleanup(j->easy);
    curl_slist_free_all(j->headers);
    ses_xfree(j);
}

void
courier_free(courier_t *c)
{
    if (c == NULL)
        return;
    while (c->jobs != NULL)
        job_free(c->jobs);
    curl_multi_cleanup(c->multi);
    ses_xfree(c);
}

bool
courier_free_slot(const courier_t *c)
{
    return c->busy < c->max;
}

unsigned
courier_busy(const courier_t *c)
{
    return c->busy;
}

static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
    courier_job_t *j = arg;

    (void) purpose;
    if (!j->courier->conf->allow_private_destinations &&
        !peer_public(&addr->addr)) {
        j->private_peer = true;
        return CURL_SOCKET_BAD;
    }
    return socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
}

static size_t
take_head(char *p, size_t size, size_t n, void *arg)
{
    courier_job_t *j = arg;

    (void) p;
    j->head += size * n;
    return j->head > ANSWER_MAX ? 0 : size * n;
}

static size_t
take_body(char *p, size_t size, size_t n, void *arg)
{
    courier_job_t *j = arg;

    (void) p;
    j->body += size * n;
    return j->body > ANSWER_MAX ? 0 : size * n;
}

static bool
prepare(courier_job_t *j, const courier_post_t *post)
{
    static const char *const fixed[] = {"Expect:", "Accept:"};
    const ses_conf_t *conf = j->courier->conf;
    CURL *e = j->easy;
    CURLcode rc = CURLE_OK;
    struct curl_slist *more;
    size_t i;

    for (i = 0; i < COURIER_HEADERS + 2; i++) {
        const char *line = i < 2 ? fixed[i] : post->headers[i - 2];

        if (line == NULL)
            break;
        if ((more = curl_slist_append(j->headers, line)) == NULL)
            return false;
        j->headers = more;
    }

#define SET(option, value)                                                     \
    (rc = rc != CURLE_OK ? rc : curl_easy_setopt(e, option, value))
    SET(CURLOPT_URL, post->url);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) post->body.n);
    SET(CURLOPT_COPYPOSTFIELDS, post->body.p);
    SET(CURLOPT_HTTPHEADER, j->headers);
    SET(CURLOPT_PRIVATE, (void *) j);
    SET(CURLOPT_ERRORBUFFER, j->error);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* do not wait for a look-up that hangs */
    SET(CURLOPT_TIMEOUT_MS, (long) conf->publish_timeout);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, (void *) j);
    SET(CURLOPT_HEADERFUNCTION, take_head);
    SET(CURLOPT_HEADERDATA, (void *) j);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, (void *) j);
#undef SET
    return rc == CURLE_OK;
}

courier_job_t *
courier_send(courier_t *c, const courier_post_t *post, courier_fn_t fn,
             void *arg)
{
    courier_job_t *j;
    CURL *easy;

    if ((easy = curl_easy_init()) == NULL)
        return NULL;
    j = ses_xcalloc(sizeof(*j));
    j->courier = c;
    j->easy = easy;
    j->fn = fn;
    j->arg = arg;
    if ((j->next = c->jobs) != NULL)
        j->next->prev = j;
    c->jobs = j;
    c->busy++;
    if (!prepare(j, post) ||
        curl_multi_add_handle(c->multi, easy) != CURLM_OK) {
        job_free(j);
        return NULL;
    }
    return j;
}

void
courier_cancel(courier_t *c, courier_job_t *job)
{
    (void) c;
    job_free(job);
}

static courier_result_t
judge(courier_job_t *j, CURLcode rc, char *why, size_t n)
{
    long status = 0;

    curl_easy_getinfo(j->easy, CURLINFO_RESPONSE_CODE, &status);
    if (rc == CURLE_WRITE_ERROR && j->body > ANSWER_MAX)
        rc = CURLE_OK; /* the status was all we wanted */
    if (rc != CURLE_OK) {
        snprintf(why, n, "%s",
                 j->private_peer       ? "the address is not public"
                 : j->error[0] != '\0' ? j->error
                                       : curl_easy_strerror(rc));
        return COURIER_FAILED;
    }
    snprintf(why, n, "HTTP status %ld", status);
    if (status >= 200 && status < 300)
        return COURIER_TAKEN;
    if (status >= 400 && status < 500 && status != 408 && status != 429)
        return COURIER_REFUSED;
    return COURIER_FAILED;
}

static void
collect(courier_t *c)
{
    char why[CURL_ERROR_SIZE];
    courier_result_t result;
    courier_job_t *j;
    CURLMsg *m;
    void *private;
    int left;

    while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
        j = private;
        result = judge(j, m->data.result, why, sizeof(why));
        j->fn(j->arg, j, result, why);
        job_free(j);
    }
}

void
courier_wait(courier_t *c, int ms)
{
    int running;

    curl_multi_perform(c->multi, &running);
    collect(c);
    curl_multi_poll(c->multi, NULL, 0, ms, NULL);
    curl_multi_perform(c->multi, &running);
    collect(c);
}
