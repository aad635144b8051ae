/* SPDX-License-Identifier: MPL-2.0 */
/*
 * ICMP that must pass: what IPv6 does not work without, and the replies to requests
 * that cannot have state in ipf.  Rules are asked one by one, in the order in which
 * they win: those that come before have been taken (cover.h).
 */
#ifndef FWR_LINT_ICMP_H
#define FWR_LINT_ICMP_H

#include "cover.h"

#define ICMP_EXCHANGES 7

/* For each atom a list of the rules that let a request in to it, and to VMs within it. */
struct icmp_let_in {
	uint32_t *to, *inside;
};

struct icmp_link {
	uint32_t rule, next;            /* UINT32_MAX: the last */
};

struct icmp_check {
	struct lint *l;
	struct cover *c;
	VEC(struct icmp_link) links;
	struct icmp_let_in let_in[ICMP_EXCHANGES];
	bool unsure;                    /* about the rule that is being asked */
};

/* Both must live as long; what is found out about all rules stands in the cover's arena. */
void icmp_check_init(struct icmp_check *ic, struct lint *l, struct cover *c);
/* An acting rule of the direction, before it is taken.  False if something is not known. */
bool icmp_check_rule(struct icmp_check *ic, uint32_t rule, enum lang_side dir);

#endif
