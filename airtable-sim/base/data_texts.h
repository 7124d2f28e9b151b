#ifndef AIRTABLE_SIM_BASE_DATA_TEXTS_H
#define AIRTABLE_SIM_BASE_DATA_TEXTS_H

/* Words for generated orders; data.c alone includes them. */

/* The best customers first: the more a text hurts careless code, the more often it is seen. */
static const char *const special_customers[] = {
	"Müller & Söhne GmbH", "株式会社さくら", "O'Brien, Kathleen", "Zoë \"Zed\" Ångström",
	"=SUM(A1)", "+49 30 901820", "-5", "@everyone", "Łukasz Żółć", "🚀 Rocket Supplies",
	"Ünal, İrem", "Дмитрий Орлов", "محمد الأحمد", "Nguyễn Thị Hương", "Smith; Wesson, Inc.",
	"<b>Bold</b> Ltd", "C:\\Temp\\Shop", "Café \"Zum Löwen\"", "null", "Müller", "김민준",
	"Тест 100%", "José da Conceição", "  Spacey Ltd", "👩‍👩‍👧 Family Store", "N/A"
};

static const char *const first_names[] = {
	"Anna", "Ben", "Carla", "David", "Elena", "Felix", "Grace", "Hugo", "Ines", "Jonas",
	"Katja", "Liam", "Maria", "Noah", "Olga", "Paul", "Quinn", "Rosa", "Simon", "Tara",
	"Umar", "Vera", "Walter", "Xenia", "Yusuf", "Zora"
};

static const char *const last_names[] = {
	"Adams", "Becker", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Hoffmann",
	"Ivanov", "Jensen", "Kowalski", "Lindqvist", "Moreau", "Nowak", "Okafor", "Petrov",
	"Quiroga", "Rossi", "Schäfer", "Tanaka", "Usman", "Varga", "Weber", "Xu", "Yılmaz", "Zhang"
};

static const char *const notes[] = {
	"Leave at the back door", "Gift wrap, please", "Call before delivery",
	"Customer asked for \"express\", then changed to standard",
	"Two parcels,\none invoice", "=HYPERLINK(\"http://example.com\")", "Größe prüfen",
	"配達時間: 午前中", "Fragile 🥂", "Invoice to: accounts@example.com",
	"Second order this week; check for a duplicate", "Paid in advance"
};

/* Quantiles (1/32 steps) of a log-normal with a median of about 85, in cents. */
static const int total_quantiles[] = {
	199, 1380, 1922, 2400, 2860, 3320, 3790, 4270, 4780, 5320, 5890, 6500, 7160, 7870,
	8640, 9490, 10420, 11460, 12620, 13930, 15420, 17140, 19150, 21530, 24410, 27980,
	32540, 38620, 47180, 60420, 84500, 148000, 985000
};

/* Relative frequency of orders by hour (UTC) and by weekday (Monday first). */
static const unsigned char hour_weights[24] = {
	12, 8, 5, 4, 4, 6, 12, 24, 42, 60, 72, 78, 80, 76, 74, 72, 70, 72, 78, 84, 80, 62, 40, 22
};
static const unsigned char weekday_weights[7] = { 100, 92, 90, 94, 98, 62, 55 };

#endif
