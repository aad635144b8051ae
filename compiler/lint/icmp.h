/* SPDX-License-Identifier: MPL-2.0 */
/*
 * ICMP that must pass: what IPv6 does not work without, and the replies to requests
 * that cannot have state in ipf.  Rules are asked one by one, in the order in which
 * they win: those that come before have been taken (cover.h).
 */
#ifndef FWR_LINT_ICMP_H
#define FWR_LINT_ICMP_H

#include "cover.h"

#define ICMP_EXCHANGES 5

/* For each atom the rule that lets a request in to it, and to VMs within it. */
struct icmp_let_in {
	uint32_t *to, *inside;
};

struct icmp_check {
	struct lint *l;
	struct cover *c;
	struct icmp_let_in let_in[ICMP_EXCHANGES];
};

/* Both must live as long; what is found out about all rules stands in the cover's arena. */
void icmp_check_init(struct icmp_check *ic, struct lint *l, struct cover *c);
/* An acting rule of the direction, before it is taken. */
void icmp_check_rule(const struct icmp_check *ic, uint32_t rule, enum lang_side dir);

#endif
