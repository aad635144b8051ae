// SPDX-License-Identifier: MPL-2.0
/*
 * The benchmark: rules beside the reference in one run, and whole hosts beside what
 * is known of the reference.  Prints Markdown for doc/performance.md.
 *
 * The reference's compiler for hosts (fwadm) cannot be installed, so its CPU seconds
 * are those once measured on another machine, scaled by how fast the reference's
 * parser is here and was there.
 *
 * usage: node bench.js BUILD-DIR REFERENCE-DIR DATA-DIR [--quick]
 */
'use strict';

const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');

const [build, reference, data] = process.argv.slice(2, 5).map((p) => path.resolve(p));
const quick = process.argv[5] === '--quick';
const RULES = 100000;
const REFERENCE_LINES = quick ? 5000 : 20000;
const REPEATS = quick ? 2 : 5;
const CORE = 0;

/* Measured once with fwrule 2.1.1 and fwadm on node 20: rules, VMs, remote VMs, CPU s, MB. */
const KNOWN_PARSE_RATE = 7200;
const HOSTS = [
	[100, 50, 500, 0.26, 64],
	[1000, 100, 2000, 1.6, 133],
	[2000, 200, 5000, 3.8, 195],
	[10000, 1000, 20000, 67, 571],
];

function run(program, args) {
	const pinned = spawnSync('taskset', ['-c', String(CORE), 'true']).status === 0 ?
	    ['taskset', '-c', String(CORE), program, ...args] : [program, ...args];
	const r = spawnSync(pinned[0], pinned.slice(1),
	    { encoding: 'utf8', maxBuffer: 1 << 28 });

	if (r.status !== 0)
		throw new Error(`${pinned.join(' ')}: ${r.error || r.stderr}`);
	return r;
}

/* Rows of numbers. */
function numbers(text) {
	return text.trim().split('\n').map((line) => line.split(' ').map(Number));
}

function median(list) {
	const s = list.slice().sort((a, b) => a - b);

	return s.length % 2 ? s[(s.length - 1) / 2] : (s[s.length / 2 - 1] + s[s.length / 2]) / 2;
}

function round(n, digits) {
	return n === 0 ? '0' : String(Number(n.toPrecision(digits)));
}

