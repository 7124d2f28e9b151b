#ifndef AIRTABLE_SIM_FORMULA_TREE_H
#define AIRTABLE_SIM_FORMULA_TREE_H

#include "airtable-sim/formula/formula.h"

/*
 * Inside formula*.c only: the parsed tree and the values that come out of
 * it.  Nodes and arguments live in two arrays of the formula and name each
 * other by place; children always come before their parent.
 */
enum fnode_kind {
	FNODE_NUMBER, FNODE_TEXT, FNODE_FIELD, FNODE_VALUES, FNODE_NEGATE, FNODE_BINARY, FNODE_CALL
};
enum fop { FOP_EQ, FOP_NE, FOP_LT, FOP_GT, FOP_LE, FOP_GE, FOP_JOIN, FOP_ADD, FOP_SUB, FOP_MUL, FOP_DIV };

struct ffunction;
struct fregex;

struct fnode {
	enum fnode_kind			 kind;
	enum fop			 op;		/* FNODE_BINARY */
	uint32_t			 depth;		/* 1: a leaf */
	uint32_t			 arg, arg_count; /* args[arg] ... */
	const struct ffunction		*function;	/* FNODE_CALL */
	struct fregex			*regex;		/* of a call whose pattern is a constant; NULL: none */
	union {
		double			 number;
		size_t			 field;
		struct {
			size_t		 at, len;	/* in formula->texts */
		} text;
	};
};

struct formula {
	struct fnode	*nodes;
	size_t		 node_count, node_capacity;
	uint32_t	*args;
	size_t		 arg_count, arg_capacity;
	struct buf	 texts;
	uint32_t	 root;
};

enum fvalue_kind { FV_BLANK, FV_NUMBER, FV_TEXT, FV_DATE, FV_LIST, FV_ERROR };

/* Texts and lists are in the formula, the row or the evaluation's scratch. */
struct fvalue {
	enum fvalue_kind	 kind;
	double			 number;
	int64_t			 date;
	struct str		 text;
	struct str		 zone, locale;	/* FV_DATE: for who writes it; len 0: UTC, English */
	const struct fvalue	*items;		/* FV_LIST */
	size_t			 count;
};

struct fblock;

struct feval {
	const struct formula		*formula;
	const struct formula_context	*context;
	struct fblock			*scratch;	/* freed when the evaluation ends */
	unsigned			 level;		/* computed fields within computed fields */
	unsigned			 reads;		/* linked records that were looked at */
	struct fvalue			 values;	/* FNODE_VALUES: what a rollup looked up */
};

struct ffunction {
	const char	*name;
	uint8_t		 min, max;	/* arguments; FARGS_ANY: no upper bound */
	struct fvalue	(*call)(struct feval *, const struct fnode *);
};
#define FARGS_ANY	255

/* Each ended by a NULL name. */
extern const struct ffunction	ffunction_logic[], ffunction_texts[], ffunction_numbers[],
				ffunction_lists[], ffunction_regexes[], ffunction_dates[];
/* By name, in any case; NULL: none. */
const struct ffunction	*ffunction_find(struct str name);

struct fvalue	 feval_node(struct feval *, uint32_t node);
/* What the row's field at that place holds, or works out to. */
struct fvalue	 feval_field(struct feval *, size_t place);
struct fvalue	 feval_arg(struct feval *, const struct fnode *, uint32_t i);
/* Argument ${i} as text, as a number; false: it can't be one. */
bool		 feval_text_arg(struct feval *, const struct fnode *, uint32_t i, struct str *);
bool		 feval_number_arg(struct feval *, const struct fnode *, uint32_t i, double *);
/* Bytes until the evaluation ends; NULL: too many or out of memory. */
char		*feval_alloc(struct feval *, size_t);
/* The same for ${count} values. */
struct fvalue	*feval_items(struct feval *, size_t count);
struct fvalue	 feval_join(struct feval *, struct str, struct str);
/* What the buf holds as a text; the buf is freed. */
struct fvalue	 feval_keep(struct feval *, struct buf *);
/* The argument as a place or count of characters, cut to +-2^30; false: it is none. */
bool		 feval_count_arg(struct feval *, const struct fnode *, uint32_t i, int64_t *);
/*
 * Each value among the arguments, lists taken apart; false when ${each} was
 * false for one, which ends it.
 */
bool		 feval_each(struct feval *, const struct fnode *,
		    bool (*each)(void *cookie, const struct fvalue *), void *cookie);

struct fvalue	 fvalue_number(double);
struct fvalue	 fvalue_text(struct str);
struct fvalue	 fvalue_date(int64_t ms);
struct fvalue	 fvalue_error(void);
/* As text, number, date; false (or an ERROR) when it can't be one. */
bool		 fvalue_as_text(struct feval *, const struct fvalue *, struct str *);
bool		 fvalue_as_number(const struct fvalue *, double *);
bool		 fvalue_as_date(const struct fvalue *, int64_t *);
bool		 fvalue_true(const struct fvalue *);
bool		 fvalue_same(struct feval *, const struct fvalue *, const struct fvalue *);

/* The pattern, ready to use; NULL: it is none, or out of memory. */
struct fregex	*fregex_new(struct str pattern);
void		 fregex_free(struct fregex *);	/* NULL is allowed */
/* Does the function take a pattern as its second argument? */
bool		 ffunction_has_pattern(const struct ffunction *);

#endif
