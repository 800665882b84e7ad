/*
 * model - one call at process start
 */
#include "model/model.h"

#include "model/index.h"

void
ses_model_init(void)
{
    ses_journal_indexer(SES_DB_CREDENTIAL, ses_credential_index);
    ses_journal_indexer(SES_DB_IDENTITY, ses_identity_index);
    ses_journal_indexer(SES_DB_SUBSCRIPTION, ses_subscription_index);
    ses_journal_indexer(SES_DB_SUPPRESSION, ses_suppression_index);
}
