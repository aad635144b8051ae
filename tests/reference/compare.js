// SPDX-License-Identifier: MPL-2.0
/*
 * Holds an answer of `fwrule rpc` against one of the reference.  Both are
 * { ok: result } or { errors: [{ field, message, syntax }] }; what comes out is
 * a list of differences, each a line of text, empty when they agree.
 *
 * Of a syntax error only that it is one counts, not its wording.  A uuid or a
 * version that was made on the way counts by its form alone.
 */
'use strict';

const { lowerHex } = require('./reference');

const SHOWN = 120;
const UUID4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const VERSION = /^[0-9]{13,}\.[0-9]{6,}$/;
/* Entries of lexical and syntax errors; the other codes are of values. */
const SYNTAX_CODE = /^E01(0[1-9]|1[0-9])$/;

function show(value) {
	const text = value === undefined ? 'nothing' : JSON.stringify(value);

	return text.length > SHOWN ? text.slice(0, SHOWN) + '...' : text;
}

/* Differences of two JSON values; the order of an object's keys is none. */
function diffJson(at, want, got, out) {
	const isTree = (v) => v !== null && typeof v === 'object';

	if (!isTree(want) || !isTree(got) || Array.isArray(want) !== Array.isArray(got)) {
		if (want !== got)
			out.push(`${at}: reference ${show(want)}, fwrule ${show(got)}`);
		return out;
	}
	if (Array.isArray(want) && want.length !== got.length) {
		out.push(`${at}: reference ${show(want)}, fwrule ${show(got)}`);
		return out;
	}
	for (const key of new Set(Object.keys(want).concat(Object.keys(got))))
		diffJson(`${at}.${key}`, want[key], got[key], out);
	return out;
}

function diffErrors(want, got, out) {
	if (want.length !== got.length) {
		out.push(`errors: reference ${show(want)}, fwrule ${show(got)}`);
		return out;
	}
	want.forEach((w, i) => {
		const g = got[i];
		diffJson(`errors.${i}.field`, w.field, g.field, out);
		if (w.free || (w.either && g.syntax))
			return;
		diffJson(`errors.${i}.syntax`, w.syntax, g.syntax, out);
		if (!w.syntax && !g.syntax)
			diffJson(`errors.${i}.message`, w.message, g.message, out);
	});
	return out;
}

/*
 * The answers to a sentence with upper-case hexadecimal: the reference saw it
 * in lower case, so spellings compare in lower case.
 */
function foldHex(rule, answer) {
	if (typeof rule !== 'string' || lowerHex(rule) === rule)
		return answer;
	if (answer.errors) {
		return { errors: answer.errors.map((e) =>
		    Object.assign({}, e, { message: lowerHex(e.message.replace(/"/g, "'")) })) };
	}
	if (!answer.ok.from)
		return answer;
	const fold = (list) => list.map(([type, value]) =>
	    [type, type === 'ip' || type === 'subnet' ? value.toLowerCase() : value]);
	return { ok: Object.assign({}, answer.ok,
	    { from: fold(answer.ok.from), to: fold(answer.ok.to) }) };
}

/* Values that each side makes for itself, by their form. */
function foldMade(payload, result) {
	const made = [['uuid', 'uuid' in payload, UUID4],
		['version', Boolean(payload.version), VERSION]];

	for (const form of [result.raw, result.serialized]) {
		for (const [field, given, shape] of made)
			if (!given && form && shape.test(form[field]))
				form[field] = `<${field}>`;
	}
	return result;
}

function diffAnswers(what, want, got) {
	const out = [];

	if (got.failure)
		out.push(`fwrule: ${got.failure}`);
	else if (want.errors && got.errors)
		diffErrors(want.errors, got.errors, out);
	else if (want.errors)
		out.push(`verdict: reference refuses with ${show(want.errors)}, fwrule accepts`);
	else if (got.errors)
		out.push(`verdict: reference accepts, fwrule refuses with ${show(got.errors)}`);
	else
		diffJson('result', want.ok, got.ok, out);
	return out.map((line) => `${what}: ${line}`);
}

function diffParse(rule, want, got) {
	return diffAnswers('parse', foldHex(rule, want),
	    got.failure ? got : foldHex(rule, got));
}

function diffCreate(payload, want, got) {
	const fold = (answer) => {
		if (answer.failure || answer.errors)
			return answer.failure ? answer : foldHex(payload.rule, answer);
		const { raw, serialized, text } = answer.ok;
		return { ok: foldMade(payload, JSON.parse(JSON.stringify(
		    { raw, serialized, text }))) };
	};

	return diffAnswers('create', fold(want), fold(got));
}

/* A JSON-RPC response as an answer. */
function readResponse(response) {
	if (response.error === undefined)
		return { ok: response.result };
	const list = response.error.data && response.error.data.errors;
	if (!Array.isArray(list) || list.length === 0)
		return { failure: `an error without entries: ${show(response)}` };
	return { errors: list.map((e) => ({
		field: e.field, message: e.message, syntax: SYNTAX_CODE.test(e.code),
	})) };
}

module.exports = { SYNTAX_CODE, diffCreate, diffParse, readResponse };
