#ifndef SYNCD_CONFINE_H
#define SYNCD_CONFINE_H

#include "common/config/config.h"

/*
 * Confine this process (run.sandbox).  From then on it can read the system's
 * files and the folders of ${config_file} (may be NULL) and of the token's file,
 * write to store, log and run.dir, and connect to Airtable.  A reload can only
 * use files in these folders.
 */
void	confine_syncd(const struct config *, const char *config_file);

#endif
