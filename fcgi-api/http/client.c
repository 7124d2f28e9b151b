#include <arpa/inet.h>
#include <string.h>

#include "fcgi-api/http/client.h"

/* "192.0.2.1": by far the most frequent, and nothing but digits and dots. */
static bool
ipv4(struct str s, uint64_t *number)
{
	uint32_t address = 0, part = 0;
	unsigned digits = 0, dots = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '.') {
			if (digits == 0 || ++dots > 3)
				return false;
			address = address << 8 | part;
			part = digits = 0;
		} else {
			if (s.ptr[i] < '0' || s.ptr[i] > '9' || ++digits > 3)
				return false;
			part = part * 10 + (uint32_t)(s.ptr[i] - '0');
			if (part > 255)
				return false;
		}
	}
	*number = address << 8 | part;
	return dots == 3 && digits > 0;
}

static uint64_t
big_endian(const unsigned char *bytes, size_t n)
{
	uint64_t number = 0;

	for (size_t i = 0; i < n; i++)
		number = number << 8 | bytes[i];
	return number;
}

struct client
client_of(struct str address)
{
	struct client c = { CLIENT_IPV4, 0 };
	char text[INET6_ADDRSTRLEN];
	struct in6_addr v6;

	if (ipv4(address, &c.number))
		return c;
	if (address.len == 0 || address.len >= sizeof(text))
		return (struct client){ CLIENT_UNKNOWN, 0 };
	memcpy(text, address.ptr, address.len);
	text[address.len] = '\0';
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return (struct client){ CLIENT_UNKNOWN, 0 };
	if (IN6_IS_ADDR_V4MAPPED(&v6))
		return (struct client){ CLIENT_IPV4, big_endian(v6.s6_addr + 12, 4) };
	return (struct client){ CLIENT_IPV6, big_endian(v6.s6_addr, 8) };
}
