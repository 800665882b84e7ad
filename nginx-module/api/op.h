/*
 * op - one API operation: what a handler gets, and its row in a table
 *
 * A handler sees no nginx and no HTTP.  It reads op->in, op->txn, and either
 * writes a response (op->out), fills a change (OP_WRITE; dispatch applies it
 * in the same transaction), or fills a message to inject (OP_SEND).
 */
#ifndef SES_API_OP_H
#define SES_API_OP_H

#include "api/out.h"
#include "base/conf.h"
#include "base/json.h"
#include "model/config_set.h"
#include "model/contact_list.h"
#include "model/credential.h"
#include "model/tag.h"
#include "policy/shape.h"
#include "store/journal.h"

typedef enum {
    OP_READ,
    OP_WRITE,
    OP_SEND,
    OP_WRITE_SEND /* once the change is committed, the message is sent */
} op_kind_t;

typedef enum {
    OP_REST,  /* SES v2: method and path */
    OP_QUERY, /* SES v1: Action, Version 2010-12-01 */
    OP_SNS,   /* SNS: Action, Version 2010-03-31 */
    OP_PAGE   /* a link in a mail, opened by a person */
} op_protocol_t;

/* What a process knows once: configuration and keys. */
typedef struct {
    ses_conf_t conf;
    ses_keyring_t site;
    ses_keyring_t ticket;
    ses_str_t certificate; /* PEM that SigningCertURL gives, "" = none */
} api_env_t;

/* A message to inject; everything in the arena. */
typedef struct {
    ses_str_t mail;         /* envelope sender, no brackets */
    const ses_str_t *rcpts; /* no brackets */
    unsigned nrcpts;
    ses_str_t data;        /* header and body, CRLF lines, no ticket */
    const char *operation; /* "SendEmail", "SendRawEmail", ... */
} op_send_t;

/* What a browser gets; everything in the arena. */
typedef struct {
    int status;         /* 0 = nothing was said */
    ses_str_t html;     /* a whole document */
    ses_str_t location; /* of a redirect, "" = none */
} op_page_t;

typedef struct op_s op_t;
typedef ses_rc_t (*op_fn_t)(op_t *op);

#define OP_ANONYMOUS 1u /* no signature asked (links in a mail or webhook) */
#define OP_SECRET 2u    /* the input holds a private key: wiped after use */
#define OP_BARE 4u      /* v1: its response has no result element */

/* What a failure is about: v1 has codes of their own for these (v1_error.c).
 * Two names at most go into the error, as members. */
typedef enum {
    OP_ABOUT_NOTHING,
    OP_ABOUT_ACTION,      /* which operation is asked for */
    OP_ABOUT_INPUT,       /* types and constraints of members */
    OP_ABOUT_POLICY,      /* a document */
    OP_ABOUT_SET,         /* configuration set; its name */
    OP_ABOUT_SEND,        /* a message; its configuration set */
    OP_ABOUT_DELIVERY,    /* its delivery options */
    OP_ABOUT_DESTINATION, /* event destination; set, name */
    OP_ABOUT_SNS,         /* kinds of it; likewise */
    OP_ABOUT_FIREHOSE,
    OP_ABOUT_CLOUDWATCH,
    OP_ABOUT_VERIFY_TEMPLATE, /* custom verification; its name */
    OP_ABOUT_VERIFY_CONTENT,  /* its HTML */
    OP_ABOUT_VERIFY_FROM,     /* its sender; the address */
    OP_ABOUT_PRODUCTION       /* that the account is in the sandbox */
} op_about_t;

typedef struct {
    const char *name;
    op_protocol_t protocol;
    const char *method; /* "GET"; "POST" for Query */
    const char *path;   /* "/v2/email/identities/{EmailIdentity}", NULL for
                           Query */
    const char *action; /* IAM action, "ses:GetEmailIdentity" */
    op_kind_t kind;
    op_fn_t run;
    const ses_member_t *input; /* NULL = no members */
    unsigned flags;
} op_def_t;

struct op_s {
    ses_cx_t *cx; /* account and caller are set and verified */
    ses_txn_t *txn;
    const api_env_t *env;
    const op_def_t *def;
    const cJSON *in; /* decoded and checked; never NULL */
    out_t *out;
    ses_change_t *change; /* OP_WRITE, OP_WRITE_SEND */
    op_send_t *send;      /* OP_SEND */
    op_page_t *page;      /* OP_PAGE */
    ses_str_t user_agent;
    ses_str_t client; /* address */
    op_about_t about; /* of a failure */
    ses_str_t about_names[2];
};

/* The failure that is told now is about this; names may be "". */
void op_about(op_t *op, op_about_t about, ses_str_t a, ses_str_t b);

