/*
 * poolfile - source addresses as files of Postfix: the map of labels, and
 * their transports in master.cf
 */
#ifndef SES_AGENT_POOLFILE_H
#define SES_AGENT_POOLFILE_H

#include "base/conf.h"

#define POOLFILE_SOURCES 256

/* What the agent says of an address; nothing of it is trusted. */
typedef struct {
    uint32_t number;
    char address[48];
    char helo[256]; /* "" = Postfix's own */
    char mark[8];   /* of its label; "" = none */
} poolfile_source_t;

/*
 * In a process that is root: make both files name exactly these addresses.
 * When that changes anything, reload Postfix and wait until none of its
 * resolvers is left that has not read them.  False = try again.
 */
bool poolfile_apply(const ses_conf_t *conf, const poolfile_source_t *v,
                    unsigned n);

#endif
