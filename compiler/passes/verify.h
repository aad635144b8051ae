/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The proof that a file says what its VM's policy means: the emitted text, read
 * back by the project's independent reader and decided as ipfilter does, against
 * the rules, over all packets and not samples (spec 3).
 */
#ifndef FWR_PASSES_VERIFY_H
#define FWR_PASSES_VERIFY_H

#include "../policy/policy.h"

struct verify {
	struct diags *diags;
	unsigned level;
	bool tags;
	const char *file;               /* "ipf.conf", for messages */
	enum net_family fam;
};

/*
 * meaning is the VM's policy as policy_build made it, before any pass.  A
 * difference is queued as an error, with a packet that shows it, both verdicts,
 * the line and the rule; false then.  What only ipf itself does otherwise than
 * the rules say (spec 3: at -O0, and ah on IPv6) is queued as a warning.
 */
bool verify_file(const struct verify *v, const struct policy *meaning, struct slice text);

#endif
