/*
 * dkim - the key pairs of a domain, and which of them signs when
 *
 * A domain has three tokens, drawn once: selectors of Easy DKIM, which the
 * customer publishes as aliases into our zone and never has to change
 * (contract 7.2).  Each is a slot that may hold a key.  At rest one holds
 * the RSA key that signs, one the Ed25519 key of the second signature
 * (RFC 8463), and one nothing: the next key of either kind comes into it,
 * and after the change it is the previous one that stays there, published,
 * until it is free again.  Without Ed25519 the slots are current, next and
 * previous.  Two more slots are for keys the customer brings (BYODKIM),
 * under selectors of his own.
 *
 * Private keys are in a table of their own, sealed to the gate.
 */
#ifndef SES_MODEL_DKIM_H
#define SES_MODEL_DKIM_H

#include "base/json.h"

#define SES_DKIM_TOKENS 3 /* slots 0-2 */
#define SES_DKIM_SLOTS 5  /* and 3-4, of the customer's own keys */

#define SES_DKIM_BITS_MIN 1024
#define SES_DKIM_BITS_MAX 4096
#define SES_DKIM_BITS 2048 /* of Easy DKIM, when nobody says otherwise */

typedef enum {
    SES_DKIM_EMPTY,
    SES_DKIM_WANTED,  /* the gate is to make a key */
    SES_DKIM_NEXT,    /* published; signs when every name server shows it */
    SES_DKIM_CURRENT, /* signs */
    SES_DKIM_PREVIOUS /* published still, so that old mail verifies */
} ses_dkim_state_t;

typedef enum { SES_DKIM_RSA, SES_DKIM_ED25519 } ses_dkim_kind_t;
#define SES_DKIM_KINDS 2

typedef struct {
    ses_str_t selector; /* "" in an empty slot of the customer's */
    ses_dkim_state_t state;
    ses_dkim_kind_t kind;
    unsigned bits;
    ses_str_t public_key; /* as in p=: base64 of SubjectPublicKeyInfo (RSA)
                             or of the 32 bytes (Ed25519); "" = no key */
    int64_t made;
    int64_t since; /* when it came into this state */
    int64_t seen;  /* NEXT: every server shows it since then; 0 = not */
} ses_dkim_key_t;

typedef struct {
    bool signing;  /* SigningEnabled */
    bool external; /* SigningAttributesOrigin: EXTERNAL, else AWS_SES */
    bool ed25519;  /* a second signature is wanted */
    unsigned bits; /* NextSigningKeyLength */
    unsigned due;  /* kinds (bits) whose next key waits for an empty slot */
    int64_t asked; /* when the owner changed the key last */
    int64_t check; /* when the keys are to be looked at; 0 = never */
    unsigned tries;
    ses_dkim_key_t keys[SES_DKIM_SLOTS];
} ses_dkim_t;

const char *ses_dkim_state_name(ses_dkim_state_t s); /* "CURRENT" ... */
const char *ses_dkim_kind_name(ses_dkim_kind_t k);   /* as in k=: "rsa" */
/* RSA_2048_BIT, RSA_1024_BIT; NULL for other lengths. */
const char *ses_dkim_length_name(unsigned bits);

/* A domain's at its beginning: tokens drawn, an RSA key wanted and, when the
 * second signature is on, an Ed25519 key. */
void ses_dkim_init(ses_cx_t *cx, ses_dkim_t *d);
/* Members of an identity's row. */
void ses_dkim_decode(ses_cx_t *cx, const cJSON *row, ses_dkim_t *out);
void ses_dkim_encode(ses_jsonw_t *w, const ses_dkim_t *d);

/* The slot of a kind in a state (the youngest), or -1. */
int ses_dkim_slot(const ses_dkim_t *d, ses_dkim_kind_t kind,
                  ses_dkim_state_t state);
/* The RSA key that signs and is the proof of the domain; NULL = not made
 * yet. */
const ses_dkim_key_t *ses_dkim_current(const ses_dkim_t *d);
/* The first slot that wants a key, or -1. */
int ses_dkim_wanted(const ses_dkim_t *d);

/* TXT value of a slot's record, "" when there is none: a key that is not
 * made yet.  An empty slot of a domain that has a key says "revoked". */
ses_str_t ses_dkim_txt(ses_arena_t *a, const ses_dkim_t *d, unsigned slot);

/* Give a wanted slot its key: it signs at once when there is no other, else
 * when it has been seen. */
void ses_dkim_fill(ses_dkim_t *d, unsigned slot, ses_str_t public_key,
                   int64_t now);

/* --- changing keys ----------------------------------------------------- */

/* What the owner asks for.  Slots whose key is given up become empty; the
 * caller deletes their private keys. */

/* A new key of these kinds (bits of 1 << kind), as soon as a slot is empty;
 * what is under way already is not begun again.  RSA gets d->bits. */
void ses_dkim_rotate(ses_dkim_t *d, unsigned kinds, int64_t now);
/* A key of the customer's: the slot it is in.  live: mail is signed now, so
 * it must be seen first. */
unsigned ses_dkim_bring(ses_dkim_t *d, ses_str_t selector, unsigned bits,
                        ses_str_t public_key, bool live, int64_t now);
/* Back to a key of ours. */
void ses_dkim_return(ses_dkim_t *d, bool live, int64_t now);

/* What was seen of a slot's record. */
typedef enum {
    SES_DKIM_UNSURE, /* not looked at, or some server gave no answer */
    SES_DKIM_SEEN,   /* every server shows the key */
    SES_DKIM_UNSEEN  /* some server denies it or shows another */
} ses_dkim_seen_t;

typedef struct {
    bool ed25519;         /* the site signs with it */
    int64_t settle;       /* a new key is seen so long before it signs */
    int64_t keep;         /* an old key stays published so long */
    int64_t rotate_after; /* age of a key that is replaced; 0 = never */
    int64_t retry_min, retry_max; /* between looks while something changes */
} ses_dkim_rules_t;

/* Must slot's record be looked at before the next step? */
bool ses_dkim_look(const ses_dkim_t *d, unsigned slot);
/*
 * One step: use what is seen everywhere, take back what has vanished, empty
 * what was kept long enough, begin what is due, and say when to look again.
 */
void ses_dkim_step(ses_dkim_t *d, const ses_dkim_seen_t seen[SES_DKIM_SLOTS],
                   const ses_dkim_rules_t *rules, bool live, int64_t now);

#endif
