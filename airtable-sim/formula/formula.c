#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "airtable-sim/formula/tree.h"
#include "common/base/vec.h"

#define NO_NODE		UINT32_MAX

struct parser {
	struct str		 in;
	size_t			 at;
	const struct sim_table	*table;
	struct formula		*formula;
	unsigned		 nest;
	bool			 rollup;	/* "values" is what was looked up */
	bool			 nomem;
	bool			 fields_missing, functions_missing;
	struct buf		 unknown;	/* names of unknown fields, ", " between */
	struct buf		 functions;	/* of unknown functions */
};

void
formula_free(struct formula *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->node_count; i++)
		fregex_free(f->nodes[i].regex);
	free(f->nodes);
	free(f->args);
	buf_free(&f->texts);
	free(f);
}

static char
peek(const struct parser *p)
{
	return p->at < p->in.len ? p->in.ptr[p->at] : '\0';
}

static void
skip_space(struct parser *p)
{
	while (p->at < p->in.len && strchr(" \t\r\n", p->in.ptr[p->at]) != NULL &&
	    p->in.ptr[p->at] != '\0')
		p->at++;
}

static bool
take(struct parser *p, const char *token)
{
	size_t n = strlen(token);

	skip_space(p);
	if (p->in.len - p->at < n || memcmp(p->in.ptr + p->at, token, n) != 0)
		return false;
	p->at += n;
	return true;
}

/* Append a node whose children are ${children}. */
static uint32_t
add_node(struct parser *p, struct fnode node, const uint32_t *children, size_t n)
{
	struct formula *f = p->formula;

	node.depth = 1;
	node.arg = (uint32_t)f->arg_count;
	node.arg_count = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		uint32_t deep = f->nodes[children[i]].depth + 1;

		if (deep > node.depth)
			node.depth = deep;
		if (!vec_room(&f->args, f->arg_count, &f->arg_capacity)) {
			p->nomem = true;
			return NO_NODE;
		}
		f->args[f->arg_count++] = children[i];
	}
	if (node.depth > FORMULA_DEPTH_MAX)
		return NO_NODE;
	if (!vec_room(&f->nodes, f->node_count, &f->node_capacity)) {
		p->nomem = true;
		return NO_NODE;
	}
	f->nodes[f->node_count] = node;
	return (uint32_t)f->node_count++;
}

static uint32_t	parse_operators(struct parser *, int min_rank);

/* Text up to ${end}, backslash escapes resolved, into the formula's texts. */
static bool
parse_quoted(struct parser *p, char end, struct fnode *node)
{
	struct buf *texts = &p->formula->texts;

	node->text.at = texts->len;
	while (p->at < p->in.len) {
		char c = p->in.ptr[p->at++];

		if (c == end) {
			node->text.len = texts->len - node->text.at;
			return buf_status(texts) == ERR_OK;
		}
		if (c == '\\' && p->at < p->in.len) {
			c = p->in.ptr[p->at++];
			c = (char)(c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c);
		}
		buf_add_char(texts, c);
	}
	return false;
}

/* One more unknown name, as Airtable writes it; all are reported together. */
static void
note_unknown(struct buf *names, struct str name)
{
	if (names->len > 0)
		buf_add_cstr(names, ", ");
	for (size_t i = 0; i < name.len; i++)
		buf_add_char(names, (char)tolower((unsigned char)name.ptr[i]));
}

static uint32_t
field_node(struct parser *p, struct str name)
{
	struct fnode node = { .kind = FNODE_FIELD };
	int field = sim_table_field(p->table, name);

	if (p->rollup && name.len == 6 && strncasecmp(name.ptr, "values", 6) == 0) {
		node.kind = FNODE_VALUES;
		return add_node(p, node, NULL, 0);
	}
	if (field < 0) {
		note_unknown(&p->unknown, name);
		p->fields_missing = true;
		field = 0;
	}
	node.field = (size_t)field;
	return add_node(p, node, NULL, 0);
}

