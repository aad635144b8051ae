/* SPDX-License-Identifier: MPL-2.0 */
#include "cidr.h"

#include <libcidr.h>
#include <stdlib.h>

static bool
from_libcidr(struct slice s, struct prefix *out)
{
	/* libcidr 1.2.3 looks for ".arpa" in the last five bytes, which may lie before the text. */
	char room[8 + NET_TEXT_MAX * 2] = { 0 }, *text = room + 8;
	uint8_t *octets;
	CIDR *c;

	if (s.n >= sizeof(room) - 8)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	c = cidr_from_str(text);
	if (!c)
		return false;
	if (cidr_get_proto(c) == CIDR_IPV4) {
		out->fam = NET_V4;
		out->len = (uint8_t)(NET_V4_BASE + cidr_get_pflen(c));
	} else {
		out->fam = NET_V6;
		out->len = (uint8_t)cidr_get_pflen(c);
	}
	octets = cidr_get_addr(c);
	cidr_free(c);
	if (!octets)
		return false;
	if (out->fam == NET_V4) {
		out->a = addr_v4((uint32_t)octets[12] << 24 | (uint32_t)octets[13] << 16 |
		    (uint32_t)octets[14] << 8 | octets[15]);
	} else {
		out->a = (struct addr){ 0, 0 };
		for (int i = 0; i < 8; i++) {
			out->a.hi = out->a.hi << 8 | octets[i];
			out->a.lo = out->a.lo << 8 | octets[i + 8];
		}
	}
	free(octets);
	return true;
}

bool
cidr_read_addr(struct slice s, struct prefix *out)
{
	return addr_read(s, out) && from_libcidr(s, out) && out->len == 128;
}

bool
cidr_read_prefix(struct slice s, struct prefix *out)
{
	return prefix_read(s, out) && from_libcidr(s, out);
}
