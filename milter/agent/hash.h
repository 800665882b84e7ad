/*
 * hash - of strings, for tables in memory
 */
#ifndef SES_AGENT_HASH_H
#define SES_AGENT_HASH_H

#include "base/str.h"

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* FNV-1a, going on from h. */
static inline uint64_t
hash_str(uint64_t h, ses_str_t s)
{
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char) s.p[i]) * UINT64_C(0x100000001b3);
    return h ^ h >> 32;
}

#endif