static uint32_t
parse_number(struct parser *p)
{
	struct fnode node = { .kind = FNODE_NUMBER };
	char text[64], *end;
	size_t n = p->in.len - p->at;

	if (n > sizeof(text) - 1)
		n = sizeof(text) - 1;
	memcpy(text, p->in.ptr + p->at, n);
	text[n] = '\0';
	text[strspn(text, "0123456789.eE+-")] = '\0';	/* no hex, no "inf" */
	node.number = strtod(text, &end);
	if (end == text)
		return NO_NODE;
	p->at += (size_t)(end - text);
	return add_node(p, node, NULL, 0);
}

/* A pattern that is the same for all rows is made ready once. */
static void
prepare(struct parser *p, uint32_t call)
{
	const struct formula *f = p->formula;
	struct fnode *n = &f->nodes[call];
	const struct fnode *pattern;

	if (n->arg_count < 2 || !ffunction_has_pattern(n->function))
		return;
	pattern = &f->nodes[f->args[n->arg + 1]];
	if (pattern->kind == FNODE_TEXT && pattern->text.len > 0)
		n->regex = fregex_new((struct str){ f->texts.data + pattern->text.at, pattern->text.len });
}

static bool
takes(const struct ffunction *function, size_t n)
{
	return n >= function->min && (function->max == FARGS_ANY || n <= function->max);
}

/* The arguments behind "(", the ")" included; a NULL function takes any. */
static uint32_t
parse_call(struct parser *p, const struct ffunction *function)
{
	struct fnode node = { .kind = FNODE_CALL, .function = function };
	uint32_t *args = NULL, made = NO_NODE;
	size_t n = 0, capacity = 0;

	if (!take(p, ")")) {
		do {
			uint32_t child = parse_operators(p, 0);

			if (child == NO_NODE)
				goto out;
			if (!vec_room(&args, n, &capacity)) {
				p->nomem = true;
				goto out;
			}
			args[n++] = child;
		} while (take(p, ","));
		if (!take(p, ")"))
			goto out;
	}
	if (function == NULL)
		node.kind = FNODE_NUMBER;	/* never evaluated: the formula will be refused */
	else if (!takes(function, n))
		goto out;
	if ((made = add_node(p, node, args, n)) != NO_NODE && function != NULL)
		prepare(p, made);
out:
	free(args);
	return made;
}

/* A function call, or the name of a field without braces. */
static uint32_t
parse_word(struct parser *p)
{
	const struct ffunction *function;
	struct str word = { p->in.ptr + p->at, 0 };

	while (p->at < p->in.len) {
		unsigned char c = (unsigned char)p->in.ptr[p->at];

		if (!isalnum(c) && c != '_' && c < 0x80)
			break;
		p->at++;
		word.len++;
	}
	if (word.len == 0)
		return NO_NODE;
	if (!take(p, "("))
		return field_node(p, word);
	if ((function = ffunction_find(word)) == NULL) {
		note_unknown(&p->functions, word);
		p->functions_missing = true;
	}
	return parse_call(p, function);
}

static uint32_t
parse_braces(struct parser *p)
{
	struct fnode name = { 0 };
	struct buf *texts = &p->formula->texts;

	if (!parse_quoted(p, '}', &name))
		return NO_NODE;
	if (name.text.len == 0)
		return field_node(p, STR(""));
	return field_node(p, (struct str){ texts->data + name.text.at, name.text.len });
}

static uint32_t
parse_primary(struct parser *p)
{
	struct fnode node = { .kind = FNODE_TEXT };
	uint32_t inner;
	char c;

	skip_space(p);
	c = peek(p);
	switch (c) {
	case '(':
		p->at++;
		inner = parse_operators(p, 0);
		return inner != NO_NODE && take(p, ")") ? inner : NO_NODE;
	case '\'':
	case '"':
		p->at++;
		return parse_quoted(p, c, &node) ? add_node(p, node, NULL, 0) : NO_NODE;
	case '{':
		p->at++;
		return parse_braces(p);
	case '-':
	case '+':
		p->at++;
		if ((inner = parse_operators(p, 4)) == NO_NODE || c == '+')
			return inner;
		node.kind = FNODE_NEGATE;
		return add_node(p, node, &inner, 1);
	default:
		return (c >= '0' && c <= '9') || c == '.' ? parse_number(p) : parse_word(p);
	}
}

