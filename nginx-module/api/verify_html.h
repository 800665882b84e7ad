/*
 * verify_html - may our link stand in this HTML of a customer's?
 *
 * Whoever asks an address must not get the link that confirms it.  HTML that
 * is open where the link goes (<img src='https://...), or that looks at it
 * from elsewhere (a style sheet), would carry it to him as soon as the mail
 * is read.
 */
#ifndef SES_API_VERIFY_HTML_H
#define SES_API_VERIFY_HTML_H

#include "base/rc.h"

/* Where the link goes: before the end of the body. */
size_t verify_html_place(ses_arena_t *a, ses_str_t html);
/* NULL, or what is wrong with it, in the arena. */
const char *verify_html_check(ses_arena_t *a, ses_str_t html);

#endif
