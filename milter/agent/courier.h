/*
 * courier - HTTP POSTs to endpoints that customers chose, side by side
 *
 * One courier belongs to one thread.  A POST that hangs costs a connection
 * for publish_timeout and delays no other.  Connections are kept for the
 * next POST.
 */
#ifndef SES_AGENT_COURIER_H
#define SES_AGENT_COURIER_H

#include "base/conf.h"

#define COURIER_HEADERS 8

typedef struct {
    const char *url;
    ses_str_t body;                       /* copied */
    const char *headers[COURIER_HEADERS]; /* "Name: value"; NULL ends */
} courier_post_t;

typedef enum {
    COURIER_TAKEN,   /* 2xx */
    COURIER_REFUSED, /* 4xx that will not change: for good */
    COURIER_FAILED   /* everything else: try again */
} courier_result_t;

typedef struct courier_s courier_t;
typedef struct courier_job_s courier_job_t;

/* Called from courier_wait; why is one line for people. */
typedef void (*courier_fn_t)(void *arg, courier_job_t *job,
                             courier_result_t result, const char *why);

/* NULL (and logged) when libcurl does not start. */
courier_t *courier_new(const ses_conf_t *conf);
/* Go by this from now on, in place of the one before. */
void courier_use(courier_t *c, const ses_conf_t *conf);
/* Calls off what is under way, without a word. */
void courier_free(courier_t *c);

/* May one more be sent?  Else wait until one is done. */
bool courier_free_slot(const courier_t *c);
unsigned courier_busy(const courier_t *c);
/* Start a POST; NULL when it cannot be started at all (out of handles). */
courier_job_t *courier_send(courier_t *c, const courier_post_t *post,
                            courier_fn_t fn, void *arg);
/* Call it off: fn will not be called. */
void courier_cancel(courier_t *c, courier_job_t *job);
/* Move data for at most ms and call fn for what is done. */
void courier_wait(courier_t *c, int ms);

#endif
