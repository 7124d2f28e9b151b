#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/config/table.h"
#include "tests/lib/support.h"

static struct config config;
static struct buf errors, warnings;
static char path[256];

static void
setup(void)
{
	(void)snprintf(path, sizeof(path), "%s/orders.conf", tmpdir_new());
}

static void
teardown(void)
{
	buf_free(&errors);
	buf_free(&warnings);
}

static void
write_bytes(const char *name, const void *bytes, size_t len)
{
	FILE *f = fopen(name, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

static enum err
load(const char *text, char *const *env, const char *option)
{
	buf_clear(&errors);
	write_bytes(path, text, strlen(text));
	return config_load(&config, &(struct config_source){ .file = path, .env = env,
	    .options = &option, .option_count = option == NULL ? 0 : 1 }, &errors);
}

static void
good(const char *text)
{
	ck_assert_msg(load(text, NULL, NULL) == ERR_OK, "%s: %s", text, buf_cstr(&errors));
}

/* The one error, without the file's name; ":2: ..." */
static const char *
bad(const char *text)
{
	ck_assert_int_eq(load(text, NULL, NULL), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(strncmp(buf_cstr(&errors), path, strlen(path)), 0);
	return buf_cstr(&errors) + strlen(path);
}

START_TEST(without_anything_the_defaults_hold)
{
	ck_assert_int_eq(config_load(&config, &(struct config_source){ 0 }, &errors), ERR_OK);
	ck_assert_uint_eq(errors.len, 0);
	ck_assert_str_eq(config.airtable.api_url, "https://api.airtable.com");
	ck_assert_int_eq(config.airtable.requests_per_second, 5);
	ck_assert_int_eq(config.airtable.request_timeout_ms, 30000);
	ck_assert_int_eq(config.sync.full_interval_ms, 86400000);
	ck_assert_int_eq(config.sync.max_shrink_percent, 50);
	ck_assert_int_eq(config.sync.feed, FEED_AUTO);
	ck_assert_int_eq(config.write.gather_ms, 10);
	ck_assert(!config.write.create && !config.write.delete);
	ck_assert_int_eq(config.audit.retention_ms, INT64_C(365) * 86400000);
	ck_assert_int_eq(config.store.map_size_bytes, 1 << 30);
	ck_assert_int_eq(config.limits.orders_list, 100);
	ck_assert(config.limits.enabled);
	ck_assert_int_eq(config.log.level, LOG_INFO);
	ck_assert_str_eq(config.run.dir, "/run/orderdeck");
	ck_assert_str_eq(config.orders_fields[ORDER_TOTAL], "Order Total");
	ck_assert_str_eq(config.airtable.token, "");
}
END_TEST

START_TEST(a_file_sets_values_of_every_type)
{
	good("\xef\xbb\xbf# comment\n; another\n\n[airtable]\r\n  api_url =  http://127.0.0.1:8090/x//  \r\n"
	    "orders_table = Orders #1; \"all\"\nrequests_per_second=7\n[sync]\nwait = 250ms\nmax_shrink=7\nfeed = off\n"
	    "full_interval = 7d\n[store]\nmap_size = 64MiB\nmap_limit = 128MiB\n[limits]\nenabled = No\norders_list = 5/minute\n"
	    "get_order = 6\n[http]\ntrusted_proxies = 10.0.0.0/8,192.168.1.7 2001:db8::/32\n"
	    "listen = [FD00:0:0::5]:80\nnames = Orders.example.org, 2001:db8::7 [::2],192.0.2.1\n"
	    "allowed_origins = https://portal.example.org http://[::1]:3000, http://a.example:443\n[metrics]\nlisten =\n[log]\nslow = 250ms\n[log]\nlevel = debug\nformat = json\n[fields]\norders.status = fldS\xc3\xa9\n[sync]\n[run]\ndir = /tmp/x/");
	ck_assert_str_eq(config.airtable.api_url, "http://127.0.0.1:8090/x");
	ck_assert_str_eq(config.airtable.orders_table, "Orders #1; \"all\"");
	ck_assert_int_eq(config.airtable.requests_per_second, 7);
	ck_assert_int_eq(config.sync.wait_ms, 250);
	ck_assert_int_eq(config.sync.max_shrink_percent, 7);
	ck_assert_int_eq(config.sync.feed, FEED_OFF);
	ck_assert_int_eq(config.sync.full_interval_ms, 604800000);
	ck_assert_int_eq(config.store.map_size_bytes, 64 << 20);
	ck_assert(!config.limits.enabled);
	ck_assert_int_eq(config.limits.orders_list, 5);
	ck_assert_int_eq(config.limits.get_order, 6);
	ck_assert_str_eq(config.http.trusted_proxies, "10.0.0.0/8,192.168.1.7 2001:db8::/32");
	ck_assert_str_eq(config.http.listen, "[fd00::5]:80");
	ck_assert_str_eq(config.http.names, "Orders.example.org, 2001:db8::7 [::2],192.0.2.1");
	ck_assert_str_eq(config.http.allowed_origins,
	    "https://portal.example.org http://[::1]:3000, http://a.example:443");
	ck_assert_str_eq(config.metrics.listen, "");
	ck_assert_int_eq(config.log.slow_ms, 250);
	ck_assert_int_eq(config.log.level, LOG_DEBUG);
	ck_assert_int_eq(config.log.format, LOG_JSON);
	ck_assert_str_eq(config.orders_fields[ORDER_STATUS], "fldS\xc3\xa9");
	ck_assert_str_eq(config.orders_fields[ORDER_PRIORITY], "Priority");
	ck_assert_str_eq(config.run.dir, "/tmp/x");
}
END_TEST

static const struct { const char *text, *error; } faults[] = {
	{ "[sync]\nwait = abc", ":2: sync.wait: 'abc' is not a valid duration (0s to 5m)\n" },
	{ "[sync]\nwait = 10", ":2: sync.wait: '10' is not a valid duration (0s to 5m)\n" },
	{ "[sync]\nwait = 6m", ":2: sync.wait: '6m' is out of range for this duration (0s to 5m)\n" },
	{ "[sync]\nwait = 99999999999999999999s", ":2: sync.wait: '99999999999999999999s' is out of range for this duration (0s to 5m)\n" },
	{ "[sync]\nfull_interval = 9223372036854775807d", ":2: sync.full_interval: '9223372036854775807d' is out of range for this duration (1s to 365d)\n" },
	{ "[sync]\nwait = -1s", ":2: sync.wait: '-1s' is not a valid duration (0s to 5m)\n" },
	{ "[sync]\nwait = 1 s", ":2: sync.wait: '1 s' is not a valid duration (0s to 5m)\n" },
	{ "[sync]\nwait =", ":2: sync.wait: '' is not a valid duration (0s to 5m)\n" },
	{ "[sync]\nwait = 5s ; comment", ":2: sync.wait: '5s ; comment' is not a valid duration (0s to 5m)\n" },
	{ "[sync]\nmax_shrink = 101%", ":2: sync.max_shrink: '101%' is out of range for this percentage (0% to 100%)\n" },
	{ "[sync]\nfeed = Auto", ":2: sync.feed: 'Auto' is not one of auto, webhook, modified or off\n" },
	{ "[store]\nmap_size = 1GB", ":2: store.map_size: '1GB' is not a valid size (256KiB to 16TiB)\n" },
	{ "[limits]\nenabled = maybe", ":2: limits.enabled: 'maybe' is neither true nor false\n" },
	{ "[limits]\norders_list = 5/second", ":2: limits.orders_list: '5/second' is not a valid rate (1/minute to 1000000/minute)\n" },
	{ "[http]\ntrusted_proxies = 10.0.0.0/8, 10.0.0.1/33", ":2: http.trusted_proxies: '10.0.0.0/8, 10.0.0.1/33' is not a list of addresses and networks (10.0.0.0/8, 192.168.1.7, ::1)\n" },
	{ "[http]\ntrusted_proxies = proxy.example", ":2: http.trusted_proxies: 'proxy.example' is not a list of addresses and networks (10.0.0.0/8, 192.168.1.7, ::1)\n" },
	{ "[http]\ntrusted_proxies = ::1/", ":2: http.trusted_proxies: '::1/' is not a list of addresses and networks (10.0.0.0/8, 192.168.1.7, ::1)\n" },
	{ "[http]\nnames = orders.example.org:8080", ":2: http.names: 'orders.example.org:8080' is not a list of names and addresses without ports (orders.example.org, 192.168.1.7)\n" },
	{ "[http]\nnames = a.example, https://b.example", ":2: http.names: 'a.example, https://b.example' is not a list of names and addresses without ports (orders.example.org, 192.168.1.7)\n" },
	{ "[http]\nnames = *.example.org", ":2: http.names: '*.example.org' is not a list of names and addresses without ports (orders.example.org, 192.168.1.7)\n" },
	{ "[http]\nnames = orders.example.org.", ":2: http.names: 'orders.example.org.' is not a list of names and addresses without ports (orders.example.org, 192.168.1.7)\n" },
	{ "[http]\nnames = a..b", ":2: http.names: 'a..b' is not a list of names and addresses without ports (orders.example.org, 192.168.1.7)\n" },
	{ "[http]\nnames = 2001:db8::7::1", ":2: http.names: '2001:db8::7::1' is not a list of names and addresses without ports (orders.example.org, 192.168.1.7)\n" },
	{ "[http]\nnames = [::1", ":2: http.names: '[::1' is not a list of names and addresses without ports (orders.example.org, 192.168.1.7)\n" },
	{ "[http]\nnames = a;b", ":2: http.names: 'a;b' is not a list of names and addresses without ports (orders.example.org, 192.168.1.7)\n" },
#define NO_ORIGINS	"is not a list of origins as browsers send them, in lower case, without path or usual port (https://portal.example.org, http://10.0.0.7:3000)\n"
	{ "[http]\nallowed_origins = *", ":2: http.allowed_origins: '*' " NO_ORIGINS },
	{ "[http]\nallowed_origins = null", ":2: http.allowed_origins: 'null' " NO_ORIGINS },
	{ "[http]\nallowed_origins = portal.example.org", ":2: http.allowed_origins: 'portal.example.org' " NO_ORIGINS },
	{ "[http]\nallowed_origins = https://portal.example.org/", ":2: http.allowed_origins: 'https://portal.example.org/' " NO_ORIGINS },
	{ "[http]\nallowed_origins = https://Portal.example.org", ":2: http.allowed_origins: 'https://Portal.example.org' " NO_ORIGINS },
	{ "[http]\nallowed_origins = https://portal.example.org:443", ":2: http.allowed_origins: 'https://portal.example.org:443' " NO_ORIGINS },
	{ "[http]\nallowed_origins = http://a.example:80", ":2: http.allowed_origins: 'http://a.example:80' " NO_ORIGINS },
	{ "[http]\nallowed_origins = https://*.example.org", ":2: http.allowed_origins: 'https://*.example.org' " NO_ORIGINS },
	{ "[http]\nallowed_origins = https://", ":2: http.allowed_origins: 'https://' " NO_ORIGINS },
	{ "[http]\nallowed_origins = https://a.example,ftp://b.example", ":2: http.allowed_origins: 'https://a.example,ftp://b.example' " NO_ORIGINS },
	{ "[http]\nuser_header = X_Remote_User", ":2: http.user_header: 'X_Remote_User' is not the name of a header (letters, digits and -)\n" },
	{ "[http]\ntrusted_proxies = ::1\nuser_header = cookie", ":3: http.user_header: 'cookie' holds secrets, not a name\n" },
	{ "[metrics]\nlisten = 9464", ":2: metrics.listen: '9464' is not host:port (127.0.0.1:8080, [::1]:8080, *:8080)\n" },
	{ "[airtable]\nrequests_per_second = 5.5", ":2: airtable.requests_per_second: '5.5' is not a valid integer (1 to 1000)\n" },
	{ "[sync]\nwiat = 1s", ":2: unknown setting sync.wiat; did you mean sync.wait?\n" },
	{ "[sync]\nx = 1s", ":2: unknown setting sync.x\n" },
	{ "[snyc]\nwait = 1s", ":1: unknown section [snyc]; did you mean [sync]?\n" },
	{ "[zzzzzzzz]\na = b", ":1: unknown section [zzzzzzzz]\n" },
	{ "[airtable]\ntoken = patSecret", ":2: airtable.token is not a setting: the token comes from airtable.token_file or AIRTABLE_API_KEY\n" },
	{ "[fields]\norders.Status = x", ":2: unknown setting fields.orders.Status; did you mean fields.orders.status?\n" },
	{ "[fields]\norders.status =", ":2: fields.orders.status: '' must not be empty\n" },
	{ "[sync]\nwait = 1s\n[log]\n[sync]\nwait = 1s", ":5: sync.wait is already set in line 2\n" },
	{ "wait = 1s", ":1: a key before the first [section]\n" },
	{ "[sync]\nnonsense", ":2: neither [section] nor key = value\n" },
	{ "[sync\n", ":1: a section is written [name]\n" },
	{ "[sync]\n= 1s", ":2: no key before =\n" },
	{ "[log]\nfile = a\x01" "b", ":2: the line holds a control character\n" },
	{ "[log]\nfile = \xff", ":2: the line is not valid UTF-8\n" },
	{ "[summary]\ntime_zone = Europe/Nowhere", ":2: summary.time_zone: 'Europe/Nowhere' is not a time zone that this machine knows (/usr/share/zoneinfo)\n" },
	{ "[summary]\ntime_zone = ../zoneinfo/UTC", ":2: summary.time_zone: '../zoneinfo/UTC' is not the name of a time zone\n" },
	{ "[summary]\ntime_zone = /etc/localtime", ":2: summary.time_zone: '/etc/localtime' is not the name of a time zone\n" },
	{ "[summary]\ntime_zone = Europe", ":2: summary.time_zone: 'Europe' is not a time zone that this machine knows (/usr/share/zoneinfo)\n" },
	{ "[summary]\ntime_zone = tzdata.zi", ":2: summary.time_zone: 'tzdata.zi' is not the name of a time zone\n" }
};

START_TEST(a_fault_is_reported_with_its_place_and_a_valid_form)
{
	ck_assert_str_eq(bad(faults[_i].text), faults[_i].error);
}
END_TEST

START_TEST(all_faults_are_reported_at_once)
{
	struct buf text = { 0 };
	size_t lines = 0;

	(void)bad("[sync]\nwait = x\n[nope]\n[log]\nlevel = y\n");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&errors), ":2: "));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&errors), ":3: "));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&errors), ":5: "));
	for (int i = 0; i < 10000; i++)
		buf_add_cstr(&text, "x\n");
	(void)bad(buf_cstr(&text));
	for (const char *p = buf_cstr(&errors); (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	ck_assert_uint_eq(lines, 51);	/* 50, and that more follow */
	buf_free(&text);
}
END_TEST

START_TEST(a_file_has_its_limits)
{
	struct buf text = { 0 };

	while (text.len < 1024 * 1024 - 2)
		buf_add_cstr(&text, "#\n");
	good(buf_cstr(&text));
	buf_add_cstr(&text, "##\n\n");
	ck_assert_str_eq(bad(buf_cstr(&text)), ": larger than 1048576 bytes\n");
	buf_clear(&text);
	buf_printf(&text, "#%04095d\n", 0);
	good(buf_cstr(&text));
	buf_clear(&text);
	buf_printf(&text, "#%04096d\n", 0);
	ck_assert_str_eq(bad(buf_cstr(&text)), ":1: the line is longer than 4096 bytes\n");
	buf_clear(&text);
	buf_printf(&text, "[log]\nfile = %0512d\n", 0);
	ck_assert_str_eq(bad(buf_cstr(&text)), ":2: log.file: is longer than 511 bytes\n");
	buf_free(&text);
	write_bytes(path, "[log]\n#\0\n", 9);
	buf_clear(&errors);
	ck_assert_int_eq(config_load(&config, &(struct config_source){ .file = path }, &errors), ERR_INVALID_PARAMETER);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&errors), ":2: the line holds a NUL byte\n"));
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_a_fault)
{
	ck_assert_int_eq(config_load(&config, &(struct config_source){ .file = "/no/such/file" }, &errors), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(buf_cstr(&errors), "/no/such/file: No such file or directory\n");
	buf_clear(&errors);
	ck_assert_int_eq(config_load(&config, &(struct config_source){ .file = "/tmp" }, &errors), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(buf_cstr(&errors), "/tmp: Is a directory\n");
}
END_TEST

START_TEST(plain_http_is_for_this_machine_only)
{
	static const char *const right[] = { "https://api.airtable.com", "https://h", "https://h:8443/p/q",
		"http://127.0.0.1", "http://127.9.9.9:80", "http://localhost:1", "http://LocalHost", "http://[::1]:8090",
		"https://[2001:db8::1]:443" };
	static const char *const wrong[] = { "", "api.airtable.com", "ftp://h", "http://example.com", "http://10.0.0.1",
		"http://127.0.0.1.example.com", "http://localhost.example.com", "http://[::2]", "http://0.0.0.0",
		"http://127.1", "http://[127.0.0.1]", "https://", "https:///p", "https://user:secret@h", "http://127.0.0.1@evil.com",
		"http://evil.com#@127.0.0.1", "https://h?x=1", "https://h#f", "https://h h", "https://h:0", "https://h:65536",
		"https://h:", "https://h:80x", "https://h\\@127.0.0.1", "HTTPS://h", "https://\xc3\xa9", "https://[::1" };
	struct buf text = { 0 };

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		buf_clear(&text);
		buf_printf(&text, "[airtable]\napi_url = %s/\n", right[i]);
		good(buf_cstr(&text));
		ck_assert_str_eq(config.airtable.api_url, right[i]);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		buf_clear(&text);
		buf_printf(&text, "[airtable]\napi_url = %s\n", wrong[i]);
		ck_assert_msg(load(buf_cstr(&text), NULL, NULL) != ERR_OK, "'%s' is accepted", wrong[i]);
		ck_assert_ptr_null(strstr(buf_cstr(&errors), "secret"));
	}
	buf_free(&text);
}
END_TEST

START_TEST(listen_is_a_host_and_a_port)
{
	static const char *const right[] = { "127.0.0.1:8080", "[::1]:80", "*:8080", "localhost:1", "0.0.0.0:65535" };
	static const char *const wrong[] = { "", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "h:0", "h:65536", "[::1]", "::1:80",
		"h:80;evil", "unix:/x", "h:+8" };
	struct buf text = { 0 };

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		buf_clear(&text);
		buf_printf(&text, "[http]\nlisten = %s\n", right[i]);
		good(buf_cstr(&text));
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		buf_clear(&text);
		buf_printf(&text, "[http]\nlisten = %s\n", wrong[i]);
		ck_assert_msg(load(buf_cstr(&text), NULL, NULL) != ERR_OK, "'%s' is accepted", wrong[i]);
	}
	buf_free(&text);
}
END_TEST

