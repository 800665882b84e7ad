/*
 * mime - compose a message: header fields, text, HTML, attachments
 *
 * What is composed is 7-bit, with CRLF lines of at most 76 characters
 * wherever they can be folded, and never more than 998.  Input is UTF-8;
 * each text is converted to the charset its author named.
 */
#ifndef SES_API_MIME_H
#define SES_API_MIME_H

#include "base/buf.h"
#include "base/rc.h"
#include "policy/address.h"
#include "policy/headers.h"

/* --- charsets (mime_charset.c) ----------------------------------------- */

typedef struct mime_charset_s mime_charset_t;

/* By MIME name in any case, "" = US-ASCII.  NULL when not supported. */
const mime_charset_t *mime_charset(ses_str_t name);
const char *mime_charset_name(const mime_charset_t *c);
/* UTF-8 to c.  False when a character is not in it; what is returned may be
 * the input itself. */
bool mime_convert(ses_arena_t *a, const mime_charset_t *c, ses_str_t utf8,
                  ses_str_t *out);

/* --- encodings (mime_encode.c) ----------------------------------------- */

typedef enum { MIME_7BIT, MIME_QP, MIME_BASE64 } mime_cte_t;

const char *mime_cte_name(mime_cte_t e);
/* The shortest encoding for text with CRLF line ends. */
mime_cte_t mime_cte_text(ses_str_t s);
/* May s go as it is, no line longer than max? (CRLF line ends, 7-bit) */
bool mime_clean(ses_str_t s, size_t max);
void mime_encode(ses_buf_t *b, mime_cte_t e, ses_str_t s);
/* Every CR, LF or CRLF as CRLF. */
ses_str_t mime_crlf(ses_arena_t *a, ses_str_t s);

/* --- header fields (mime_header.c) ------------------------------------- */

/* "Name: " and text, folded; encoded words when it is not ASCII or does not
 * fold.  c converts all of utf8; NULL = never encode, it is ASCII. */
void mime_field(ses_buf_t *b, const char *name, const mime_charset_t *c,
                ses_str_t utf8);
/* "Name: a, b <c>" folded; display names beyond ASCII as encoded words. */
void mime_addresses(ses_buf_t *b, const char *name, const ses_address_t *v,
                    unsigned n);
/* "; name=value" on a line of its own, RFC 2231 where needed. */
void mime_param(ses_buf_t *b, const char *name, ses_str_t utf8);

/* --- types (mime_type.c) ----------------------------------------------- */

/* By a file name's extension; application/octet-stream when unknown. */
const char *mime_type_of(ses_str_t file_name);
/* "type/subtype" and parameters, nothing that could end the field? */
bool mime_type_valid(ses_str_t type);

/* --- the message (mime.c) ---------------------------------------------- */

typedef struct {
    const mime_charset_t *charset; /* NULL = absent */
    ses_str_t utf8;
} mime_text_t;

typedef struct {
    ses_str_t bytes;
    ses_str_t file_name; /* UTF-8 */
    ses_str_t type;
    ses_str_t description; /* UTF-8, "" = none */
    ses_str_t id;          /* without brackets, "" = none */
    bool is_inline;
    mime_cte_t cte;
} mime_attachment_t;

typedef struct {
    const ses_address_t *from; /* one */
    const ses_address_t *to, *cc, *reply_to;
    unsigned nto, ncc, nreply_to;
    mime_text_t subject, text, html;
    const ses_header_t *headers; /* the client's own */
    unsigned nheaders;
    const mime_attachment_t *attachments;
    unsigned nattachments;
} mime_message_t;

/* Append header and body. */
void mime_compose(ses_cx_t *cx, ses_buf_t *b, const mime_message_t *m);

#endif
