#ifndef SYNCD_CONFINE_H
#define SYNCD_CONFINE_H

#include "common/config/config.h"

/*
 * Confine this process (run.sandbox): it reads the system's files and its
 * configuration, ${config_file} (may be NULL) and the token's file; it writes
 * store, log and run.dir, and connects to Airtable.  A reload finds only what
 * is in these folders.
 */
void	confine_syncd(const struct config *, const char *config_file);

#endif