START_TEST(the_later_source_wins)
{
	char *named[] = { "AIRTABLE_BASE_ID=appNamed", "RATE_LIMIT_ORDERS_LIST=7/minute", "AIRTABLE_TABLE_ID=", NULL };
	char *both[] = { "ORDERS_AIRTABLE_BASE_ID=appPrefixed", "AIRTABLE_BASE_ID=appNamed",
		"ORDERS_FIELDS_ORDERS_ORDERTOTAL=Sum", "ORDERS_LOG_FILE=", NULL };
	const char *text = "[airtable]\nbase_id = appFile\norders_table = T\n[log]\nfile = /x\n";

	ck_assert_int_eq(load(text, NULL, NULL), ERR_OK);
	ck_assert_str_eq(config.airtable.base_id, "appFile");
	ck_assert_int_eq(load(text, named, NULL), ERR_OK);
	ck_assert_str_eq(config.airtable.base_id, "appNamed");
	ck_assert_str_eq(config.airtable.orders_table, "T");	/* empty counts as unset */
	ck_assert_int_eq(config.limits.orders_list, 7);
	ck_assert_int_eq(load(text, both, NULL), ERR_OK);
	ck_assert_str_eq(config.airtable.base_id, "appPrefixed");
	ck_assert_str_eq(config.orders_fields[ORDER_TOTAL], "Sum");
	ck_assert_str_eq(config.log.file, "");
	ck_assert_int_eq(load(text, both, "airtable.base_id=appOption"), ERR_OK);
	ck_assert_str_eq(config.airtable.base_id, "appOption");
	ck_assert_int_eq(load(text, NULL, "fields.orders.status=A = B"), ERR_OK);
	ck_assert_str_eq(config.orders_fields[ORDER_STATUS], "A = B");
}
END_TEST

