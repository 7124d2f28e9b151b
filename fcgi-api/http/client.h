#ifndef FCGI_API_HTTP_CLIENT_H
#define FCGI_API_HTTP_CLIENT_H

#include <stdint.h>

#include "common/base/str.h"

/*
 * A client as limits count it: an IPv4 address, or the first 64 bits of an
 * IPv6 address, as a network of that size belongs to one customer, who can use
 * any of its 2^64 addresses.  An IPv4 address written as IPv6
 * (::ffff:192.0.2.1) is the same client.
 */
enum client_kind { CLIENT_UNKNOWN, CLIENT_IPV4, CLIENT_IPV6 };

struct client {
	enum client_kind	kind;
	uint64_t		number;	/* its address, or its network */
};

/* ${address} as the web server gives it; what is not an address is one client, CLIENT_UNKNOWN. */
struct client	client_of(struct str address);

#endif
