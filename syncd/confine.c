#include "common/base/log.h"
#include "common/sandbox/sandbox.h"
#include "syncd/confine.h"

/* Resolver, certificates, time zones and the libraries that glibc loads late. */
static const char *const system_folders[] = {
	"/etc", "/usr", "/lib", "/lib64", "/run", "/var/lib/ca-certificates", "/dev"
};

void
confine_syncd(const struct config *config, const char *config_file)
{
	struct sandbox s = { .network = true };

	if (config->run.sandbox == SANDBOX_OFF)
		return;
	for (size_t i = 0; i < sizeof(system_folders) / sizeof(system_folders[0]); i++)
		sandbox_permit(&s, system_folders[i], SANDBOX_READ);
	if (config_file != NULL)
		sandbox_permit_folder_of(&s, config_file, SANDBOX_READ);
	sandbox_permit_folder_of(&s, config->airtable.token_file, SANDBOX_READ);
	sandbox_permit(&s, config->store.path, SANDBOX_WRITE);
	sandbox_permit(&s, config->run.dir, SANDBOX_WRITE);
	sandbox_permit_folder_of(&s, config->log.file, SANDBOX_WRITE);
	if (sandbox_enter(&s) != ERR_OK)
		log_warn("start: syncd is not confined, or only in part");
}
