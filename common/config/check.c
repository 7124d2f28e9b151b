#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/config/table.h"
#include "common/store/currency.h"
#include "common/store/revenue.h"

#define ZONE_DIR	"/usr/share/zoneinfo"

/* A host and its port, if there is one, as in URLs and addresses to listen at. */
struct authority {
	char	host[256];	/* of IPv6 without the brackets */
	bool	ipv6;
	long	port;		/* -1: none given */
};

const char *
check_path(char *text)
{
	size_t len = strlen(text);

	if (len == 0)
		return "must not be empty";
	if (text[0] != '/')
		return "must be an absolute path";
	while (len > 1 && text[len - 1] == '/')
		text[--len] = '\0';
	return NULL;
}

const char *
check_path_or_none(char *text)
{
	return text[0] == '\0' ? NULL : text[0] != '/' ? "must be an absolute path" : NULL;
}

const char *
check_run_dir(char *text)
{
	/* the characters that nginx/render accepts: none that nginx's configuration would have to quote */
	static const char fit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	    "][_./:,@%+~=*-";

	if (text[strspn(text, fit)] != '\0')
		return "has characters that nginx's configuration can't hold: letters, digits and "
		    "_./:,@%+~=*-[] may be in it";
	return check_path(text);
}

const char *
check_token_file(char *text)
{
	/* print-config and logs name the file, so a token in its place is wiped */
	if (strncmp(text, "pat", 3) == 0 && strlen(text) > 16 && strchr(text, '/') == NULL) {
		explicit_bzero(text, strlen(text));
		return "looks like a token; give the name of the file that holds the token";
	}
	return check_path_or_none(text);
}

static bool
read_port(struct str text, long *port)
{
	*port = 0;
	if (text.len == 0 || text.len > 5)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		*port = *port * 10 + (text.ptr[i] - '0');
	}
	return *port >= 1 && *port <= 65535;
}

static bool
read_host(struct str text, struct authority *a)
{
	struct in6_addr addr;

	if (text.len == 0 || text.len >= sizeof(a->host))
		return false;
	memcpy(a->host, text.ptr, text.len);
	a->host[text.len] = '\0';
	if (a->ipv6)
		return inet_pton(AF_INET6, a->host, &addr) == 1;
	for (size_t i = 0; i < text.len; i++)
		if (!isalnum((unsigned char)text.ptr[i]) &&
		    text.ptr[i] != '.' && text.ptr[i] != '-')
			return false;
	return true;
}

static bool
read_authority(struct str text, struct authority *a)
{
	const char *end = text.ptr + text.len, *host_end;
	struct str host = text;

	*a = (struct authority){ .port = -1 };
	if (text.len > 0 && text.ptr[0] == '[') {
		if ((host_end = memchr(text.ptr, ']', text.len)) == NULL)
			return false;
		a->ipv6 = true;
		host = (struct str){ text.ptr + 1, (size_t)(host_end - text.ptr) - 1 };
		host_end++;
	} else {
		if ((host_end = memchr(text.ptr, ':', text.len)) == NULL)
			host_end = end;
		host.len = (size_t)(host_end - text.ptr);
	}
	if (!read_host(host, a))
		return false;
	if (host_end == end)
		return true;
	return *host_end == ':' &&
	    read_port((struct str){ host_end + 1, (size_t)(end - host_end) - 1 }, &a->port);
}

