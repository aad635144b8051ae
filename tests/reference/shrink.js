// SPDX-License-Identifier: MPL-2.0
/*
 * Makes a failing case small: fields, options, then tokens and characters of
 * the sentence go one after the other as long as the case still fails.
 */
'use strict';

const TOKEN = /\s+|"(?:\\.|[^"\\])*"|[A-Za-z0-9_.:-]+|[^]/gu;
const TOKEN_RUNS = [64, 32, 16, 12, 8, 7, 6, 5, 4, 3, 2, 1];
const CHARACTER_RUNS = [4, 2, 1];
const ROUNDS = 40;
const PASSES = 4;

function withRule(c, rule) {
	return Object.assign({}, c, { payload: Object.assign({}, c.payload, { rule }) });
}

function without(c, part, key) {
	const copy = Object.assign({}, c, { [part]: Object.assign({}, c[part]) });

	delete copy[part][key];
	return copy;
}

/* Every case with one field or option less. */
function fewerFields(c) {
	return Object.keys(c.payload).filter((k) => k !== 'rule')
	    .map((k) => without(c, 'payload', k))
	    .concat(Object.keys(c.opts).map((k) => without(c, 'opts', k)));
}

/* Every case with a run of n parts less. */
function fewerParts(c, parts, n) {
	const cases = [];

	for (let i = 0; i + n <= parts.length; i += Math.max(1, n >> 3))
		cases.push(withRule(c, parts.slice(0, i).concat(parts.slice(i + n)).join('')));
	return cases;
}

/*
 * fails: async (cases) -> which of them fail, each true or false.  Returns the
 * smallest case found; c itself must fail.
 */
async function shrink(c, fails) {
	const firstFailing = async (cases) => {
		if (cases.length === 0)
			return null;
		const at = (await fails(cases)).indexOf(true);
		return at === -1 ? null : cases[at];
	};
	const reduce = async (candidates) => {
		for (let round = 0; round < ROUNDS; round++) {
			const smaller = await firstFailing(candidates(c));
			if (smaller === null)
				return;
			c = smaller;
		}
	};

	await reduce(fewerFields);
	if (typeof c.payload.rule !== 'string')
		return c;
	for (let pass = 0; pass < PASSES; pass++) {
		const before = c;
		for (const n of TOKEN_RUNS)
			await reduce((d) => fewerParts(d, d.payload.rule.match(TOKEN) || [], n));
		for (const n of CHARACTER_RUNS)
			await reduce((d) => fewerParts(d, Array.from(d.payload.rule), n));
		if (c === before)
			break;
	}
	return c;
}

module.exports = { shrink };
