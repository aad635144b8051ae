/* SPDX-License-Identifier: MPL-2.0 */
/* What the checks of rules together share. */
#ifndef FWR_LINT_SETS_INT_H
#define FWR_LINT_SETS_INT_H

#include "icmp.h"

/* What could not be found out about a rule. */
enum unsure {
	UNSURE_COVERED = 1,             /* whether it decides anything */
	UNSURE_ALIKE = 2,               /* whether those that decide its packets say what it says */
	UNSURE_OPPOSITES = 4,           /* whether it loses to others */
	UNSURE_PRIORITY = 8,            /* whether its priority wins over anything */
	UNSURE_TYPES = 16,              /* whether it blocks ICMP that must pass */
};

/* What was found out about a rule; sets of directions have a bit for each. */
struct outcome {
	uint8_t asked;                  /* it acts there, and has packets */
	uint8_t open;                   /* it decides some */
	uint8_t dead;                   /* those that come before it decide all of them */
	uint8_t unsure;                 /* enum unsure */
	bool contradicted;              /* reported */
	bool matters;                   /* its priority, for all that is known */
	bool done;                      /* decided with the inventory */
	enum lang_side differs_dir;
	struct cover_packet *differs;   /* one that is decided otherwise */
	struct cover_packet *loses[2];  /* one where neither is an exception to the other */
	struct cover_result *result[2];
};

struct sets {
	struct lint *l;
	const struct inventory *inv;    /* or NULL */
	struct cover *c;
	struct outcome *outcome;
	uint32_t *order;                /* rules of the direction, in the order in which they win */
	uint32_t n_order, n_acting;     /* those that only repeat the default come last */
	struct icmp_check icmp;
};

static inline const struct rule *
sets_rule(const struct sets *s, uint32_t i)
{
	return s->l->rules.v[i].rule;
}

/* What comes first is smaller: priority, then ALLOW inbound and BLOCK outbound. */
static inline unsigned
sets_level(const struct rule *r, enum lang_side dir)
{
	unsigned late = r->action == (dir == LANG_TO ? (unsigned)LANG_BLOCK : (unsigned)LANG_ALLOW);

	return (LANG_MAX_PRIORITY - r->priority) * 2u + late;
}

/* --- meetings.c: who wins where rules say the opposite ------------------------------------ */

/* FW023: a rule that comes just before it says the opposite. */
void sets_check_contradiction(struct sets *s, uint32_t rule, enum lang_side dir);
/* Finds a packet that some rule of a higher priority decides, for FW025. */
void sets_find_loss(struct sets *s, uint32_t rule, enum lang_side dir);
/* Finds a packet of a rule that decides nothing which is decided otherwise. */
void sets_find_difference(struct sets *s, uint32_t rule, enum lang_side dir);
/* FW021, FW022 and FW025, when they are known; over the VMs of s->c. */
void sets_report(struct sets *s, uint32_t rule);
/* FW026 and FW027, when all is known. */
void sets_report_last(struct sets *s, uint32_t rule);

#endif
