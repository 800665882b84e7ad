/*
 * simulator - which recipients are mailboxes of the simulator
 */
#ifndef SES_POLICY_SIMULATOR_H
#define SES_POLICY_SIMULATOR_H

#include "base/conf.h"
#include "model/message.h"
#include "policy/address.h"

/* Contract 4.13; SES_SIM_NONE when a is somebody real.  own is the site's
 * name for the simulator's domain, "" = none but the service's. */
ses_simulated_t ses_simulator_kind(ses_str_t own, const ses_address_t *a);

#endif