/* The operator that comes next, if it binds at least as tight as min_rank. */
static bool
take_operator(struct parser *p, int min_rank, enum fop *op, int *rank)
{
	static const struct {
		const char	*token;
		enum fop	 op;
		int		 rank;
	} operators[] = {	/* longer tokens first */
		{ "!=", FOP_NE, 0 }, { "<=", FOP_LE, 0 }, { ">=", FOP_GE, 0 },
		{ "=", FOP_EQ, 0 }, { "<", FOP_LT, 0 }, { ">", FOP_GT, 0 },
		{ "&", FOP_JOIN, 1 }, { "+", FOP_ADD, 2 }, { "-", FOP_SUB, 2 },
		{ "*", FOP_MUL, 3 }, { "/", FOP_DIV, 3 },
	};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (operators[i].rank >= min_rank && take(p, operators[i].token)) {
			*op = operators[i].op;
			*rank = operators[i].rank;
			return true;
		}
	return false;
}

/* Precedence climbing; ranks: comparison 0, & 1, + - 2, * / 3, unary 4. */
static uint32_t
parse_operators(struct parser *p, int min_rank)
{
	struct fnode node = { .kind = FNODE_BINARY };
	uint32_t sides[2], made = NO_NODE;
	int rank;

	if (p->nest == FORMULA_DEPTH_MAX)
		return NO_NODE;
	p->nest++;
	if ((sides[0] = parse_primary(p)) == NO_NODE)
		goto out;
	while (take_operator(p, min_rank, &node.op, &rank)) {
		if ((sides[1] = parse_operators(p, rank + 1)) == NO_NODE ||
		    (sides[0] = add_node(p, node, sides, 2)) == NO_NODE)
			goto out;
	}
	made = sides[0];
out:
	p->nest--;
	return made;
}

/* Why the formula is refused; ERR_OK: it is not. */
static enum err
judge(const struct parser *p, struct buf *why)
{
	static const char prefix[] = "The formula for filtering records is invalid: ";
	bool broken = p->formula->root == NO_NODE || p->at != p->in.len;

	if (p->nomem || buf_status(&p->formula->texts) != ERR_OK ||
	    buf_status(&p->unknown) != ERR_OK || buf_status(&p->functions) != ERR_OK)
		return ERR_NOMEM;
	if (!broken && !p->functions_missing && !p->fields_missing)
		return ERR_OK;
	if (why == NULL)
		return ERR_INVALID_PARAMETER;
	buf_add_cstr(why, prefix);
	if (broken) {
		buf_add_cstr(why, "Invalid formula. Please check your formula text.");
	} else if (p->functions_missing) {
		buf_add_cstr(why, "Unknown function names: ");
		buf_add_str(why, buf_str(&p->functions));
	} else {
		buf_add_cstr(why, "Unknown field names: ");
		buf_add_str(why, buf_str(&p->unknown));
	}
	return ERR_INVALID_PARAMETER;
}

static enum err
parse(struct parser *p, struct formula **out, struct buf *why)
{
	enum err err;

	if ((p->formula = calloc(1, sizeof(*p->formula))) == NULL)
		return ERR_NOMEM;
	p->formula->root = parse_operators(p, 0);
	skip_space(p);
	err = judge(p, why);
	buf_free(&p->unknown);
	buf_free(&p->functions);
	if (err == ERR_OK)
		*out = p->formula;
	else
		formula_free(p->formula);
	return err;
}

enum err
formula_parse(struct str text, const struct sim_table *table, struct formula **out, struct buf *why)
{
	struct parser p = { .in = text, .table = table };

	return parse(&p, out, why);
}

enum err
formula_parse_rollup(struct str text, const struct sim_table *table, struct formula **out)
{
	struct parser p = { .in = text, .table = table, .rollup = true };

	return parse(&p, out, NULL);
}
