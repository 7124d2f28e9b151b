#ifndef AIRTABLE_SIM_BASE_EDITOR_H
#define AIRTABLE_SIM_BASE_EDITOR_H

#include <cjson/cJSON.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "airtable-sim/base/random.h"
#include "common/base/buf.h"

/*
 * The foreign editor: somebody who works in the app all the time, for soak
 * tests.  Each of its actions is chosen by weight: an edit of one or two
 * cells of a record, a new order, a deletion, a paste of the same values into
 * many records, a change of the schema.  A thread of its own makes so many a
 * second (of real time); tests may also ask for some at once.  What it did is
 * kept in a ring, with times that can be compared with other programs'.
 */
#define SIM_EDITS_MAX	10000	/* entries in the ring */

enum sim_edit_kind {
	SIM_EDIT_CELLS, SIM_EDIT_CREATE, SIM_EDIT_DELETE, SIM_EDIT_PASTE, SIM_EDIT_SCHEMA,
	SIM_EDIT_KINDS
};

struct sim_state;

/* Under the data lock. */
struct sim_editor {
	double			 per_second;		/* 0: it rests */
	double			 calls_per_second;	/* API calls of another integration */
	int64_t			 weights[SIM_EDIT_KINDS];
	int64_t			 paste_records;
	struct sim_random	 random;
	uint64_t		 made[SIM_EDIT_KINDS], calls;
	uint64_t		 last;			/* number of the newest entry */
	char			*ring[SIM_EDITS_MAX];	/* JSON, by number modulo */
	pthread_cond_t		 changed;		/* of the rates, or it shall end */
	bool			 over;
};

/* False: no resources. */
bool	sim_editor_init(struct sim_editor *, uint64_t seed);
void	sim_editor_free(struct sim_editor *);
/* At rest, with default weights and an empty ring. */
void	sim_editor_reset(struct sim_editor *, uint64_t seed);
/* {"perSecond",...}: see door.h.  False: ${why} says what is wrong; nothing is changed. */
bool	sim_editor_set(struct sim_editor *, const cJSON *, const char **why);
/* One action now (data held). */
void	sim_editor_act(struct sim_state *, int64_t now_ms);
/* Rates, what was made, and the entries after ${since}, at most ${max}. */
void	sim_editor_json(struct buf *, const struct sim_editor *, uint64_t since, uint64_t max);

/* The thread that acts; NULL: no resources. */
struct sim_editing;
struct sim_editing *sim_editing_start(struct sim_state *);
void	sim_editing_stop(struct sim_editing *);

#endif
