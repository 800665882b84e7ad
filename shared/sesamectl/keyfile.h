/*
 * keyfile - the key files: what they are, whose, and making them
 */
#ifndef SESAMECTL_KEYFILE_H
#define SESAMECTL_KEYFILE_H

#include <sys/types.h>

#include "base/conf.h"

#define KEYFILES 7

typedef struct {
    const char *name; /* below key_directory */
    const char *what; /* for people */
    uid_t uid;
    gid_t gid;
    mode_t mode;
    ses_rc_t (*make)(ses_cx_t *cx, const ses_conf_t *conf, ses_str_t *text);
} keyfile_t;

/* Whose each file is, by the users and groups of sesame.conf. */
SES_CHECK ses_rc_t keyfile_list(ses_cx_t *cx, const ses_conf_t *conf,
                                keyfile_t out[KEYFILES]);
/* Make the file unless it is there. */
SES_CHECK ses_rc_t keyfile_create(ses_cx_t *cx, const ses_conf_t *conf,
                                  const keyfile_t *k);

/* Put another text in the place of the file called name, in one step. */
SES_CHECK ses_rc_t keyfile_replace(ses_cx_t *cx, const ses_conf_t *conf,
                                   const char *name, ses_str_t text);

/* Private key (PEM) of the signer of webhooks, and a certificate for it. */
SES_CHECK ses_rc_t keyfile_rsa(ses_cx_t *cx, const ses_conf_t *conf,
                               ses_str_t *pem);
SES_CHECK ses_rc_t keyfile_certificate(ses_cx_t *cx, const ses_conf_t *conf,
                                       ses_str_t *pem);

#endif
