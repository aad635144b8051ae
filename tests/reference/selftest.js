// SPDX-License-Identifier: MPL-2.0
/*
 * Shows that the comparison can fail: answers made from the reference itself
 * agree, and each of a list of faults planted in them is found.  Also the parts
 * below it: addresses, shrinking, a program that dies.
 *
 * usage: node selftest.js REFERENCE-DIR [SEED]
 */
'use strict';

const assert = require('assert');
const { Random } = require('./random');
const address = require('./address');
const { makeCase } = require('./gen');
const { Reference, clone } = require('./reference');
const { diffCreate, diffParse, readResponse } = require('./compare');
const { Differential } = require('./differential');
const { Rpc } = require('./rpc');

const CASES = 2000;

/* An answer as fwrule would send it. */
function respond(answer) {
	if (answer.ok)
		return { result: clone(answer.ok) };
	return { error: { code: -32602, message: 'invalid', data: { errors:
	    answer.errors.map((e) => ({ field: e.field, message: e.message,
		code: e.syntax ? 'E0101' : 'E0201' })) } } };
}

function mapStrings(value, f) {
	if (typeof value === 'string')
		return f(value);
	if (Array.isArray(value))
		return value.map((v) => mapStrings(v, f));
	if (value === null || typeof value !== 'object')
		return value;
	return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, mapStrings(v, f)]));
}

function firstError(response) {
	return response.error && response.error.data.errors[0];
}

/*
 * Faults: (response, case) -> a wrong response, or the same where the fault
 * does not show.
 */
function changeMessage(pattern, to) {
	return (r) => {
		const e = firstError(r);
		if (e)
			e.message = e.message.replace(pattern, to);
		return r;
	};
}

function changeResult(f) {
	return (r, c) => {
		if (r.result)
			f(r.result, c);
		return r;
	};
}

function changeForms(f) {
	return changeResult((result, c) => {
		if (result.raw)
			f(result, c);
	});
}

const ACCEPTED = { result: { from: [], to: [], action: 'allow', protocol: {} } };