/* Judged by the text alone, without asking a name server. */
static bool
is_loopback(const struct authority *a)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (a->ipv6)
		return inet_pton(AF_INET6, a->host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
	if (inet_pton(AF_INET, a->host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return strcasecmp(a->host, "localhost") == 0;
}

const char *
check_api_url(char *text)
{
	size_t len;
	struct authority a;
	bool secure;
	char *rest;

	if (strncmp(text, "https://", 8) == 0)
		secure = true;
	else if (strncmp(text, "http://", 7) == 0)
		secure = false;
	else
		return "must begin with https:// (or http:// to this machine)";
	rest = text + (secure ? 8 : 7);
	for (const char *p = rest; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p > '~' ||
		    strchr("?#\\\"<>{}|^`", *p) != NULL)
			return "is not a plain URL (no spaces, query or fragment)";
	len = strcspn(rest, "/");
	if (memchr(rest, '@', len) != NULL)
		return "must not hold a user name or password";
	if (!read_authority((struct str){ rest, len }, &a))
		return "has no valid host or port";
	if (!secure && !is_loopback(&a))
		return "must be https:// (http:// is for 127.0.0.0/8, [::1] and localhost only)";
	len = strlen(text);
	while (text[len - 1] == '/')
		text[--len] = '\0';
	return NULL;
}

const char *
check_public_url(char *text)
{
	return text[0] == '\0' ? NULL : check_api_url(text);
}

/*
 * Write the address as browsers do in Host, so that it is recognized there.
 * ${text} has room for CONFIG_TEXT_MAX.
 */
static void
write_ipv6(char *text, const struct authority *a)
{
	char host[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (inet_pton(AF_INET6, a->host, &address) == 1 &&
	    inet_ntop(AF_INET6, &address, host, sizeof(host)) != NULL)
		(void)snprintf(text, CONFIG_TEXT_MAX, "[%s]:%ld", host, a->port);
}

const char *
check_listen(char *text)
{
	struct authority a;

	if (strncmp(text, "*:", 2) == 0 &&
	    read_port((struct str){ text + 2, strlen(text) - 2 }, &a.port))
		return NULL;
	if (!read_authority(str_of(text), &a) || a.port == -1)
		return "is not host:port (127.0.0.1:8080, [::1]:8080, *:8080)";
	if (a.ipv6)
		write_ipv6(text, &a);
	return NULL;
}

const char *
check_listen_or_none(char *text)
{
	return text[0] == '\0' ? NULL : check_listen(text);
}

/* "10.0.0.0/8", "::1": a form that nginx takes too? */
static bool
is_network(const char *text, size_t len)
{
	unsigned char address[sizeof(struct in6_addr)];
	const char *slash = memchr(text, '/', len);
	char host[INET6_ADDRSTRLEN];
	size_t host_len = slash != NULL ? (size_t)(slash - text) : len;
	long bits = 0, most;

	if (host_len >= sizeof(host))
		return false;
	memcpy(host, text, host_len);
	host[host_len] = '\0';
	most = strchr(host, ':') != NULL ? 128 : 32;
	if (inet_pton(most == 32 ? AF_INET : AF_INET6, host, address) != 1)
		return false;
	if (slash == NULL)
		return true;
	len -= host_len + 1;
	if (len == 0 || len > 3)
		return false;
	for (size_t i = 1; i <= len; i++) {
		if (slash[i] < '0' || slash[i] > '9')
			return false;
		bits = bits * 10 + (slash[i] - '0');
	}
	return bits <= most;
}

/* Does ${is_one} accept each part of a list that commas or spaces separate? */
static bool
is_list(const char *text, bool (*is_one)(const char *text, size_t len))
{
	for (const char *p = text; *p != '\0'; ) {
		size_t len = strcspn(p, ", ");

		if (len > 0 && !is_one(p, len))
			return false;
		p += len + (p[len] != '\0');
	}
	return true;
}

const char *
check_networks(char *text)
{
	return is_list(text, is_network) ? NULL :
	    "is not a list of addresses and networks (10.0.0.0/8, 192.168.1.7, ::1)";
}

/*
 * "orders.example.org", "192.0.2.7", "2001:db8::7", "[2001:db8::7]": as in
 * Host, but without a port?
 */
static bool
is_name(const char *text, size_t len)
{
	bool bare_ipv6 = memchr(text, ':', len) != NULL && text[0] != '[';
	struct authority a = { .ipv6 = bare_ipv6 };
	struct str s = { text, len };

	if (bare_ipv6)
		return read_host(s, &a);
	return read_authority(s, &a) && a.port == -1 && text[0] != '.' && text[len - 1] != '.' &&
	    strstr(a.host, "..") == NULL;
}

const char *
check_names(char *text)
{
	return is_list(text, is_name) ? NULL :
	    "is not a list of names and addresses without ports (orders.example.org, 192.168.1.7)";
}

/* "https://portal.example.org:8443": as browsers send it? */
static bool
is_origin(const char *text, size_t len)
{
	size_t before = strncmp(text, "https://", 8) == 0 ? 8 :
	    strncmp(text, "http://", 7) == 0 ? 7 : len;
	struct str rest = { text + before, len - before };
	struct authority a;

	for (size_t i = before; i < len; i++)
		if (isupper((unsigned char)text[i]))
			return false;
	return rest.len > 0 && read_authority(rest, &a) &&
	    a.port != (before == 8 ? 443 : 80);
}

/* Is an entry there twice?  nginx would refuse that. */
static bool
repeats(const char *text)
{
	for (const char *p = text; *p != '\0'; ) {
		size_t len = strcspn(p, ", "), other_len;

		for (const char *q = p + len; len > 0 && *q != '\0'; q += other_len) {
			q += strspn(q, ", ");
			other_len = strcspn(q, ", ");
			if (other_len == len && memcmp(p, q, len) == 0)
				return true;
		}
		p += len + (p[len] != '\0');
	}
	return false;
}

const char *
check_origins(char *text)
{
	if (repeats(text))
		return "names an origin twice";
	return is_list(text, is_origin) ? NULL :
	    "is not a list of origins as browsers send them, in lower case, without path or "
	    "usual port (https://portal.example.org, http://10.0.0.7:3000)";
}

const char *
check_header_or_none(char *text)
{
	/* what these hold must never get into the history */
	static const char *const secret[] = { "Authorization", "Proxy-Authorization", "Cookie" };
	size_t len = strlen(text);

	for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		if (strcasecmp(text, secret[i]) == 0)
			return "holds secrets, not a name";
	if (len > 64 || strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != len)
		return "is not the name of a header (letters, digits and -)";
	return NULL;
}

static bool
read_listen(const char *listen, struct authority *a)
{
	if (strncmp(listen, "*:", 2) != 0)
		return read_authority(str_of(listen), a) && a->port != -1;
	*a = (struct authority){ .host = "*" };
	return read_port(str_of(listen + 2), &a->port);
}

/* Does it stand for all addresses of its kind? */
static bool
is_wildcard(const struct authority *a)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (a->ipv6)
		return inet_pton(AF_INET6, a->host, &v6) == 1 && IN6_IS_ADDR_UNSPECIFIED(&v6);
	return strcmp(a->host, "*") == 0 || strcmp(a->host, "0") == 0 ||
	    (inet_pton(AF_INET, a->host, &v4) == 1 && v4.s_addr == INADDR_ANY);
}

static bool
is_name_of_this_machine(const struct authority *a)
{
	return !a->ipv6 && strcasecmp(a->host, "localhost") == 0;
}

static bool
same_place(const struct authority *a, const struct authority *b)
{
	if (a->port != b->port)
		return false;
	/* a name may stand for addresses of either kind */
	if (is_name_of_this_machine(a) || is_name_of_this_machine(b))
		return is_wildcard(a) || is_wildcard(b) || (is_loopback(a) && is_loopback(b));
	if (a->ipv6 != b->ipv6)
		return false;
	return is_wildcard(a) || is_wildcard(b) || strcasecmp(a->host, b->host) == 0;
}

bool
listens_clash(const char *listen, const char *other)
{
	struct authority a, b;

	return read_listen(listen, &a) && read_listen(other, &b) && same_place(&a, &b);
}

bool
url_is_at(const char *url, const char *listen)
{
	const char *host = strstr(url, "://");
	struct authority a, b;

	if (host == NULL)
		return false;
	host += 3;
	if (!read_authority((struct str){ host, strcspn(host, "/") }, &a) || !is_loopback(&a))
		return false;
	if (a.port == -1)
		a.port = strncmp(url, "https://", 8) == 0 ? 443 : 80;
	return read_listen(listen, &b) && same_place(&a, &b);
}

bool
listens_for_others(const char *listen)
{
	struct authority a;

	return listen[0] != '\0' && !(read_authority(str_of(listen), &a) && is_loopback(&a));
}

static bool
zone_file_exists(const char *name)
{
	char path[sizeof(ZONE_DIR) + CONFIG_TEXT_MAX], magic[4];
	struct stat st;
	bool found;
	int fd;

	(void)snprintf(path, sizeof(path), ZONE_DIR "/%s", name);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return false;
	found = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic) &&
	    memcmp(magic, "TZif", sizeof(magic)) == 0;
	(void)close(fd);
	return found;
}

const char *
check_excluded(char *text)
{
	return revenue_parse(text, NULL) ? NULL : "is not a list of names separated by commas";
}

const char *
check_currency(char *text)
{
	return currency_symbol_valid(str_of(text)) ? NULL :
	    "is not a symbol of at most 8 characters";
}

const char *
check_time_zone(char *text)
{
	if (strcmp(text, "UTC") == 0)	/* needs no zone file */
		return NULL;
	if (text[0] == '\0' || text[0] == '/' || strstr(text, "..") != NULL)
		return "is not the name of a time zone";
	for (const char *p = text; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("+-_/", *p) == NULL)
			return "is not the name of a time zone";
	if (!zone_file_exists(text))
		return "is not a time zone that this machine knows (" ZONE_DIR ")";
	return NULL;
}
