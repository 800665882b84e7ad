/*
 * peer - may the agent connect to this address?
 *
 * Endpoints are chosen by customers.  Without this check a subscription
 * would reach whatever the host itself reaches: its own services, the
 * private network, a cloud's metadata address.
 */
#ifndef SES_AGENT_PEER_H
#define SES_AGENT_PEER_H

#include <stdbool.h>
#include <sys/socket.h>

/* True for addresses of the public Internet only (RFC 6890 and the IANA
 * registries of special-purpose addresses). */
bool peer_public(const struct sockaddr *sa);

#endif
