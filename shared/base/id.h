/*
 * id - request ids, Postfix long queue ids, SES message ids
 *
 * A message id is a reversible spelling of the Postfix queue id, of the node
 * and of the region (DESIGN section 5):
 *
 *   RRRRmmmmmmmmmmmm-NNNNuuuu-iiii-4iii-viii-iiiii0cccccc-000000
 *
 * R region code, m milliseconds, N node, u microseconds within the
 * millisecond, i inode, 4 and v the fixed bits of a UUID, c a checksum.  So
 * an id that was mistyped, or made elsewhere, is not taken for one of ours.
 */
#ifndef SES_BASE_ID_H
#define SES_BASE_ID_H

#include "base/arena.h"
#include "base/str.h"

#define SES_UUID_LEN 36
#define SES_MSGID_LEN 60
#define SES_MSGID_KEY 18

typedef struct {
    int64_t ms;     /* when the queue file was made */
    uint16_t us;    /* 0-999 within ms */
    uint16_t node;  /* top bit: never reached Postfix */
    uint64_t inode; /* of the queue file */
} ses_msgid_t;

/* A random version 4 UUID, 36 characters. */
ses_str_t ses_uuid(ses_arena_t *a);
/* A version 4 shaped UUID made of the first 16 bytes of a hash: the same
 * input gives the same id. */
ses_str_t ses_uuid_from(ses_arena_t *a, const uint8_t bytes[16]);

/* Four hex digits for a region, as the service writes them where known. */
uint16_t ses_region_code(ses_str_t region);

/* 60 characters in the arena. */
ses_str_t ses_msgid_format(ses_arena_t *a, ses_msgid_t id, ses_str_t region);
/* False unless s is an id that ses_msgid_format made (any region). */
bool ses_msgid_parse(ses_str_t s, ses_msgid_t *id);

/* Big-endian key of the ledger: ms, us, node, inode; sorts by time. */
void ses_msgid_key(ses_msgid_t id, uint8_t out[SES_MSGID_KEY]);
bool ses_msgid_from_key(ses_str_t key, ses_msgid_t *id);

/* A Postfix long queue id (reference postfix.md section 8); node is ours. */
bool ses_queueid_parse(ses_str_t s, uint16_t node, ses_msgid_t *id);
ses_str_t ses_queueid_format(ses_arena_t *a, ses_msgid_t id);

#endif
