#ifndef TESTS_LIB_ORDERS_MADE_H
#define TESTS_LIB_ORDERS_MADE_H

#include "common/base/buf.h"
#include "common/config/config.h"
#include "common/store/store.h"
#include "syncd/apply/apply.h"

/* Orders and stores for tests, repeatable from a seed. */

struct made_order {
	struct record	r;
	char		id[18], order_id[32], customer[64];
};

/* Order number ${n}, drawn from *seed: some fields are empty, names repeat, some texts are odd. */
void		made_order(struct made_order *, unsigned n, uint64_t *seed);
/* The next pseudo-random number below ${below}. */
uint64_t	made_random(uint64_t *seed, uint64_t below);

/* A configuration with a store in ${dir}. */
void		made_config(struct config *, const char *dir);

/* Apply and expect success. */
struct apply_result	made_apply(struct apply *, const struct change *, size_t n);

#endif
