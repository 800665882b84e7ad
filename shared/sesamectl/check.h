/*
 * check - what the checks share: findings
 */
#ifndef SESAMECTL_CHECK_H
#define SESAMECTL_CHECK_H

#include "ctl.h"

typedef struct {
    ctl_t *c;
    unsigned findings;
} check_t;

/* Something is wrong: what, and what helps. */
void check_found(check_t *k, const char *remedy, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A check could not be made, for the reason in cx. */
void check_failed(check_t *k, const char *what, ses_rc_t rc);

void check_users(check_t *k);
void check_key_files(check_t *k);
void check_store_files(check_t *k);
void check_services(check_t *k);
void check_postfix(check_t *k);
void check_content(check_t *k);
void check_dns(check_t *k);

#endif
