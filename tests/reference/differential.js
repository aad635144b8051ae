// SPDX-License-Identifier: MPL-2.0
/*
 * Asks `fwrule rpc` and the reference about the same random rules and payloads
 * and prints what they disagree about, each case made small.  Exit status: 0
 * agreed, 1 differences, 2 wrong usage.
 */
'use strict';

const { makeCase } = require('./gen');
const { Reference } = require('./reference');
const { Rpc } = require('./rpc');
const { diffCreate, diffParse, readResponse } = require('./compare');
const { shrink } = require('./shrink');

const USAGE = `usage: node differential.js --fwrule PROGRAM --reference DIR
       [--seed N] [--cases N] [--case N] [--shown N]
  --reference  where install.sh put the reference
  --seed       of the cases; the clock by default
  --cases      how many, 20000 by default
  --case       only this one of the seed
  --shown      at most so many differing cases are made small and shown (5)`;
const BATCH = 500;

function readOptions(argv) {
	const o = { seed: Date.now() % 4294967296, cases: 20000, shown: 5 };

	for (let i = 0; i < argv.length; i += 2) {
		const name = argv[i].replace(/^--/, '');
		if (!['fwrule', 'reference', 'seed', 'cases', 'case', 'shown'].includes(name) ||
		    argv[i + 1] === undefined)
			return null;
		o[name] = /^[0-9]+$/.test(argv[i + 1]) ? Number(argv[i + 1]) : argv[i + 1];
	}
	return o.fwrule && o.reference ? o : null;
}

/* Only these two options are parse's as well. */
function parseParams(c) {
	const { maxVersion, enforceSubnetMask } = c.opts;

	return { rule: c.payload.rule, maxVersion, enforceSubnetMask };
}

/* A sentence that is no string is create's business alone. */
function isParsable(c) {
	return typeof c.payload.rule === 'string';
}

class Differential {
	constructor(reference, rpc) {
		this.reference = reference;
		this.rpc = rpc;
		this.counts = { valid: 0, syntax: 0, value: 0 };
	}

	want(c) {
		return {
			parse: isParsable(c) ? this.reference.parse(c.payload.rule, c.opts) : null,
			create: this.reference.create(c.payload, c.opts),
		};
	}

	count(answer) {
		if (answer.ok)
			this.counts.valid++;
		else if (answer.errors.some((e) => e.syntax))
			this.counts.syntax++;
		else
			this.counts.value++;
	}

	/* The differences of each case, a list of lines each. */
	async check(cases) {
		const requests = [];

		for (const c of cases) {
			requests.push({ method: 'create',
			    params: Object.assign({ payload: c.payload }, c.opts) });
			if (isParsable(c))
				requests.push({ method: 'parse', params: parseParams(c) });
		}
		const asked = this.rpc.ask(requests);
		const wants = cases.map((c) => this.want(c));
		const got = (await asked).map((r) => r.failure ? r : readResponse(r));
		let at = 0;

		return cases.map((c, i) => {
			this.count(wants[i].create);
			const create = diffCreate(c.payload, wants[i].create, got[at++]);
			return !isParsable(c) ? create :
			    create.concat(diffParse(c.payload.rule, wants[i].parse, got[at++]));
		});
	}

	async explain(c, lines) {
		const failing = async (cases) =>
		    (await this.check(cases)).map((l) => l.length > 0);
		const small = this.rpc.ended ? c : await shrink(c, failing);
		const found = this.rpc.ended ? lines : (await this.check([small]))[0];

		return `case ${c.id} (${c.kind}):\n  ${JSON.stringify({ payload: small.payload,
			opts: small.opts })}\n${found.map((l) => `  ${l}\n`).join('')}`;
	}
}

/* Runs the cases from..from+n-1; returns [how many differ, the texts to show]. */
async function run(differential, o, from, n) {
	const differing = [];

	for (let at = from; at < from + n && !differential.rpc.ended; at += BATCH) {
		const cases = [];
		for (let i = at; i < Math.min(at + BATCH, from + n); i++)
			cases.push(makeCase(o.seed, i));
		const found = await differential.check(cases);
		found.forEach((lines, i) => {
			if (lines.length > 0)
				differing.push([cases[i], lines]);
		});
	}
	const counts = Object.assign({}, differential.counts);
	const shown = [];
	for (const [c, lines] of differing.slice(0, o.shown))
		shown.push(await differential.explain(c, lines));
	return { differing: differing.length, shown, counts };
}

async function main() {
	const o = readOptions(process.argv.slice(2));

	if (o === null) {
		console.error(USAGE);
		return 2;
	}
	const start = Date.now();
	const rpc = new Rpc(o.fwrule);
	const d = new Differential(new Reference(o.reference), rpc);
	const [from, n] = o.case !== undefined ? [o.case, 1] : [0, o.cases];
	const { differing, shown, counts } = await run(d, o, from, n);

	rpc.close();
	shown.forEach((text) => console.log(text));
	console.log(`differential: seed ${o.seed}, ${n} cases (${counts.valid} valid, ` +
	    `${counts.syntax} with syntax errors, ${counts.value} with other errors), ` +
	    `${differing} differ, ${((Date.now() - start) / 1000).toFixed(1)} s`);
	return differing === 0 ? 0 : 1;
}

if (require.main === module) {
	main().then((status) => {
		process.exitCode = status;
	}, (err) => {
		console.error(err);
		process.exitCode = 2;
	});
}

module.exports = { Differential, run };
