#ifndef AIRTABLE_SIM_FAULTS_H
#define AIRTABLE_SIM_FAULTS_H

/*
 * The door /_sim/: how tests make the simulated Airtable misbehave, play
 * other users of the base, and see what was asked of it.  JSON in and out,
 * no token, never rate limited, never in the request log.
 *
 * POST /_sim/faults    {"match":{"method":"PATCH","path":"Orders","nth":1,"times":1},
 *                       "action":"status","status":503,"body":...,"retryAfter":30,
 *                       "delayMs":0,"apply":false}
 *     The rule concerns calls with this method and this substring in their target
 *     (both optional): the nth that comes from now on, and times - 1 after it
 *     (0: all after it).  Of several rules the first that is due acts.  Answers {"id":n}.
 *     Calls that the limits refuse are not counted.  Actions:
 *       status       answer "status" with "body" (JSON or a string sent as it is; without
 *                    one Airtable's own for that status) and Retry-After if "retryAfter"
 *       drop_before  cut the connection; nothing was done
 *       drop_after   do it, then cut the connection
 *       hang         never answer (until "delayMs", 10 minutes at most, then cut)
 *       truncate     do it; half of the body, then cut
 *       slow         do it; the body in ten pieces over "delayMs"
 *       garbage      200 and bytes that are not JSON
 *       empty        200 and no body
 *       html         "status" (502) and a gateway's page
 *       wrong_types  do it; ids become numbers, fields arrays, offset an object
 *     "apply":true does the call's work first (apply, then 503); "delayMs" of the other
 *     actions is waited before answering.
 * GET /_sim/faults     the rules and how often each acted
 * DELETE /_sim/faults  forget all rules
 * POST /_sim/expire-iterators   every listing under way is lost, as by a restart
 * POST /_sim/edit      {"id","fields":{..},"raw":false,"silent":false} as another user in the
 *                      app: select options are added as needed.  raw: any JSON into any field,
 *                      computed ones too (null puts the computation back).  silent: the
 *                      modification time stays.  Or {"records":[{"id","fields"},...],...}.
 * POST /_sim/create    {"fields":{..}?,"count":1,"raw":false}: without fields, generated
 *                      orders.  Answers {"ids":[..]}
 * POST /_sim/delete    {"ids":[..]}, or {"all":true}.  Answers {"deleted":n}
 * POST /_sim/schema    {"rename":{"field","name"}} | {"remove":{"field"}} |
 *                      {"addOption":{"field","name"}} |
 *                      {"renameOption":{"field","from","to"}}
 *   edit, create, delete and schema take "table" (name or id; the first one by default).
 * POST /_sim/settings  {"rate":0,...}: see --help for all names.  GET /_sim/settings
 * POST /_sim/tokens    {"token","scopes":["data.records:read",..]?,"bases":["app.."]?,
 *                      "valid":true}: a further token, or another idea of a known one
 * POST /_sim/consume   {"calls":n}: calls of another integration on the base, now
 * POST /_sim/clock     {"advanceMs":n} | {"set":"2026-11-20T10:00:00.000Z" or ms}; GET /_sim/clock
 * GET /_sim/log?since=N&max=M    {"last":seq,"entries":[{"seq","arrivalMs","simulated",
 *                      "simulatedMs","durationMs","method","path","status","records"}]};
 *                      status 0: not answered yet, -1: connection cut
 * GET /_sim/stats      {"requests","maxPerSecond","rejected429","rejectedQuota",
 *                      "callsThisMonth","records",...}
 * GET /_sim/dump?table=T   every record, one JSON object a line
 * POST /_sim/reset     {"orders":n?,"seed":n?}: all as it was at the start
 */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define SIM_FAULTS_MAX		64
#define SIM_HANG_MAX_MS		600000

enum sim_action {
	SIM_NO_FAULT, SIM_STATUS, SIM_DROP_BEFORE, SIM_DROP_AFTER, SIM_HANG, SIM_TRUNCATE,
	SIM_SLOW, SIM_GARBAGE, SIM_EMPTY_BODY, SIM_HTML, SIM_WRONG_TYPES, SIM_ACTIONS
};

struct sim_fault {
	uint64_t	 id;
	char		 method[8];	/* "": any */
	char		 path[256];	/* substring; "": any */
	uint64_t	 nth, times;
	uint64_t	 seen, acted;
	enum sim_action	 action;
	int		 status;
	long		 retry_after;
	int64_t		 delay_ms;
	bool		 apply;
	char		*body;		/* NULL: none given */
};

/* A zeroed one has no rules. */
struct sim_faults {
	struct sim_fault	list[SIM_FAULTS_MAX];
	size_t			count;
	uint64_t		next_id;
};

/* Add a rule.  False: ${why} says what is wrong with it. */
bool	sim_faults_add(struct sim_faults *, const cJSON *rule, uint64_t *id, const char **why);
void	sim_faults_clear(struct sim_faults *);
/* Count the call; the rule that concerns it, NULL: none. */
const struct sim_fault *sim_faults_match(struct sim_faults *, const char *method,
	    const char *target);
void	sim_faults_json(struct buf *, const struct sim_faults *);
/* The door as above, for --help. */
extern const char sim_door_help[];

#endif
