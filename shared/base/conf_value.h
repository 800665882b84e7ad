/*
 * conf_value - the kinds of values that sesame.conf knows
 *
 * parse reads value into *field and returns NULL, or says what is wrong with
 * it (static or in the arena; field is then untouched).  format spells it as
 * parse reads it.  min and max bound numbers, sizes and durations.
 */
#ifndef SES_BASE_CONF_VALUE_H
#define SES_BASE_CONF_VALUE_H

#include "base/arena.h"
#include "base/str.h"

typedef struct {
    const char *(*parse)(ses_arena_t *a, ses_str_t value, int64_t min,
                         int64_t max, void *field);
    ses_str_t (*format)(ses_arena_t *a, const void *field);
    size_t each; /* 0, or the option may be given again and again: parse and */
                 /* format see one element, of this size, of a list */
} ses_conf_kind_t;

/* What an option that may be given again was given. */
typedef struct {
    void *v;         /* of kind->each bytes each */
    unsigned *lines; /* of the file */
    unsigned n;
} ses_conf_list_t;

/* Cut the next of several values between blanks, tabs or commas from *rest;
 * false when there is none. */
bool ses_conf_next(ses_str_t *rest, ses_str_t *one);

/* into ses_str_t, NUL-terminated */
extern const ses_conf_kind_t ses_conf_region;
extern const ses_conf_kind_t ses_conf_path; /* absolute */
extern const ses_conf_kind_t ses_conf_path_or_none;
extern const ses_conf_kind_t ses_conf_ip_or_none;
extern const ses_conf_kind_t ses_conf_ips; /* any number of them */
extern const ses_conf_kind_t ses_conf_domain;
extern const ses_conf_kind_t ses_conf_domain_or_none;
extern const ses_conf_kind_t ses_conf_site_list;
extern const ses_conf_kind_t ses_conf_url;
extern const ses_conf_kind_t ses_conf_endpoint;  /* IP:PORT */
extern const ses_conf_kind_t ses_conf_endpoints; /* any number of them */
extern const ses_conf_kind_t ses_conf_user;
extern const ses_conf_kind_t ses_conf_socket; /* unix:PATH or fd:N */
extern const ses_conf_kind_t ses_conf_word;
extern const ses_conf_kind_t ses_conf_label;
/* into uint16_t, uint64_t, uint64_t, int64_t */
extern const ses_conf_kind_t ses_conf_u16;
extern const ses_conf_kind_t ses_conf_u64;
extern const ses_conf_kind_t ses_conf_size;
extern const ses_conf_kind_t ses_conf_duration;
/* into bool */
extern const ses_conf_kind_t ses_conf_yesno;
extern const ses_conf_kind_t ses_conf_unbound; /* pass or reject */
/* a list of ses_binding_t, of ses_dns_update_t */
extern const ses_conf_kind_t ses_conf_bind;
extern const ses_conf_kind_t ses_conf_dns_update;

#endif