function thousands(n) {
	return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/* "435,000 (410,000 to 440,000)" */
function rates(list) {
	return `${thousands(median(list))} (${thousands(Math.min(...list))} to ` +
	    `${thousands(Math.max(...list))})`;
}

/* Rules a second of both sides, repeat by repeat in turns. */
function measureMode(mode, file) {
	const ours = [], theirs = [];
	let bytes = [0, 0];

	for (let i = 0; i < REPEATS; i++) {
		const [us] = numbers(run(path.join(build, 'tests/bench/bench-rules'),
		    [mode, file, '1']).stdout);
		ours.push(us[1] / us[0]);
		const [them] = numbers(run(process.execPath, [path.join(__dirname,
		    'bench-reference.js'), reference, mode, file, '1', REFERENCE_LINES]).stdout);
		theirs.push(them[1] / them[0]);
		bytes = [us[2], them[2]];
	}
	return { ours, theirs, bytes };
}

function benchRules() {
	const files = { parse: 'rules.txt', rule: 'rules.txt', payload: 'payloads.jsonl' };
	const titles = {
		parse: 'sentence to tree',
		rule: 'sentence to checked rule and canonical text',
		payload: 'JSON payload to serialized JSON',
	};
	const results = {};

	console.log(`### ${thousands(RULES)} rules, one core, rules a second\n`);
	console.log('| | reference | fwrule | times |\n| --- | --- | --- | --- |');
	for (const mode of Object.keys(files)) {
		const m = measureMode(mode, path.join(data, files[mode]));
		results[mode] = m;
		console.log(`| ${titles[mode]} | ${rates(m.theirs)} | ${rates(m.ours)} | ` +
		    `${round(median(m.ours) / median(m.theirs), 3)} |`);
	}
	console.log(`\nMedian of ${REPEATS} runs in turns (and the range); the reference on the ` +
	    `first ${thousands(REFERENCE_LINES)} of them, warmed up.\n`);
	return median(results.parse.theirs);
}

/* CPU seconds, memory in MB, and the command's standard error. */
function cost(args) {
	const r = run(path.join(build, 'tests/bench/bench-run'), args);
	const [[user, system, kb]] = numbers(r.stdout);

	return { user, cpu: user + system, memory: kb / 1024, report: r.stderr };
}

/* to: more arguments; without them all files go to standard output, and nowhere. */
function compileHost(dir, to) {
	return cost([path.join(build, 'fwrule'), 'compile', '-O0',
		'-r', path.join(dir, 'rules.json'), '-V', path.join(dir, 'vms.json'),
		'-R', path.join(dir, 'rvms.json'), '--date', 'now', ...to]);
}

/* What a program takes that only writes these files, as fwrule does. */
function writeOnly(from, to) {
	const [[user, system]] = numbers(run(path.join(build, 'tests/bench/bench-write'),
	    [from, to]).stdout);

	return { user, cpu: user + system };
}

/* Files in memory, as the reference's were; where there is no such folder, on the disk. */
function memoryFolder() {
	try {
		return fs.mkdtempSync('/dev/shm/fwrule-bench-');
	} catch {
		return fs.mkdtempSync(path.join(data, 'memory-'));
	}
}

function benchHost([rules, vms, remote, knownCpu, knownMemory], scale) {
	const dir = path.join(data, `host-${rules}`), memory = memoryFolder();
	const kinds = { pipe: [], memory: [], memoryFloor: [], disk: [], diskFloor: [] };
	const seconds = (kind) => median(kinds[kind].map((r) => r.cpu));
	const text = (kind) => round(seconds(kind), 3);

	for (let i = 0; i < (quick ? 1 : 5); i++) {
		kinds.pipe.push(compileHost(dir, []));
		for (const [kind, where] of [['memory', memory], ['disk', dir]]) {
			const out = path.join(where, 'out');

			for (const old of [out, `${out}-floor`])
				fs.rmSync(old, { recursive: true, force: true });
			kinds[kind].push(compileHost(dir, ['-o', out]));
			kinds[`${kind}Floor`].push(writeOnly(out, `${out}-floor`));
		}
	}
	const { report } = compileHost(dir, ['-v']);
	const [, lines, bytes] = /(\d+) filter lines, (\d+) bytes/.exec(report);
	for (const where of [memory, dir])
		for (const old of ['out', 'out-floor'])
			fs.rmSync(path.join(where, old), { recursive: true, force: true });
	fs.rmdirSync(memory);
	console.log(`| ${thousands(rules)} / ${thousands(vms)} / ${thousands(remote)} | ` +
	    `${thousands(lines)} | ${round(bytes / 1e6, 3)} MB | ` +
	    `${knownCpu} s, ${round(knownCpu * scale, 3)} s, ${knownMemory} MB | ` +
	    `${text('memory')} s, ${round(median(kinds.memory.map((r) => r.memory)), 3)} MB | ` +
	    `${round(knownCpu / seconds('memory'), 3)}, ` +
	    `${round(knownCpu * scale / seconds('memory'), 3)} | ${text('memoryFloor')} s | ` +
	    `${text('pipe')} s | ${text('disk')} s | ${text('diskFloor')} s |`);
}

function makeHost([rules, vms, remote]) {
	const dir = path.join(data, `host-${rules}`);

	if (!fs.existsSync(path.join(dir, 'rules.json')))
		run(process.execPath,
		    [path.join(__dirname, 'gen-host.js'), dir, rules, vms, remote]);
}

function main() {
	const hosts = quick ? HOSTS.slice(0, 2) : HOSTS;

	if (!fs.existsSync(path.join(data, 'payloads.jsonl')))
		run(process.execPath, [path.join(__dirname, 'gen-rules.js'), data, RULES]);
	const rate = benchRules();
	const scale = KNOWN_PARSE_RATE / rate;
	console.log('### Whole hosts, fwrule compile -O0\n');
	console.log('| rules / VMs / remote VMs | filter lines | bytes | reference | fwrule | ' +
	    'times less CPU | writing alone | to a pipe | to a disk | writing alone |');
	console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |');
	for (const host of hosts) {
		makeHost(host);
		benchHost(host, scale);
	}
	console.log(`\nCPU seconds, user and system, of the whole process. The reference's are ` +
	    `those of a run elsewhere, and times ${round(scale, 3)}: its parser read ` +
	    `${thousands(KNOWN_PARSE_RATE)} rules a second there and ${thousands(rate)} here; ` +
	    'of other rules of the same sizes, with files in memory and start-up not counted. ' +
	    'Files in memory here are those of /dev/shm.');
}

main();
