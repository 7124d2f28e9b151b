#include "syncd/write/parts.h"

enum err
give_up_reason(enum err why, const char **text)
{
	if (why == ERR_AIRTABLE_QUOTA || why == ERR_AIRTABLE_RATE_LIMITED) {
		*text = err_text(why);	/* Airtable's own words are in the log */
		return why;
	}
	/* no call was made, or none arrived: no outcome is unknown */
	return why == ERR_AIRTABLE_TIMEOUT ? ERR_AIRTABLE_UNAVAILABLE : why;
}

void
give_up_entry(struct book *book, struct write *w, enum err why, const char *text)
{
	enum err e = give_up_reason(why, &text);

	if (w->errand->defer)
		book_show(book, w, ERR_OK, "%s", "");
	else
		book_end(book, w, OUTBOX_DROP, e, "%s; nothing was changed", text);
}

void
give_up_unsent(struct writes *all, bool all_of_it, enum err why, const char *text)
{
	struct errand *e;
	struct write *w;
	struct book book;
	enum err reason;

	book_open(&book, all);
	TAILQ_FOREACH(e, &all->errands, link) {
		if (!all_of_it && !batch_hopeless(all, e->send_by_ms, &reason))
			continue;
		TAILQ_FOREACH(w, &e->list, in_errand)
			if (!w->told && write_is_unsent(w))
				give_up_entry(&book, w, why, text);
	}
	book_finish(&book);
}
