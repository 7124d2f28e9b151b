#ifndef FCGI_API_CONFINE_H
#define FCGI_API_CONFINE_H

#include "common/config/config.h"

/*
 * Confine this worker (run.sandbox): it reads the store, writes its readers'
 * table and its log, with ${spool} also exports in the making, and asks syncd.
 * To be called before it has threads and takes a request.
 */
void	confine_worker(const struct config *, bool spool);

/*
 * The store's folder is not the one that this worker may use: it asks itself
 * to end, and the one after it may.
 */
void	confine_renew(void);

#endif
