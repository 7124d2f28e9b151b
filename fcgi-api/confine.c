#include <signal.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/sandbox/sandbox.h"
#include "fcgi-api/confine.h"

void
confine_worker(const struct config *config, bool spool)
{
	struct sandbox s = { .count = 0 };

	if (config->run.sandbox == SANDBOX_OFF)
		return;
	sandbox_permit(&s, config->store.path, SANDBOX_UPDATE);
	sandbox_permit_folder_of(&s, config->log.file, SANDBOX_WRITE);
	sandbox_permit(&s, config->api.share, SANDBOX_READ);
	sandbox_permit(&s, "/usr/share/zoneinfo", SANDBOX_READ);
	if (spool)
		sandbox_permit(&s, config->api.spool, SANDBOX_WRITE);
	if (sandbox_enter(&s) != ERR_OK)
		log_warn("this worker is not confined, or only in part");
}

void
confine_renew(void)
{
	if (!sandbox_outdated())
		return;
	log_info("the store's folder was replaced: this worker ends, and its "
	    "successor may use the new one");
	(void)kill(getpid(), SIGTERM);	/* to ourselves it can't fail */
}
