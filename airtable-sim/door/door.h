#ifndef AIRTABLE_SIM_DOOR_DOOR_H
#define AIRTABLE_SIM_DOOR_DOOR_H

/*
 * The door /_sim/: how tests make the simulated Airtable misbehave, play
 * other users of the base, and see what was asked of it.  JSON in and out
 * (200, or 400 with the reason), no token, never rate limited, never in the
 * request log.
 *
 * Faults
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
 *       wrong_types  do it; ids become numbers, fields arrays, offset an object; of payloads
 *                    changedTablesById an array, baseTransactionNumber and cursor objects
 *     "apply":true does the call's work first (apply, then 503); "delayMs" of the other
 *     actions is waited before answering.
 * GET /_sim/faults     the rules and how often each acted
 * DELETE /_sim/faults  forget all rules
 * POST /_sim/expire-iterators   every listing under way is lost, as by a restart
 *
 * Other users.  Each command is one action of one user, so one transaction for the
 * webhooks.  All take "table" (name or id; the first one by default), "source" (client by
 * default; any word of fromSources), "user" (a name, whom the base has among its
 * collaborators from then on; with client there is always one) and
 * "unseen":true (no payload, and edits leave the modification time: nobody can notice but
 * by looking at the records).
 * POST /_sim/edit      {"id","fields":{..},"raw":false,"silent":false} as another user in the
 *                      app: select options are added as needed.  raw: any JSON into any field,
 *                      computed ones too (null puts the computation back).  silent: the
 *                      modification time stays.  Or {"records":[{"id","fields"},...],...}: a
 *                      paste.  Answers {"edited":n}
 * POST /_sim/create    {"fields":{..}?,"count":1,"raw":false}: without fields, generated
 *                      orders.  Answers {"ids":[..]}
 * POST /_sim/delete    {"ids":[..]}, or {"all":true}.  Answers {"deleted":n}
 * POST /_sim/restore   the same from the bin, ids as they were.  Answers {"restored":n}
 * POST /_sim/schema    {"rename":{"field","name"}} | {"remove":{"field"}} |
 *                      {"restore":{"field"}}: a removed one is back, with id and cells, links
 *                      with a new inverse |
 *                      {"formula":{"field","formula"}}: it is worked out by that now; webhooks
 *                      hear that the field was changed, and nothing of its cells |
 *                      {"retype":{"field","type","options"?,"touch"?}}: cells are converted,
 *                      which counts as a change of the records with "touch" |
 *                      {"add":{"name","type","options"?}}: computed ones, too, see
 *                      sim_field_create() | {"addOption":{"field","name"}} |
 *                      {"renameOption":{"field","from","to"}} | {"removeOption":{"field","name"}} |
 *                      {"renameTable":{"name"}} | {"removeTable":{}} |
 *                      {"addTable":{"name","fields":[..]}}, or several of them.
 *                      Answers {"changes":n,"ids":[of what is new]}
 *
 * The foreign editor: somebody who works in the first table all the time
 * POST /_sim/editor    {"perSecond":20,"callsPerSecond":0,"edit":900,"create":50,"delete":45,
 *                      "paste":5,"schema":0,"pasteRecords":500,"seed":n,"now":n}
 *                      perSecond: random actions (real time; 0, the default: none);
 *                      callsPerSecond: API calls of another integration, which use up the
 *                      rate; edit to schema: weights of the actions (one or two cells of a
 *                      record, a new order, a deletion, one value into pasteRecords records,
 *                      a field renamed or an option added); now: so many actions at once.
 *                      What is not named stays.  Answers as GET, with the entries of now.
 * GET /_sim/editor?since=N&max=M   {"perSecond",..,"weights":{..},"made":{kind: n},"calls",
 *                      "last":seq,"entries":[{"seq","atMs","simulatedMs","kind","ids":[..],
 *                      "fields":{field id: value}}]}: the newest 10000.  atMs is the real
 *                      clock's ms since 1970; ids are those whose cells became other ones
 *
 * Webhooks
 * GET /_sim/webhooks   the listing, and of each "macSecretBase64", "firstKept" (number of its
 *                      oldest payload), "kept", "keptBytes",
 *                      "pings":{"sent","failed","retries","inFlight","nextAt"}
 * POST /_sim/webhooks  {"action","id"?}: without id, to all of them.  Answers {"webhooks":n}.
 *       delete       somebody else deletes it
 *       expire       its time is over now
 *       lose         its payloads are lost, but for the newest "keep" (0)
 *       break        it is disabled behind an error payload of "code" (setting brokenCode)
 *       error        an error payload of "code" (INTERNAL_ERROR), and it goes on
 *       ping         a spurious ping
 *       create       "count" (1) webhooks of somebody else, while there is room.  Answers
 *                    {"ids":[..]}
 *
 * Settings, clock, limits
 * POST /_sim/settings  {"rate":0,...}: see --help for all names.  GET /_sim/settings
 * POST /_sim/tokens    {"token","scopes":["data.records:read",..]?,"bases":["app.."]?,
 *                      "valid":true}: a further token, or another idea of a known one
 * POST /_sim/consume   {"calls":n}: calls of another integration on the base, now
 * POST /_sim/clock     {"advanceMs":n} | {"set":"2026-11-20T10:00:00.000Z" or ms}; GET /_sim/clock.
 *                      By this clock webhooks and payloads grow old, pings are due, months end
 * POST /_sim/reset     {"orders":n?,"seed":n?,"tables":"shop,everything"?}: all as it was at the
 *                      start; no webhooks, the editor rests
 *
 * What happened
 * GET /_sim/log?since=N&max=M    {"last":seq,"entries":[{"seq","arrivalMs","simulated",
 *                      "simulatedMs","durationMs","method","path","status","records"}]};
 *                      status 0: not answered yet, -1: connection cut
 * GET /_sim/stats      {"requests","maxPerSecond","rejected429","rejectedQuota",
 *                      "callsThisMonth","records","transactions","webhooks",...}
 * GET /_sim/dump?table=T   every record, one JSON object a line
 */
#include "airtable-sim/api/api.h"

/* Is the request for the door? */
bool	door_is_it(const struct sim_request *);
/*
 * Serve everything but the dump, which is streamed (http.c).  Takes both
 * locks itself.
 */
void	door_serve(struct sim_state *, const struct sim_request *, struct sim_reply *);
/* Is it GET /_sim/dump?  Then *table is the table asked for, len 0: the first one. */
bool	door_is_dump(const struct sim_request *, struct str *table);
/*
 * Some lines of the dump from slot *next on, which is moved (data held).
 * Nothing is added at the end.
 */
void	door_dump_some(const struct sim_table *, uint32_t *next, int64_t now_ms, struct buf *);
/* The commands, for --help. */
extern const char sim_door_help[];

#endif
