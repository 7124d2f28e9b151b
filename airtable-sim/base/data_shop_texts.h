#ifndef AIRTABLE_SIM_BASE_DATA_SHOP_TEXTS_H
#define AIRTABLE_SIM_BASE_DATA_SHOP_TEXTS_H

/* Words for products, suppliers and customers; data_shop.c alone includes them. */

static const char *const qualities[] = {
	"Classic", "Compact", "Deluxe", "Eco", "Folding", "Giant", "Heavy-duty", "Little",
	"Outdoor", "Portable", "Premium", "Quiet", "Recycled", "Small", "Smart", "Soft",
	"Sturdy", "Travel", "Vintage", "Wooden"
};

static const struct { const char *name; unsigned char category; } goods[] = {
	{ "Desk Lamp", 0 }, { "Notebook", 0 }, { "Pen \"Émile\"", 0 }, { "Stapler, 24/6", 0 },
	{ "Frying Pan", 1 }, { "Kettle", 1 }, { "Knife Block", 1 }, { "Garden Chair", 2 },
	{ "Hose 1/2″", 2 }, { "Watering Can", 2 }, { "Hammer", 3 }, { "Screwdriver Set", 3 },
	{ "Tent", 4 }, { "Sleeping Bag", 4 }, { "Yoga Mat", 4 }
};
static const char *const categories[] = { "Office", "Kitchen", "Garden", "Tools", "Outdoor & Sport" };

static const char *const suppliers[] = {
	"Adler Werkzeuge AG", "Baltic Paper OÜ", "Canterbury Kitchenware", "Dansk Lys ApS",
	"Everest Outdoor", "Fábrica São João", "Großhandel Weiß & Co. KG", "Hokkaidō Trading 株式会社",
	"Istanbul Ev Eşyaları", "Jansen, De Vries & Zn.", "Kowalski Narzędzia", "Lumen-Oy",
	"Mistral SARL", "Nordic Camping AB", "O'Neill Garden Supplies", "Prairie Goods, Inc.",
	"Quality \"First\" Ltd", "Rhein-Metall Haushalt", "Sahara Imports", "Tatra Šport s.r.o.",
	"United Stationers", "Verde Giardini S.p.A.", "Wang & Sons", "Xenon Electrics", "Zephyr Tents"
};

static const char *const cities[] = {
	"Berlin", "London", "Paris", "Kraków", "São Paulo", "東京", "Zürich", "New York", "Oslo",
	"Đà Nẵng", "Αθήνα", "Kyiv", "Cairo", "İzmir", "Winston-Salem", "Saint-Étienne", "L'Aquila", "Reykjavík"
};
static const char *const loyalties[] = { "Bronze", "Silver", "Gold", "Platinum" };
static const char *const tags[] = { "VIP", "Wholesale", "Net 30", "New, 2026", "Newsletter" };
static const char *const customer_notes[] = {
	"Prefers e-mail.", "Calls on Mondays.\nAsk for Ms. Ek.", "Pays late, but pays.",
	"=1+1", "Liefert an \"Tor 3\"", "🎁 likes gift wrap"
};
static const char *const managers[] = { "Ada Lovelace", "Grace Hopper", "Jörg Müller", "Hedy Lamarr" };

#endif
