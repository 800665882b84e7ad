/*
 * clock - time as milliseconds since the epoch, UTC, and its spellings
 */
#ifndef SES_BASE_CLOCK_H
#define SES_BASE_CLOCK_H

#include "base/arena.h"
#include "base/str.h"

int64_t ses_clock_ms(void);
/* Microseconds of a clock that never goes back, for measuring. */
int64_t ses_clock_mono_us(void);

/* Time that no setting of the clock moves and no process has of its own:
 * milliseconds since the machine started, sleep included, and which start
 * that was. */
typedef struct {
    int64_t ms;
    uint64_t boot; /* never 0 */
} ses_steady_t;
ses_steady_t ses_clock_steady(void);

/* 2026-11-24T03:00:01.234Z (contract 8.2) */
ses_str_t ses_clock_iso(ses_arena_t *a, int64_t ms);
/* Tue, 24 Nov 2026 03:00:01 +0000 (RFC 5322) */
ses_str_t ses_clock_rfc5322(ses_arena_t *a, int64_t ms);
/* Tue, 24 Nov 2026 03:00:01 GMT (RFC 9110) */
ses_str_t ses_clock_http(ses_arena_t *a, int64_t ms);
/* 20261124T030000Z (SigV4) */
ses_str_t ses_clock_amz(ses_arena_t *a, int64_t ms);

/* YYYYMMDDTHHMMSSZ; false when malformed. */
bool ses_clock_parse_amz(ses_str_t s, int64_t *ms);
/* An HTTP date in the one form that clients write; false when malformed. */
bool ses_clock_parse_http(ses_str_t s, int64_t *ms);
/* ISO 8601 UTC with 0-9 decimals, or seconds since the epoch. */
bool ses_clock_parse_iso(ses_str_t s, int64_t *ms);

#endif
