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
const DEATHS_MAX = 100;

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
	/* start: makes a client of a fresh `fwrule rpc`. */
	constructor(reference, start) {
		this.reference = reference;
		this.start = start;
		this.rpc = start();
		this.deaths = 0;
	}

	want(c) {
		return {
			parse: isParsable(c) ? this.reference.parse(c.payload.rule, c.opts) : null,
			create: this.reference.create(c.payload, c.opts),
		};
	}

	/*
	 * The differences of each case, a list of lines each.  Where the program died,
	 * the case it died of fails and the others are asked again.
	 */
	async check(cases, wants) {
		const requests = [];

		for (const c of cases) {
			requests.push({ method: 'create',
			    params: Object.assign({ payload: c.payload }, c.opts) });
			if (isParsable(c))
				requests.push({ method: 'parse', params: parseParams(c) });
		}
		const asked = this.rpc.ask(requests);
		wants = wants || cases.map((c) => this.want(c));
		const got = (await asked).map((r) => r.failure ? r : readResponse(r));
		const found = [];
		for (let i = 0, at = 0; i < cases.length; i++) {
			const c = cases[i];
			const lines = diffCreate(c.payload, wants[i].create, got[at++]);
			if (isParsable(c))
				lines.push(...diffParse(c.payload.rule, wants[i].parse, got[at++]));
			found.push(lines);
			if (this.rpc.ended && got[at - 1].failure) {
				this.revive();
				return found.concat(await this.check(cases.slice(i + 1),
				    wants.slice(i + 1)));
			}
		}
		return found;
	}

	revive() {
		if (++this.deaths > DEATHS_MAX)
			throw new Error(`fwrule rpc ${this.rpc.ended}, ${this.deaths} times`);
		this.rpc = this.start();
	}

	async explain(c) {
		const small = await shrink(c, async (cases) =>
		    (await this.check(cases)).map((l) => l.length > 0));
		const lines = (await this.check([small]))[0];

		return `case ${c.id} (${c.kind}):\n  ${JSON.stringify({ payload: small.payload,
			opts: small.opts })}\n${lines.map((l) => `  ${l}\n`).join('')}`;
	}
}

function count(counts, { create }) {
	if (create.ok)
		counts.valid++;
	else if (create.errors.some((e) => e.syntax))
		counts.syntax++;
	else
		counts.value++;
}

/* Runs n cases; returns the differing ones and how many there were of each sort. */
async function run(differential, seed, from, n) {
	const counts = { valid: 0, syntax: 0, value: 0 };
	const differing = [];

	for (let at = from; at < from + n; at += BATCH) {
		const cases = [];
		for (let i = at; i < Math.min(at + BATCH, from + n); i++)
			cases.push(makeCase(seed, i));
		const wants = cases.map((c) => differential.want(c));
		wants.forEach((w) => count(counts, w));
		const found = await differential.check(cases, wants);
		differing.push(...cases.filter((c, i) => found[i].length > 0));
	}
	return { differing, counts };
}

async function main() {
	const o = readOptions(process.argv.slice(2));

	if (o === null) {
		console.error(USAGE);
		return 2;
	}
	const start = Date.now();
	const d = new Differential(new Reference(o.reference), () => new Rpc(o.fwrule));
	const [from, n] = o.case !== undefined ? [o.case, 1] : [0, o.cases];
	const { differing, counts } = await run(d, o.seed, from, n);

	for (const c of differing.slice(0, o.shown))
		console.log(await d.explain(c));
	d.rpc.close();
	console.log(`differential: seed ${o.seed}, ${n} cases (${counts.valid} valid, ` +
	    `${counts.syntax} with syntax errors, ${counts.value} with other errors), ` +
	    `${differing.length} differ, ${((Date.now() - start) / 1000).toFixed(1)} s`);
	return differing.length === 0 ? 0 : 1;
}

if (require.main === module) {
	main().then((status) => {
		process.exitCode = status;
	}, (err) => {
		console.error(err);
		process.exitCode = 2;
	});
}

module.exports = { Differential };