/* Members of the input. */
static inline ses_str_t
op_str(const op_t *op, const char *name)
{
    return ses_json_str(op->in, name);
}
static inline bool
op_has(const op_t *op, const char *name)
{
    return ses_json_get(op->in, name) != NULL;
}

/* One page of a list; lists with filters have it in a struct of theirs. */
typedef struct {
    op_t *op;
    ses_str_t filter; /* what the token is bound to, "" = nothing */
    ses_str_t after;  /* begin after this key; "" = at the start */
    ses_str_t last;   /* the key that was looked at last */
    unsigned size, scan, n, scanned;
    bool full; /* set by whoever has shown enough: this row is the last */
    bool more;
} op_list_t;

/*
 * PageSize (MaxItems, MaxResults) of the input, max when absent, 0 or
 * greater; negative is SES_INVALID, a NextToken that is not ours
 * SES_BAD_TOKEN.  A page ends
 * after scan rows, too, however few of them the filter let through (0: there
 * is none).
 */
SES_CHECK ses_rc_t op_list_open(op_list_t *l, op_t *op, unsigned max,
                                unsigned scan, ses_str_t filter);
/* Look at the row with this key?  False: the page is full, walk no more
 * (SES_NOT_FOUND).  A row that is shown is counted by the caller, in n. */
bool op_list_look(op_list_t *l, ses_str_t key);
/* The end of the list in the output, and NextToken if there is more. */
void op_list_close(op_list_t *l);

/* Members that several operations take (op_input.c). */
/* Tags: at most 50, each key once.  In the arena. */
SES_CHECK ses_rc_t op_tags(op_t *op, ses_tag_t **tags, unsigned *n);
/* A name of "configuration set" or "event destination": 1-64 of
 * A-Za-z0-9_-. */
SES_CHECK ses_rc_t op_name(op_t *op, const char *what, ses_str_t name);
/* A configuration set of the caller; SES_NOT_FOUND with the service's text. */
SES_CHECK ses_rc_t op_set(op_t *op, ses_str_t name, ses_config_set_t *set);
/* EmailAddress, a bare mailbox and nothing else, as it is kept: trimmed, its
 * domain in lower case. */
SES_CHECK ses_rc_t op_address(op_t *op, ses_str_t *out);
/* ContactListName or TopicName (contract 1.7). */
SES_CHECK ses_rc_t op_list_name(op_t *op, const char *member, ses_str_t name);
/* The contact list that the input names; SES_NOT_FOUND with the text. */
SES_CHECK ses_rc_t op_contact_list(op_t *op, ses_contact_list_t *l);
/* A topic of the list, in it; SES_INVALID when it has none of that name. */
SES_CHECK ses_rc_t op_list_topic(op_t *op, const ses_contact_list_t *l,
                                 ses_str_t name, const ses_list_topic_t **out);
/* A list of BOUNCE, COMPLAINT as SES_REASON_ bits. */
unsigned op_reasons(const cJSON *list);
/* Write them: "SuppressedReasons":["BOUNCE",...] */
void op_put_reasons(op_t *op, unsigned reasons);
void op_put_tags(op_t *op, const ses_tag_t *tags, unsigned n);
/* Value of a key of the Filter map, "" when absent. */
ses_str_t op_filter(const op_t *op, const char *key);
/* Does haystack hold needle, in any case? */
bool op_contains(ses_str_t haystack, ses_str_t needle);
/* Rows of an account in a table of names, counted up to max. */
SES_CHECK ses_rc_t op_count(op_t *op, ses_db_t db, unsigned max, unsigned *n);

/* One table a file, each ends with {0}; route.c lists them. */
extern const op_def_t ops_v1_identity[];
extern const op_def_t ops_v1_attributes[];
extern const op_def_t ops_v1_policy[];
extern const op_def_t ops_v1_account[];
extern const op_def_t ops_v1_config_set[];
extern const op_def_t ops_v1_event_destination[];
extern const op_def_t ops_v1_notification[];
extern const op_def_t ops_v1_send[];
extern const op_def_t ops_v1_verify_template[];
extern const op_def_t ops_account[];
extern const op_def_t ops_identity[];
extern const op_def_t ops_identity_dkim[];
extern const op_def_t ops_identity_policy[];
extern const op_def_t ops_config_set[];
extern const op_def_t ops_event_destination[];
extern const op_def_t ops_verify_template[];
extern const op_def_t ops_suppression[];
extern const op_def_t ops_contact_list[];
extern const op_def_t ops_contact[];
extern const op_def_t ops_send[];
extern const op_def_t ops_pool[];
extern const op_def_t ops_topic[];
extern const op_def_t ops_subscription[];

#endif