const FAULTS = {
	'a syntax error accepted': (r) => {
		const e = firstError(r);
		return e && e.code === 'E0101' ? ACCEPTED : r;
	},
	'a value error taken for a syntax error': (r) => {
		const e = firstError(r);
		if (e)
			e.code = 'E0102';
		return r;
	},
	'a syntax error taken for a value error': (r) => {
		const e = firstError(r);
		if (e)
			e.code = 'E0120';
		return r;
	},
	'everything refused': (r) => r.result ? respond({ errors: [
		{ field: 'rule', message: 'no', syntax: true }] }) : r,
	'an error without entries': (r) => r.error ? { error: { code: 1, message: 'x' } } : r,
	'only the first error': (r) => {
		if (r.error)
			r.error.data.errors.splice(1);
		return r;
	},
	'errors in another order': (r) => {
		if (r.error)
			r.error.data.errors.reverse();
		return r;
	},
	'another field': (r) => {
		const e = firstError(r);
		if (e && e.field === 'owner_uuid')
			e.field = 'uuid';
		return r;
	},
	'a limit off by one': changeMessage('maximum of 24', 'maximum of 25'),
	'the wrong family': changeMessage('ICMPv4', 'ICMPv6'),
	'the range the wrong way': changeMessage(/\((\d+)\)(.*)\((\d+)\)/, '($3)$2($1)'),
	'a number printed without its zeros': changeMessage(/"0+(\d+)/, '"$1'),
	'a message in lower case': changeMessage('UUID', 'uuid'),
	'no priority': changeForms((f) => { f.raw.priority = 0; }),
	'priority as text': changeForms((f) => { f.raw.priority = String(f.raw.priority); }),
	'duplicate ports dropped': changeForms((f) => {
		if (f.raw.ports)
			f.raw.ports = Array.from(new Set(f.raw.ports));
	}),
	'types as numbers': changeForms((f) => {
		if (f.raw.types)
			f.raw.types = f.raw.types.map((t) => Number(t) || t);
	}),
	'targets unsorted': changeForms((f) => { f.raw.from.ips.reverse(); }),
	'a tag with a value beside its key': changeForms((f) => {
		for (const t of f.raw.to.tags.slice())
			if (typeof t === 'string')
				f.raw.to.tags.push([t, 'x']);
	}),
	'text with two spaces': changeForms((f) => { f.text = f.text.replace(' TO ', '  TO '); }),
	'the rule not in canonical text': changeForms((f, c) => {
		f.serialized.rule = c.payload.rule;
	}),
	'global false': changeForms((f) => {
		if (!f.serialized.global)
			f.serialized.global = false;
	}),
	'owner null': changeForms((f) => {
		if (!f.raw.owner_uuid)
			f.raw.owner_uuid = null;
	}),
	'string booleans as booleans': changeForms((f) => {
		f.raw.enabled = f.raw.enabled === true || f.raw.enabled === 'true';
	}),
	'an empty description left out': changeForms((f) => {
		if (!f.raw.description)
			delete f.raw.description;
	}),
	'no version made': changeForms((f, c) => {
		if (!c.payload.version)
			f.raw.version = '';
	}),
	'the same uuid in neither form': changeForms((f, c) => {
		if (c.payload.uuid === undefined)
			f.serialized.uuid = 'made';
	}),
	'the parsed form canonical': changeResult((p) => {
		if (p.from && Array.isArray(p.from)) {
			p.from = p.from.map(([type, value]) => [type,
				type === 'ip' ? address.canonicalAddress(value) : value]);
		}
	}),
	'parsed targets unordered': changeResult((p) => {
		if (Array.isArray(p.to))
			p.to.reverse();
	}),
	'a spelling kept': changeForms((f) => {
		f.raw.from.subnets = f.raw.from.subnets.map((s) => s.replace('::', ':0::'));
	}),
	'text cut at NUL': (r) => mapStrings(r, (s) => s.split('\0')[0]),
	'lone surrogates replaced': (r) => r.result ? mapStrings(r, (s) =>
	    s.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
		'\ufffd')) : r,
	'pairs of surrogates taken apart': (r) => mapStrings(r, (s) =>
	    s.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '??')),
	'__proto__ lost': changeForms((f) => {
		f.raw.from.tags = f.raw.from.tags.filter((t) => t !== '__proto__');
	}),
	'a Unicode space unescaped': changeForms((f) => {
		f.text = f.text.replace(/\\u2028/g, '\u2028').replace(/\\u00A0/g, '\u00a0');
	}),
};

function wantsOf(reference, seed) {
	const wants = [];

	for (let i = 0; i < CASES; i++) {
		const c = makeCase(seed, i);
		wants.push({
			c,
			create: reference.create(c.payload, c.opts),
			parse: typeof c.payload.rule === 'string' ?
			    reference.parse(c.payload.rule, c.opts) : null,
		});
	}
	return wants;
}

/* How many cases differ when each response goes through fault. */
function countFound(wants, fault) {
	let found = 0;

	for (const { c, create, parse } of wants) {
		const read = (answer) => readResponse(fault(respond(answer), c));
		const lines = diffCreate(c.payload, create, read(create));
		if (parse !== null)
			lines.push(...diffParse(c.payload.rule, parse, read(parse)));
		if (lines.length > 0)
			found++;
	}
	return found;
}

/* The canonical spelling against the one of the URL standard. */
function checkAddresses(seed) {
	const r = new Random(seed);

	for (let i = 0; i < 20000; i++) {
		const groups = Array.from({ length: 8 }, () =>
		    r.chance(0.5) ? 0 : r.below(65536));
		const text = address.spell(r, { family: 6, groups }, r.chance(0.5));
		const url = new URL(`http://[${groups.map((g) => g.toString(16)).join(':')}]/`);
		assert.strictEqual(`[${address.canonicalAddress(text)}]`, url.hostname, text);
	}
	assert.deepStrictEqual(address.mask({ family: 4, groups: [255, 255, 255, 255] }, 19).groups,
	    [255, 255, 224, 0]);
	assert.strictEqual(address.canonicalPrefix('010.0.0.01/024'), '10.0.0.1/24');
}

/* The rules as the unmended reference has them must differ somewhere. */
function checkMending(reference, wants) {
	let spelling = 0, proto = 0;

	for (const { c, create } of wants) {
		if (!create.ok)
			continue;
		try {
			const text = reference.fwrule.create(c.payload, c.opts).text();
			spelling += text !== create.ok.text;
			proto += create.ok.text.includes('"__proto__"') &&
			    !text.includes('"__proto__"');
		} catch (err) {
			continue;       /* upper-case hexadecimal, or __proto__ alone */
		}
	}
	assert(spelling > 0 && proto > 0);
}