START_TEST(slips_in_the_environment_and_in_options_are_faults)
{
	char *slip[] = { "ORDERS_SYNC_WIAT=1s", NULL }, *token[] = { "ORDERS_AIRTABLE_TOKEN=patSecret", NULL };
	char *value[] = { "ORDERS_SYNC_WAIT=soon", NULL }, *others[] = { "ORDERS_PORT=tcp://x", "ORDERS_HOME=/", "PATH", NULL };

	ck_assert_int_eq(load("", slip, NULL), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(buf_cstr(&errors), "environment ORDERS_SYNC_WIAT: unknown setting sync.wiat; did you mean sync.wait?\n");
	ck_assert_int_eq(load("", token, NULL), ERR_INVALID_PARAMETER);
	ck_assert_ptr_null(strstr(buf_cstr(&errors), "Secret"));
	ck_assert_int_eq(load("", value, NULL), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(buf_cstr(&errors), "environment ORDERS_SYNC_WAIT: sync.wait: 'soon' is not a valid duration (0s to 5m)\n");
	ck_assert_int_eq(load("", others, NULL), ERR_OK);
	ck_assert_int_eq(load("", NULL, "sync.wait"), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(buf_cstr(&errors), "option -o: not of the form section.key=value\n");
	ck_assert_int_eq(load("", NULL, "sync.wait=1"), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(load("", NULL, "wait=1s"), ERR_INVALID_PARAMETER);
}
END_TEST

/* All that was told, without the file's name before it. */
static const char *
place(void)
{
	ck_assert_int_eq(strncmp(buf_cstr(&errors), path, strlen(path)), 0);
	return buf_cstr(&errors) + strlen(path);
}

START_TEST(settings_have_to_fit_each_other)
{
	struct buf text = { 0 };
	char name[108];

	ck_assert_int_eq(load("[store]\nmap_size = 2GiB\nmap_limit = 1GiB", NULL, NULL), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(place(), ":2: store.map_size: store.map_size is larger than store.map_limit: raise the limit\n");
	ck_assert_int_eq(load("[http]\nuser_header = X-Remote-User", NULL, NULL), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(place(), ":2: http.user_header: only believed from http.trusted_proxies, which is empty: name the proxies there\n");
	buf_printf(&text, "[run]\ndir = /%088d\n", 0);
	good(buf_cstr(&text));
	ck_assert(config_run_path(&config, "syncd.sock", name));
	ck_assert(!config_run_path(&config, "a-name-that-is-too-long", name));
	buf_clear(&text);
	buf_printf(&text, "[run]\ndir = /%089d\n", 0);
	ck_assert_int_eq(load(buf_cstr(&text), NULL, NULL), ERR_INVALID_PARAMETER);
	buf_free(&text);
}
END_TEST

START_TEST(two_fields_mapped_to_one_airtable_field_are_refused)
{
	ck_assert_int_eq(load("[fields]\norders.status = Priority", NULL, NULL), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(place(), ":2: fields.orders.status: 'Priority' is already the Airtable field of fields.orders.priority: each needs one of its own\n");
	ck_assert_int_eq(load("[fields]\norders.status = Priority\norders.priority = Status", NULL, NULL), ERR_OK);
}
END_TEST

static char *const token[] = { "AIRTABLE_API_KEY=patX", NULL };

/* What syncd says to it, with a token or without; warnings are left out. */
static enum err
for_syncd(const char *text, char *const *env)
{
	buf_clear(&errors);
	write_bytes(path, text, strlen(text));
	return config_load_for(&config, &(struct config_source){ .file = path, .env = env },
	    CONFIG_SYNCD, &errors, &warnings);
}

/* What check-config says to it. */
static enum err
checked(const char *text, char *const *env, enum config_program program)
{
	buf_clear(&errors);
	buf_clear(&warnings);
	write_bytes(path, text, strlen(text));
	return config_check(&(struct config_source){ .file = path, .env = env }, program, &errors,
	    &warnings);
}

/* How often ${what} stands there. */
static size_t
count_of(struct buf *b, const char *what)
{
	size_t n = 0;

	for (const char *at = buf_cstr(b); (at = strstr(at, what)) != NULL; at += strlen(what))
		n++;
	return n;
}

START_TEST(syncd_needs_base_and_table)
{
	char expected[1200];

	ck_assert_int_eq(for_syncd("", token), ERR_INVALID_PARAMETER);
	(void)snprintf(expected, sizeof(expected), "%s: airtable.base_id: not set: say which base holds "
	    "the orders, app... (or AIRTABLE_BASE_ID)\n%s: airtable.orders_table: not set: say which "
	    "table of the base holds the orders, by name or by id, tbl... (or AIRTABLE_TABLE_ID)\n",
	    path, path);
	ck_assert_str_eq(buf_cstr(&errors), expected);
	ck_assert_int_eq(for_syncd("[airtable]\nbase_id = appA\norders_table = b\n", token), ERR_OK);
	ck_assert_str_eq(config.airtable.token, "patX");
	ck_assert_int_eq(for_syncd("[airtable]\nbase_id = appA\norders_table = b\n", NULL), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(for_syncd("[airtable]\nbase_id = appA\norders_table = b\n[write]\ncreate = on\n", token), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(place(), ": airtable.create_key: not set, and write.create needs it: name a single line text field of the table\n");
	ck_assert_int_eq(for_syncd("[airtable]\nbase_id = appA\norders_table = b\ncreate_key = Key\n[write]\ncreate = on\n", token), ERR_OK);
	ck_assert_int_eq(for_syncd("[airtable]\nbase_id = appA\norders_table = b\ncreate_key = Order ID\n", token), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(place(), ":4: airtable.create_key: 'Order ID' is the Airtable field of fields.orders.orderId: the key needs one of its own\n");
}
END_TEST

/* What people paste, and what is said to it. */
static const struct { const char *setting, *value, *problem; } pasted[] = {
	{ "base_id", "\"appA\"", "is in quotes" }, { "base_id", "'appA'", "is in quotes" },
	{ "base_id", "\xe2\x80\x9c" "appA\xe2\x80\x9d", "is in quotes" },
	{ "base_id", "\xe2\x80\x9e" "appA\xe2\x80\x9c", "is in quotes" },
	{ "base_id", "app A", "is not the id of a base" }, { "base_id", "tblA", "is not the id of a base" },
	{ "base_id", "app", "is not the id of a base" }, { "base_id", "appA/tblB", "is not the id of a base" },
	{ "base_id", "https://airtable.com/appA", "is not the id of a base" },
	{ "base_id", "\xc2\xa0" "appA", "an invisible blank" }, { "base_id", "appA\xe2\x80\x8b", "an invisible blank" },
	{ "orders_table", "\"Orders\"", "is in quotes" }, { "orders_table", "Orders\xc2\xa0", "an invisible blank" },
	{ "orders_table", "appAAAAAAAAAAAAAA", "but not of a table" }, { "orders_table", "fldAAAAAAAAAAAAAA", "but not of a table" },
	{ "orders_table", "viwAAAAAAAAAAAAAA", "but not of a table" },
	{ "orders_table", "appAAAAAAAAAAAAAA/tblAAAAAAAAAAAAAA", "the part that begins with tbl" },
	{ "create_key", "\"Key\"", "is in quotes" }, { "create_key", "tblAAAAAAAAAAAAAA", "but not of a field" },
	{ "token_file", "token", "must be an absolute path" }, { "token_file", "\"/t\"", "must be an absolute path" },
	{ "[fields]\norders.status", "'Status'", "is in quotes" },
	{ "[fields]\norders.status", "tblAAAAAAAAAAAAAA", "but not of a field" },
	{ "[fields]\norders.status", "recAAAAAAAAAAAAAA", "but not of a field" },
	{ "[store]\npath", "store", "must be an absolute path" }, { "[store]\npath", "", "must not be empty" },
	{ "[log]\nfile", "orders.log", "must be an absolute path" },
	{ "[api]\nshare", "./share", "must be an absolute path" }, { "[api]\nspool", "tmp", "must be an absolute path" },
	{ "[run]\ndir", "run", "must be an absolute path" }, { "[run]\ndir", "/run/order deck", "nginx's configuration can't hold" },
	{ "[run]\ndir", "/run/a;b", "nginx's configuration can't hold" }, { "[run]\ndir", "/run/$a", "nginx's configuration can't hold" },
	{ "[run]\ndir", "/run/\xc3\xa9", "nginx's configuration can't hold" }, { "[run]\ndir", "/run/{x}", "nginx's configuration can't hold" },
	{ "[run]\ndir", "\"/run\"", "nginx's configuration can't hold" },
	{ "[http]\nallowed_origins", "https://a.example, https://b.example https://a.example", "names an origin twice" },
};

START_TEST(badly_pasted_values_are_refused_with_advice)
{
	char text[300];

	(void)snprintf(text, sizeof(text), "%s%s = %s\n", pasted[_i].setting[0] == '[' ? "" : "[airtable]\n",
	    pasted[_i].setting, pasted[_i].value);
	ck_assert_msg(strstr(bad(text), pasted[_i].problem) != NULL, "%s: %s", text, buf_cstr(&errors));
	ck_assert_int_eq(strncmp(place(), ":2: ", 4), 0);
}
END_TEST

START_TEST(names_that_only_look_odd_are_accepted)
{
	good("[airtable]\nbase_id = appOrderdeckDemo1\norders_table = \"Orders\" 'old'\ncreate_key = fldAAAAAAAAAAAAAA\n"
	    "[fields]\norders.status = tbl of states\norders.priority = 'urgent'?\norders.customer = appetite\n[store]\npath = /var/lib/order deck\n");
	good("[airtable]\norders_table = tblAAAAAAAAAAAAAA\n[run]\ndir = /run/a_b.c-d,e:f@g%h+i~j=k*[l]\n");
}
END_TEST

static const struct { const char *http, *metrics, *api_url; const char *problem; } places[] = {
	{ "127.0.0.1:80", "127.0.0.1:80", "https://h", "metrics.listen: the same address and port as http.listen" },
	{ "*:80", "127.0.0.1:80", "https://h", "metrics.listen: the same" },
	{ "10.0.0.1:80", "0.0.0.0:80", "https://h", "metrics.listen: the same" },
	{ "localhost:80", "127.0.0.1:80", "https://h", "metrics.listen: the same" },
	{ "[::1]:80", "localhost:80", "https://h", "metrics.listen: the same" },
	{ "[::]:80", "[::1]:80", "https://h", "metrics.listen: the same" },
	{ "[::1]:80", "[0:0::1]:80", "https://h", "metrics.listen: the same" },
	{ "Desk.example:80", "desk.example:80", "https://h", "metrics.listen: the same" },
	{ "127.0.0.1:80", "127.0.0.1:81", "http://127.0.0.1", "airtable.api_url: that is where http.listen" },
	{ "127.0.0.1:80", "*:8090", "http://localhost:8090/x", "airtable.api_url: that is where metrics.listen" },
	{ "*:443", "", "https://127.0.0.1", "airtable.api_url: that is where http.listen" },
	{ "127.0.0.1:80", "127.0.0.2:80", "http://127.0.0.3:80", NULL },
	{ "127.0.0.1:80", "[::1]:80", "https://h", NULL },
	{ "0.0.0.0:80", "[::]:80", "https://h", NULL },
	{ "*:443", "", "https://api.airtable.com", NULL },
	{ "*:80", "", "http://127.0.0.1:8090", NULL },
};

START_TEST(two_programs_never_listen_at_one_address)
{
	struct buf text = { 0 };

	buf_printf(&text, "[airtable]\napi_url = %s\n[http]\nlisten = %s\n[metrics]\nlisten = %s\n",
	    places[_i].api_url, places[_i].http, places[_i].metrics);
	if (places[_i].problem == NULL)
		good(buf_cstr(&text));
	else
		ck_assert_msg(strstr(bad(buf_cstr(&text)), places[_i].problem) != NULL, "%s", buf_cstr(&errors));
	buf_free(&text);
}
END_TEST

/* What several people would find one after the other. */
START_TEST(one_run_names_every_fault)
{
	static const char text[] = "[airtable]\nbase_id = \"appA\"\ntoken_file = /no/such/token\nmonthly_calls = many\n"
	    "[sync]\nwiat = 1s\n[store]\npath = store\nmap_size = 2GiB\nmap_limit = 1GiB\n[http]\nlisten = *:9464\n"
	    "user_header = X-User\n[summary]\ntime_zone = Europe/Nowhere\n[run]\ndir = /run/a b\n[write]\ncreate = on\n"
	    "[fields]\norders.status = Priority\n";
	static const char *const told[] = {
		":2: airtable.base_id: ", ":3: airtable.token_file: No such file", ":4: airtable.monthly_calls: ",
		":6: unknown setting sync.wiat", ":8: store.path: ", ":9: store.map_size: ", ":12: http.listen: the same",
		":13: http.user_header: ", ":15: summary.time_zone: ", ":17: run.dir: ", ": airtable.create_key: not set",
		": airtable.orders_table: not set", ":21: fields.orders.status: 'Priority'"
	};

	ck_assert_int_eq(checked(text, NULL, CONFIG_SYNCD), ERR_INVALID_PARAMETER);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		char expected[300];

		(void)snprintf(expected, sizeof(expected), "%s%s", path, told[i]);
		ck_assert_msg(strstr(buf_cstr(&errors), expected) != NULL, "%s is not in %s", expected, buf_cstr(&errors));
	}
	/* and nothing but these: what follows from a fault is none of its own */
	ck_assert_uint_eq(count_of(&errors, "\n"), sizeof(told) / sizeof(told[0]));
	/* workers need no base, no token */
	ck_assert_int_eq(checked("", NULL, CONFIG_API), ERR_OK);
	ck_assert_int_eq(config_check(&(struct config_source){ .file = "/no/such/file" }, CONFIG_SYNCD, &errors,
	    &warnings), ERR_INVALID_PARAMETER);
	buf_clear(&errors);
	ck_assert_int_eq(config_check(&(struct config_source){ .file = "/tmp" }, CONFIG_API, &errors, &warnings),
	    ERR_INVALID_PARAMETER);
	ck_assert_str_eq(buf_cstr(&errors), "/tmp: Is a directory\n");
}
END_TEST

#define WELL	"[airtable]\nbase_id = appA\norders_table = Orders\n"

START_TEST(the_check_covers_the_token_too)
{
	char file[300], text[500], *there[] = { "AIRTABLE_API_KEY=pat X", NULL };

	(void)snprintf(file, sizeof(file), "%s/token", tmpdir_new());
	(void)snprintf(text, sizeof(text), WELL "token_file = %s\n", file);
	write_bytes(file, "patX\n", 5);
	ck_assert_int_eq(chmod(file, 0644), 0);
	ck_assert_int_eq(checked(text, NULL, CONFIG_SYNCD), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(place(), ":4: airtable.token_file: group or others have access to it (chmod 600)\n");
	ck_assert_int_eq(chmod(file, 0600), 0);
	ck_assert_int_eq(checked(text, NULL, CONFIG_SYNCD), ERR_OK);
	ck_assert_int_eq(checked(text, there, CONFIG_SYNCD), ERR_INVALID_PARAMETER);	/* which wins */
	write_bytes(file, "pat\nX\n", 6);
	ck_assert_int_eq(checked(text, NULL, CONFIG_SYNCD), ERR_INVALID_PARAMETER);
	ck_assert_ptr_nonnull(strstr(place(), ":4: airtable.token_file: the token holds a character"));
	write_bytes(file, " \n", 2);
	ck_assert_int_eq(checked(text, NULL, CONFIG_SYNCD), ERR_INVALID_PARAMETER);
	ck_assert_ptr_nonnull(strstr(place(), ":4: airtable.token_file: no token in it"));
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(mkdir(file, 0700), 0);
	ck_assert_int_eq(checked(text, NULL, CONFIG_SYNCD), ERR_INVALID_PARAMETER);
	ck_assert_ptr_nonnull(strstr(place(), ":4: airtable.token_file: not a regular file"));
	ck_assert_int_eq(rmdir(file), 0);
	ck_assert_int_eq(checked(text, NULL, CONFIG_SYNCD), ERR_INVALID_PARAMETER);
	ck_assert_ptr_nonnull(strstr(place(), ":4: airtable.token_file: No such file"));
	/* the user who checks need not be the one who has the token */
	ck_assert_int_eq(checked(WELL, NULL, CONFIG_SYNCD), ERR_OK);
	ck_assert_uint_eq(count_of(&warnings, "warning: no token"), 1);
}
END_TEST

START_TEST(a_month_without_a_budget_is_a_warning_unless_configured)
{
	ck_assert_int_eq(checked(WELL, token, CONFIG_SYNCD), ERR_OK);
	ck_assert_uint_eq(count_of(&warnings, "warning: airtable.monthly_calls: not set"), 1);
	ck_assert_uint_eq(count_of(&warnings, "\n"), 1);
	ck_assert_int_eq(checked(WELL "monthly_calls = 0\n", token, CONFIG_SYNCD), ERR_OK);
	ck_assert_uint_eq(warnings.len, 0);
	ck_assert_int_eq(checked(WELL "monthly_calls = 100000\n", token, CONFIG_SYNCD), ERR_OK);
	ck_assert_uint_eq(warnings.len, 0);
	ck_assert_int_eq(checked(WELL "[sync]\nfeed = off\n", token, CONFIG_SYNCD), ERR_OK);
	ck_assert_uint_eq(warnings.len, 0);
}
END_TEST

/* ---- reloads ---- */

/* Another value of a setting than it has, as different as can be. */
static void
change(const struct setting *s, struct config *c)
{
	char *at = (char *)c + s->offset;
	int64_t number;
	unsigned word;
	bool flag;

	switch (s->type) {
	case SETTING_TEXT:
		(void)snprintf(at, s->size, "/other");
		break;
	case SETTING_BOOLEAN:
		memcpy(&flag, at, sizeof(flag));
		flag = !flag;
		memcpy(at, &flag, sizeof(flag));
		break;
	case SETTING_ENUM:
		memcpy(&word, at, sizeof(word));
		word = word == 0;
		memcpy(at, &word, sizeof(word));
		break;
	default:
		memcpy(&number, at, sizeof(number));
		number++;
		memcpy(at, &number, sizeof(number));
	}
}

/* Every setting by itself: what stays and is named, and that all others are taken. */
START_TEST(a_reload_keeps_what_it_cannot_change_and_names_it)
{
	static const char *const for_syncd_kept[] = { "airtable.base_id", "summary.time_zone", "store.path",
		"store.map_size", "events.enabled", "run.dir", "run.sandbox" };
	static const char *const for_api_kept[] = { "summary.time_zone", "store.path", "events.buffer", "run.dir" };
	static const struct { enum config_program program; const char *const *kept; size_t n; } programs[] = {
		{ CONFIG_SYNCD, for_syncd_kept, 7 }, { CONFIG_API, for_api_kept, 4 }
	};
	struct config *old = calloc(1, sizeof(*old)), *new = calloc(1, sizeof(*new));
	struct buf names = { 0 };

	ck_assert(old != NULL && new != NULL);
	good("");
	*old = config;
	for (size_t p = 0; p < 2; p++)
		for (size_t i = 0; i < setting_count(); i++) {
			struct setting s;
			bool kept = false;

			setting_at(i, &s);
			for (size_t k = 0; k < programs[p].n; k++)
				kept |= strcmp(s.name, programs[p].kept[k]) == 0;
			*new = *old;
			change(&s, new);
			buf_clear(&names);
			config_keep(new, old, programs[p].program, &names);
			ck_assert_str_eq(buf_cstr(&names), kept ? s.name : "");
			ck_assert_msg((memcmp(new, old, sizeof(*new)) == 0) == kept, "%s", s.name);
		}
	/* several at once, and others beside them */
	*new = *old;
	(void)strcpy(new->store.path, "/s");
	(void)strcpy(new->run.dir, "/r");
	new->limits.get_order = 7;
	buf_clear(&names);
	config_keep(new, old, CONFIG_SYNCD, &names);
	ck_assert_str_eq(buf_cstr(&names), "store.path, run.dir");
	ck_assert_str_eq(new->store.path, old->store.path);
	ck_assert_int_eq(new->limits.get_order, 7);
	buf_free(&names);
	free(old);
	free(new);
}
END_TEST

START_TEST(the_man_page_says_what_needs_a_restart)
{
	char *man = source_file("common/config/orders.conf.5"), *from = strstr(man, ".Sh RELOADING");
	char *api = from == NULL ? NULL : strstr(from, ".Xr fcgi-api 8\nis restarted"), *end;
	struct setting s;

	ck_assert_ptr_nonnull(api);
	end = strstr(api, ".Pq Ql systemctl");
	ck_assert_ptr_nonnull(end);
	*end = '\0';
	for (size_t i = 0; i < setting_count(); i++) {
		bool syncd, workers;
		char *at;

		setting_at(i, &s);
		workers = strstr(api, s.name) != NULL;
		at = strstr(from, s.name);
		syncd = at != NULL && at < strstr(from, "while it is confined");
		ck_assert_msg(syncd == ((s.fixed & SETTING_SYNCD) != 0) &&
		    workers == ((s.fixed & SETTING_API) != 0), "%s", s.name);
	}
	free(man);
}
END_TEST

/* nginx/render reads these; whoever reloads the workers is told that nginx has to learn of them. */
START_TEST(settings_for_nginx_are_those_that_its_configuration_uses)
{
	struct buf names = { 0 };
	struct config other;
	char *render = source_file("nginx/render");
	struct setting s;

	good("");
	for (size_t i = 0; i < setting_count(); i++) {
		char line[100];

		setting_at(i, &s);
		(void)snprintf(line, sizeof(line), "\t%s) ", s.name);
		other = config;
		change(&s, &other);
		buf_clear(&names);
		config_name_nginx(&other, &config, &names);
		ck_assert_str_eq(buf_cstr(&names), strstr(render, line) != NULL ? s.name : "");
	}
	buf_free(&names);
	free(render);
}
END_TEST

START_TEST(the_printed_configuration_means_the_same)
{
	struct config first;
	struct buf printed = { 0 };

	good("[sync]\nwait = 90s\nfull_interval = 48h\n[store]\nmap_size=1536MiB\n[airtable]\norders_table = T = #1\n"
	    "[limits]\nenabled = off\n[fields]\norders.customer = Kunde\n[log]\nlevel = error\n");
	first = config;
	config_print(&first, &printed);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&printed), "[sync]\n"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&printed), "\nwait = 90s\n"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&printed), "\nfull_interval = 2d\n"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&printed), "\norders.customer = Kunde\n"));
	good(buf_cstr(&printed));
	ck_assert_mem_eq(&config, &first, sizeof(config));
	buf_free(&printed);
}
END_TEST

START_TEST(the_explanation_says_where_each_value_came_from)
{
	char *env[] = { "ORDERS_SYNC_WAIT=10s", "AIRTABLE_BASE_ID=app1", "AIRTABLE_API_KEY=patSecret", NULL };
	const char *option = "log.level=debug";
	struct buf out = { 0 };
	char expected[512];

	write_bytes(path, "[airtable]\nmonthly_calls = 5\n", 29);
	ck_assert_int_eq(config_explain(&(struct config_source){ .file = path, .env = env,
	    .options = &option, .option_count = 1 }, &out, &errors), ERR_OK);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&out), "# from environment ORDERS_SYNC_WAIT\nwait = 10s\n"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&out), "# from environment AIRTABLE_BASE_ID\nbase_id = app1\n"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&out), "# from option -o\nlevel = debug\n"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&out), "# default\nmax_shrink = 50%\n"));
	(void)snprintf(expected, sizeof(expected), "# from file %s:2\nmonthly_calls = 5\n", path);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&out), expected));
	ck_assert_ptr_null(strstr(buf_cstr(&out), "Secret"));
	good(buf_cstr(&out));
	buf_free(&out);
}
END_TEST

