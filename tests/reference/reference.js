// SPDX-License-Identifier: MPL-2.0
/*
 * The reference, asked the questions of `fwrule rpc`: parse and create.  An
 * answer is { ok: result } or { errors: [{ field, message, syntax }] }.
 *
 * The listed differences are mended here, and only these:
 *  - an address is a value: raw, serialized and text hold its canonical
 *    spelling, and two spellings of it are one target;
 *  - upper-case hexadecimal in an address is accepted (the sentence is asked
 *    again in lower case when the reference takes it for a syntax error);
 *  - a tag or a value called __proto__ is not lost;
 *  - ICMP types sort by type, a bare type first, then by code.
 * The verdict is always that on the spelling as typed.
 */
'use strict';

const path = require('path');
const { canonicalAddress, canonicalPrefix } = require('./address');

const PROTO = '__proto__';
const STANDIN = '\u0000__proto__\u0000';    /* no generated tag holds it */
const ADDRESS6 = /"(?:\\.|[^"\\])*"|[0-9a-f]*:[0-9a-f]*:[:0-9a-f]*/gi;

function clone(value) {
	return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/* By UTF-16 code unit: what the language's own sort does. */
function compareText(a, b) {
	return a < b ? -1 : a > b ? 1 : 0;
}

function compareTypes(a, b) {
	const [x, y] = [a, b].map((t) => t.split(':').map(Number));

	return x[0] - y[0] || x.length - y.length || (x[1] || 0) - (y[1] || 0);
}

function compareTags(a, b) {
	const [x, y] = [a, b].map((t) => Array.isArray(t) ? t : [t, '']);

	return compareText(x[0], y[0]) || compareText(x[1], y[1]);
}

/* f over the strings of a tag, bare or with a value. */
function mapTag(tag, f) {
	return Array.isArray(tag) ? tag.map(f) : f(tag);
}

/* A copy of a parsed form with f over every [type, value] of both sides. */
function mapTargets(parsed, f) {
	const copy = clone(parsed);

	for (const side of ['from', 'to'])
		copy[side] = copy[side].map(([type, value]) => [type, f(type, value)]);
	return copy;
}

function hideProto(type, value) {
	return type !== 'tag' ? value : mapTag(value, (s) => s === PROTO ? STANDIN : s);
}

function canonicalTarget(type, value) {
	switch (type) {
	case 'ip':
		return canonicalAddress(value);
	case 'subnet':
		return canonicalPrefix(value);
	default:
		return value;
	}
}

/*
 * An error of the reference's as an entry.  Its syntax errors carry details.
 * One without a field is no error of its own making: it stumbled over a
 * sentence that is not a string, and what another says of that is free.
 */
function entry(err) {
	return {
		field: err.field || 'rule',
		message: err.message,
		syntax: err.details !== undefined,
		free: err.field === undefined,
		either: err.either === true,
	};
}

function entries(err) {
	return { errors: (err.ase_errors || [err]).map(entry) };
}

/* The sentence with the addresses outside its quoted strings in lower case. */
function lowerHex(rule) {
	return rule.replace(ADDRESS6, (m) => m[0] === '"' ? m : m.toLowerCase());
}

class Reference {
	/* dir: where npm installed it. */
	constructor(dir) {
		this.fwrule = require(path.join(path.resolve(dir), 'node_modules', 'fwrule'));
	}

	/* The parsed form, or an exception of the reference's. */
	tryParse(rule, opts) {
		try {
			return this.fwrule.parse(rule, opts);
		} catch (err) {
			if (typeof rule !== 'string' || !entry(err).syntax ||
			    lowerHex(rule) === rule)
				throw err;
			return this.parseLower(rule, opts);
		}
	}

	/* Of a sentence that is an error in lower case too, either error will do. */
	parseLower(rule, opts) {
		try {
			return this.fwrule.parse(lowerHex(rule), opts);
		} catch (err) {
			err.either = true;
			throw err;
		}
	}

	parse(rule, opts) {
		try {
			return { ok: clone(this.tryParse(rule, opts)) };
		} catch (err) {
			return entries(err);
		}
	}

	create(payload, opts) {
		let parsed;

		try {
			parsed = this.tryParse(payload.rule, opts);
		} catch (err) {
			return this.refusal(payload, opts, err);
		}
		parsed = mapTargets(parsed, hideProto);
		const made = (p) => this.fwrule.create(
		    Object.assign({}, payload, { parsed: p }), opts);
		try {
			made(clone(parsed));
		} catch (err) {
			return entries(err);
		}
		return { ok: this.forms(made(mapTargets(parsed, canonicalTarget))) };
	}

	/* The errors of a payload whose sentence does not parse. */
	refusal(payload, opts, reason) {
		try {
			this.fwrule.create(payload, opts);
		} catch (err) {
			const list = entries(err);
			if (reason.either)
				list.errors[0] = entry(reason);
			return list;
		}
		throw new Error('the reference refuses a sentence and takes its payload: ' +
		    JSON.stringify(payload));
	}

	/* rule: one of the reference's, made from canonical addresses. */
	forms(rule) {
		for (const side of ['from', 'to']) {
			rule[side].tags = rule[side].tags
			    .map((t) => mapTag(t, (s) => s === STANDIN ? PROTO : s))
			    .sort(compareTags);
		}
		if (rule.types)
			rule.types = rule.types.slice().sort(compareTypes);
		return clone({
			raw: rule.raw(), serialized: rule.serialize(), text: rule.text(),
		});
	}
}

module.exports = { Reference, clone, lowerHex };
