/*
 * template - SES's template language: compiled once, rendered often
 *
 * Handlebars as Handlebars.js 4.7 has it, with its built-in helpers (each,
 * if, unless, with, lookup, log), block parameters, inline partials and
 * partial blocks, without HTML escaping (contract 10.2).  What SES has beyond
 * it: an attribute that is printed but not in the data is an error, the
 * placeholders {{ses:openTracker}} and {{amazonSESUnsubscribeUrl}} stay as
 * they are, and a raw block {{{{raw}}}}...{{{{/raw}}}}, whatever its name,
 * prints its text.
 *
 * Nothing here blocks, and no template and no data can take more than the
 * limits say: the text is read in linear time, a rendering counts its steps.
 * Compiled templates and data do not change and may be used by any number of
 * threads at a time.
 */
#ifndef SES_TEMPLATE_TEMPLATE_H
#define SES_TEMPLATE_TEMPLATE_H

#include "base/buf.h"
#include "base/rc.h"

#define SES_TPL_TEXT_MAX (1u << 20) /* bytes of one text */
#define SES_TPL_DEPTH 256           /* blocks and sub-expressions, nested */

typedef struct ses_tpl_s ses_tpl_t;
typedef struct ses_tpl_data_s ses_tpl_data_t;

/* Where a text is no template: line and column count from 1, columns in
 * characters. */
typedef struct {
    unsigned line;
    unsigned column;
    ses_str_t text; /* what is wrong there, in the context's arena */
} ses_tpl_error_t;

/*
 * Compile text (which need not outlive the call) into arena, where *out lives
 * from then on.  SES_INVALID when text is no template: the reason is in
 * cx->why as "line L, column C: TEXT", and in *error unless that is NULL.
 */
SES_CHECK ses_rc_t ses_tpl_compile(ses_cx_t *cx, ses_arena_t *arena,
                                   ses_str_t text, const ses_tpl_t **out,
                                   ses_tpl_error_t *error);

/*
 * Template data: a JSON object, read strictly (base/json.h).  Lives in the
 * context's arena; json need not outlive the call.  SES_INVALID otherwise.
 */
SES_CHECK ses_rc_t ses_tpl_data(ses_cx_t *cx, ses_str_t json,
                                const ses_tpl_data_t **out);

/* The members of over, then those of base that over does not have: a bulk
 * entry's data over the default.  Both must live as long as the result. */
const ses_tpl_data_t *ses_tpl_data_over(ses_arena_t *arena,
                                        const ses_tpl_data_t *base,
                                        const ses_tpl_data_t *over);

/* What one rendering may take. */
typedef struct {
    int64_t steps;   /* nodes, iterations, look-ups; some 20 million a second */
    unsigned depth;  /* programs within programs, partials included */
    bool missing_ok; /* a missing attribute prints nothing, as Handlebars.js */
} ses_tpl_limits_t;

#define SES_TPL_STEPS 1000000
#define SES_TPL_RENDER_DEPTH 512

/*
 * Render t with data, appended to out; the output's bound is out's ceiling.
 * limits NULL means SES_TPL_STEPS and SES_TPL_RENDER_DEPTH.  Scratch memory
 * is the context's arena.
 *
 * SES_NOT_FOUND  an attribute that is printed is not in the data:
 *                "Attribute 'x' is not present in the rendering data."
 *                (contract 10.3).  Asking for it with if, unless, each, with
 *                or a section is no error.
 * SES_LIMIT      more steps, depth or output than allowed
 * SES_INVALID    anything else: a helper or partial that does not exist, ...
 *
 * Each with its text in cx->why.  out then holds a part, to be dropped.
 */
SES_CHECK ses_rc_t ses_tpl_render(ses_cx_t *cx, const ses_tpl_t *t,
                                  const ses_tpl_data_t *data,
                                  const ses_tpl_limits_t *limits,
                                  ses_buf_t *out);

/* --- compiled templates that are kept ---------------------------------- */

typedef struct ses_tpl_cache_s ses_tpl_cache_t;

/* A cache of at most max bytes, or a little more while more is in use. */
ses_tpl_cache_t *ses_tpl_cache_new(size_t max);
void ses_tpl_cache_free(ses_tpl_cache_t *cache); /* nothing may be in use */

/*
 * The compiled form of version of what key names (account, template and
 * part, say); text is compiled when it is not there.  An older version of key
 * is forgotten.  *out stays until it is given back with ses_tpl_cache_done.
 * Errors as from ses_tpl_compile; they are not kept.  Any thread.
 */
SES_CHECK ses_rc_t ses_tpl_cache_get(ses_cx_t *cx, ses_tpl_cache_t *cache,
                                     ses_str_t key, uint64_t version,
                                     ses_str_t text, const ses_tpl_t **out,
                                     ses_tpl_error_t *error);
void ses_tpl_cache_done(ses_tpl_cache_t *cache, const ses_tpl_t *t);

/* For tests and metrics. */
typedef struct {
    size_t bytes;
    size_t entries;
    uint64_t hits;
    uint64_t compiled;
} ses_tpl_cache_stats_t;

ses_tpl_cache_stats_t ses_tpl_cache_stats(ses_tpl_cache_t *cache);

#endif
