/*
 * key - showing a new access key
 */
#ifndef SESAMECTL_KEY_H
#define SESAMECTL_KEY_H

#include "ctl.h"
#include "model/credential.h"

#define CTL_USER "ses-user" /* whose key it is when nobody says */

/* A name that can be an IAM user's? */
bool ctl_user_valid(ses_str_t s);
/* Key, secret and SMTP password as one object. */
void ctl_key_emit(ctl_t *c, const ses_credential_t *k, ses_str_t secret);

/* Make the key files that are not there (init.c). */
SES_CHECK ses_rc_t ctl_make_keys(ctl_t *c);

#endif
