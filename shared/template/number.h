/*
 * number - a number as JavaScript prints it, and reads it
 */
#ifndef SES_TEMPLATE_NUMBER_H
#define SES_TEMPLATE_NUMBER_H

#include "base/str.h"

#define TPL_NUMBER_MAX 32

/* String(v): the shortest digits that read back.  Returns their number;
 * out is not terminated. */
size_t tpl_number_format(double v, char out[TPL_NUMBER_MAX]);

/* Number(s), NaN when s is no number.  Texts of more than 1,000 characters
 * without their blanks are none. */
double tpl_number_parse(ses_str_t s);

#endif
