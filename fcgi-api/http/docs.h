#ifndef FCGI_API_HTTP_DOCS_H
#define FCGI_API_HTTP_DOCS_H

#include "common/base/err.h"
#include "common/base/str.h"

/*
 * The API's description and its page, read from the share folder at start.
 */
struct docs_file {
	struct str	text;		/* ptr NULL: not installed */
	char		etag[24];	/* with quotes */
};

struct docs {
	struct docs_file	openapi;	/* openapi.json */
	struct docs_file	page;		/* docs.html */
};

/* What can't be read is logged and left out. */
void	docs_load(struct docs *, const char *folder);
void	docs_free(struct docs *);

#endif