static enum err
load_token(char *const *env)
{
	buf_clear(&errors);
	config.airtable.token[0] = '\0';
	return config_load_token(&config, env, &errors);
}

START_TEST(the_token_comes_from_the_environment_then_the_file_then_the_credential)
{
	char folder[256], file[300], text[400];
	char variable[300];
	char *env[] = { "AIRTABLE_API_KEY= patEnv\n", variable, NULL };

	(void)snprintf(folder, sizeof(folder), "%s", tmpdir_new());
	(void)snprintf(file, sizeof(file), "%s/airtable-token", folder);
	(void)snprintf(variable, sizeof(variable), "CREDENTIALS_DIRECTORY=%s", folder);
	write_bytes(file, "patCredential\n", 14);
	ck_assert_int_eq(chmod(file, 0440), 0);
	(void)snprintf(file, sizeof(file), "%s/token", folder);
	write_bytes(file, "\tpatFile \r\n", 11);
	ck_assert_int_eq(chmod(file, 0600), 0);
	(void)snprintf(text, sizeof(text), "[airtable]\ntoken_file = %s\n", file);
	good(text);
	ck_assert_int_eq(load_token(env), ERR_OK);
	ck_assert_str_eq(config.airtable.token, "patEnv");
	env[0] = "AIRTABLE_API_KEY=";
	ck_assert_int_eq(load_token(env), ERR_OK);
	ck_assert_str_eq(config.airtable.token, "patFile");
	good("");
	ck_assert_int_eq(load_token(env), ERR_OK);
	ck_assert_str_eq(config.airtable.token, "patCredential");
	ck_assert_int_eq(load_token(NULL), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(buf_cstr(&errors), "no token: set airtable.token_file or AIRTABLE_API_KEY, or give syncd's service the credential airtable-token\n");
}
END_TEST

START_TEST(an_unfit_token_is_refused_and_never_shown)
{
	char *spaced[] = { "AIRTABLE_API_KEY=patSecret two", NULL }, *blank[] = { "AIRTABLE_API_KEY= \n", NULL };
	char file[300], text[400];

	good("");
	ck_assert_int_eq(load_token(spaced), ERR_INVALID_PARAMETER);
	ck_assert_ptr_null(strstr(buf_cstr(&errors), "Secret"));
	ck_assert_int_eq(load_token(blank), ERR_INVALID_PARAMETER);
	ck_assert_ptr_null(strstr(bad("[airtable]\ntoken_file = patSecretInTheWrongPlace\n"), "Secret"));
	good("[airtable]\ntoken_file = /SecretInTheWrongPlace\n");
	ck_assert_int_eq(load_token(NULL), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(buf_cstr(&errors), "airtable.token_file: No such file or directory: the file must exist and belong to syncd's user\n");
	(void)snprintf(file, sizeof(file), "%s/token", tmpdir_new());
	write_bytes(file, "patSecret", 9);
	(void)snprintf(text, sizeof(text), "[airtable]\ntoken_file = %s\n", file);
	good(text);
	ck_assert_int_eq(chmod(file, 0640), 0);
	ck_assert_int_eq(load_token(NULL), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(buf_cstr(&errors), "airtable.token_file: group or others have access to it (chmod 600)\n");
	ck_assert_int_eq(chmod(file, 0604), 0);
	ck_assert_int_eq(load_token(NULL), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(mkfifo(file, 0600), 0);	/* must not be waited for */
	ck_assert_int_eq(load_token(NULL), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(buf_cstr(&errors), "airtable.token_file: not a regular file: name the file that holds the token\n");
	ck_assert_int_eq(unlink(file), 0);
	write_bytes(file, "pat\0x", 5);
	ck_assert_int_eq(chmod(file, 0600), 0);
	ck_assert_int_eq(load_token(NULL), ERR_INVALID_PARAMETER);
	write_bytes(file, config.orders_fields, sizeof(config.orders_fields));
	ck_assert_int_eq(load_token(NULL), ERR_INVALID_PARAMETER);
}
END_TEST

START_TEST(the_example_file_names_every_setting_with_its_default)
{
	char *text = source_file("orders.conf"), line[400];
	struct buf active = { 0 };
	struct setting s;
	const char *at = text;

	for (size_t i = 0; i < setting_count(); i++) {
		setting_at(i, &s);
		(void)snprintf(line, sizeof(line), "\n#%s =%s%s\n", strchr(s.name, '.') + 1,
		    s.value[0] == '\0' ? "" : " ", s.value);
		ck_assert_msg((at = strstr(at, line)) != NULL, "%s: no %s in its place", s.name, line);
	}
	/* all of them set is a right file, too */
	for (char *p = text; *p != '\0'; p += strcspn(p, "\n"), p += *p == '\n' ? 1 : 0)
		if (p[0] != '#' || (p[1] != ' ' && p[1] != '\n'))
			buf_printf(&active, "%.*s\n", (int)strcspn(p, "\n") - (p[0] == '#'), p + (p[0] == '#'));
	good(buf_cstr(&active));
	buf_free(&active);
	free(text);
}
END_TEST

START_TEST(the_manual_describes_every_setting_with_its_range_and_default)
{
	char *text = source_file("common/config/orders.conf.5");

	/* what keeps a word from being a macro is not shown */
	for (char *p = text; (p = strstr(p, "\\&")) != NULL;)
		memmove(p, p + 2, strlen(p + 2) + 1);
	for (size_t i = 0; i < setting_count(); i++) {
		struct buf range = { 0 };
		char line[400], *entry, *end;
		struct setting s;

		setting_at(i, &s);
		(void)snprintf(line, sizeof(line), "\n.It Ic %s\n", s.name);
		ck_assert_msg((entry = strstr(text, line)) != NULL, "%s is not described", s.name);
		end = strstr(entry + 1, "\n.It ");
		if (end != NULL)
			*end = '\0';
		setting_describe(&s, &range);
		/* its first letter may be a capital */
		ck_assert_msg(s.type == SETTING_TEXT || strstr(entry, buf_cstr(&range) + 1) != NULL,
		    "%s: not %s", s.name, buf_cstr(&range));
		(void)snprintf(line, sizeof(line), s.value[0] == '\0' ? "efault: none." : "\n.Ql %s .\n", s.value);
		ck_assert_msg(strstr(entry, line) != NULL, "%s: not %s", s.name, line);
		ck_assert_msg(s.env == NULL || strstr(entry, s.env) != NULL, "%s: no %s", s.name, s.env);
		if (end != NULL)
			*end = '\n';
		buf_free(&range);
	}
	free(text);
}
END_TEST

START_TEST(every_default_passes_its_own_check)
{
	struct buf why = { 0 }, text = { 0 };
	struct setting s;

	for (size_t i = 0; i < setting_count(); i++) {
		setting_at(i, &s);
		buf_clear(&text);
		ck_assert_msg(setting_parse(&s, str_of(s.value), &config, &why), "%s: %s", s.name, buf_cstr(&why));
		setting_format(&s, &config, &text);
		ck_assert_str_eq(buf_cstr(&text), s.value);
		ck_assert_uint_gt(strlen(s.meaning), 10);
	}
	buf_free(&text);
	buf_free(&why);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("config");
	TCase *t = tcase_create("config");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, without_anything_the_defaults_hold);
	tcase_add_test(t, a_file_sets_values_of_every_type);
	tcase_add_loop_test(t, a_fault_is_reported_with_its_place_and_a_valid_form, 0,
	    sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(t, all_faults_are_reported_at_once);
	tcase_add_test(t, a_file_has_its_limits);
	tcase_add_test(t, a_file_that_cannot_be_read_is_a_fault);
	tcase_add_test(t, plain_http_is_for_this_machine_only);
	tcase_add_test(t, listen_is_a_host_and_a_port);
	tcase_add_test(t, the_later_source_wins);
	tcase_add_test(t, slips_in_the_environment_and_in_options_are_faults);
	tcase_add_test(t, settings_have_to_fit_each_other);
	tcase_add_test(t, two_fields_mapped_to_one_airtable_field_are_refused);
	tcase_add_test(t, syncd_needs_base_and_table);
	tcase_add_loop_test(t, badly_pasted_values_are_refused_with_advice, 0, sizeof(pasted) / sizeof(pasted[0]));
	tcase_add_test(t, names_that_only_look_odd_are_accepted);
	tcase_add_loop_test(t, two_programs_never_listen_at_one_address, 0, sizeof(places) / sizeof(places[0]));
	tcase_add_test(t, one_run_names_every_fault);
	tcase_add_test(t, the_check_covers_the_token_too);
	tcase_add_test(t, a_month_without_a_budget_is_a_warning_unless_configured);
	tcase_add_test(t, a_reload_keeps_what_it_cannot_change_and_names_it);
	tcase_add_test(t, the_man_page_says_what_needs_a_restart);
	tcase_add_test(t, settings_for_nginx_are_those_that_its_configuration_uses);
	tcase_add_test(t, the_printed_configuration_means_the_same);
	tcase_add_test(t, the_explanation_says_where_each_value_came_from);
	tcase_add_test(t, the_token_comes_from_the_environment_then_the_file_then_the_credential);
	tcase_add_test(t, an_unfit_token_is_refused_and_never_shown);
	tcase_add_test(t, the_example_file_names_every_setting_with_its_default);
	tcase_add_test(t, the_manual_describes_every_setting_with_its_range_and_default);
	tcase_add_test(t, every_default_passes_its_own_check);
	suite_add_tcase(s, t);
	return run_suite(s);
}
