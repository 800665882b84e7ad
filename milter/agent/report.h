/*
 * report - a bounce (RFC 3464) or complaint (RFC 5965): bytes in, struct out
 *
 * Only what the report states of itself; whether any of it is true is
 * feedback's question.
 */
#ifndef SES_AGENT_REPORT_H
#define SES_AGENT_REPORT_H

#include "base/str.h"

#define REPORT_RCPTS 100 /* more are not read */

typedef enum {
    REPORT_NONE,     /* some other mail */
    REPORT_DELIVERY, /* multipart/report, delivery-status */
    REPORT_COMPLAINT /* multipart/report, feedback-report */
} report_kind_t;

typedef struct {
    ses_str_t final; /* addresses without their "rfc822;" */
    ses_str_t original;
    ses_str_t action;     /* lower case: failed, delayed, delivered, ... */
    ses_str_t status;     /* 5.1.1 */
    ses_str_t diagnostic; /* "smtp; 550 5.1.1 ..." */
    ses_str_t remote_mta; /* without its type */
} report_rcpt_t;

/* Strings live in the arena, "" where the report says nothing. */
typedef struct {
    report_kind_t kind;
    ses_str_t reporting_mta; /* without its type */
    report_rcpt_t *rcpts;    /* of a complaint: Original-Rcpt-To in final */
    unsigned nrcpts;
    ses_str_t feedback_type; /* lower case */
    ses_str_t user_agent;
    ses_str_t mail_from; /* Original-Mail-From, without <> */
    int64_t arrival;     /* Arrival-Date or Received-Date, ms; 0 = none */
} report_t;

/* Once, before threads start. */
void report_init(void);
/* Always says something; mail that is no report is REPORT_NONE. */
void report_parse(ses_arena_t *a, ses_str_t bytes, report_t *out);

#endif
