/*
 * space - what JavaScript's \s means, in UTF-8
 */
#ifndef SES_TEMPLATE_SPACE_H
#define SES_TEMPLATE_SPACE_H

#include "base/str.h"

/* Bytes of the blank character at the head of p .. end, or 0. */
size_t tpl_space(const char *p, const char *end);
/* Bytes of the blank character that ends at end, or 0. */
size_t tpl_space_before(const char *p, const char *end);
/* Where the blanks that start at p end. */
const char *tpl_space_skip(const char *p, const char *end);
/* Where the blanks that end at end start. */
const char *tpl_space_back(const char *p, const char *end);

#endif
