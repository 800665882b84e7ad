/*
 * model - one call at process start, before any thread or store
 */
#ifndef SES_MODEL_MODEL_H
#define SES_MODEL_MODEL_H

/* Registers the indexers of the control tables with the journal. */
void ses_model_init(void);

#endif