/* A wrong answer is shown with a small case. */
async function checkShrinking(reference, seed) {
	const rpc = { ask: (requests) => Promise.resolve(requests.map(({ method, params }) => {
		const answer = method === 'parse' ? reference.parse(params.rule, params) :
		    reference.create(params.payload, params);
		const r = respond(answer);
		if (method === 'create' && r.result && r.result.text.includes('PORT 443'))
			r.result.text = '';
		return r;
	})) };
	const d = new Differential(reference, () => rpc);
	const c = { id: 0, kind: 'valid', opts: { maxVersion: 4 }, payload: {
		rule: 'FROM (ip 10.0.0.1 OR tag "www" = "a b" OR any1) TO all vms ALLOW tcp ' +
		    '(PORT 80 AND PORT 443 AND PORT 1)', enabled: true, log: false } };
	c.payload.rule = c.payload.rule.replace(' OR any1', ' OR vm ' + new Random(seed).uuid());
	const text = await d.explain(c);
	const small = JSON.parse(text.split('\n')[1]);

	assert.deepStrictEqual(Object.keys(small.payload), ['rule'], text);
	assert.deepStrictEqual(small.opts, {}, text);
	assert(small.payload.rule.length <= 50, text);
	assert(/create: result\.text: reference "FROM .*", fwrule ""/.test(text), text);
}

async function checkDeath() {
	const script = 'process.stdin.once("data", (d) => { const q = JSON.parse(' +
	    'String(d).split("\\n")[0]); console.log(JSON.stringify({ id: q.id, result: 7 }));' +
	    'process.stdout.write("", () => process.exit(3)); })';
	const rpc = new Rpc(process.execPath, ['-e', script]);
	const answers = await rpc.ask([1, 2, 3].map((n) => ({ method: 'parse', params: { n } })));

	assert.strictEqual(answers[0].result, 7);
	assert.match(answers[1].failure, /status 3 at .*"n":2/);
	assert.match(answers[2].failure, /status 3$/);
	assert.match((await rpc.ask([{ method: 'parse' }]))[0].failure, /status 3/);
	const none = new Rpc('/nonexistent/fwrule');
	assert.match((await none.ask([{ method: 'parse' }]))[0].failure, /cannot be run/);
	await checkRevival();
}

/* Of a program that dies of one case, that case alone fails. */
async function checkRevival() {
	const reference = { create: () => ({ ok: {} }), parse: () => ({ ok: {} }) };
	const start = () => {
		const rpc = { ask: (requests) => Promise.resolve(requests.map(({ params }) => {
			const { rule } = params.payload || params;
			rpc.ended = rpc.ended || (rule === 'deadly' ? 'dead' : undefined);
			return rpc.ended ? { failure: 'dead' } : { result: {} };
		})) };
		return rpc;
	};
	const found = await new Differential(reference, start).check(
	    ['a', 'deadly', 'b', 'deadly', 'c'].map((rule) => ({ payload: { rule }, opts: {} })));

	assert.deepStrictEqual(found.map((l) => l.length > 0), [false, true, false, true, false]);
}

async function main() {
	const reference = new Reference(process.argv[2]);
	const seed = Number(process.argv[3] || 1);
	let failed = 0;

	checkAddresses(seed);
	const wants = wantsOf(reference, seed);
	checkMending(reference, wants);
	assert.strictEqual(countFound(wants, (r) => r), 0, 'the reference differs from itself');
	for (const [name, fault] of Object.entries(FAULTS)) {
		const found = countFound(wants, fault);
		if (found === 0) {
			failed++;
			console.log(`not found: ${name}`);
		}
	}
	await checkShrinking(reference, seed);
	await checkDeath();
	console.log(`selftest: seed ${seed}, ${Object.keys(FAULTS).length - failed} of ` +
	    `${Object.keys(FAULTS).length} planted faults found`);
	return failed === 0 ? 0 : 1;
}

main().then((status) => {
	process.exitCode = status;
}, (err) => {
	console.error(err);
	process.exitCode = 2;
});
