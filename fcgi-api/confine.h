#ifndef FCGI_API_CONFINE_H
#define FCGI_API_CONFINE_H

#include "common/config/config.h"

/*
 * Confine this worker (run.sandbox): it may read the store, write the store's
 * table of readers and its log, with ${spool} also exports in the making, and
 * ask syncd.  Call it before the worker has threads or takes a request.
 */
void	confine_worker(const struct config *, bool spool);

/*
 * To be called when the store can't be opened.  If the store's folder was
 * replaced, this worker may not use the new one: it sends itself SIGTERM, and
 * its successor may.
 */
void	confine_renew(void);

#endif
