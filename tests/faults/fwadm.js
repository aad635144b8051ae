// SPDX-License-Identifier: MPL-2.0
// fwadm under faults: each operation is run again and again on a copy of one root, and
// each time another of its system calls fails, or ends the process.  After each run
//
//	- every rule, remote VM and filter file, and every .old, is whole: as it was before
//	  or as it is afterwards,
//	- no filter file that was there is gone,
//	- if fwadm said that all was well, all is as it should be afterwards,
//	- the operation can be run again (the lock is free), says that all is well, and then
//	  all is as it should be, nothing else lies about, and ipf has been told of every
//	  running VM whose file changed.
//
// usage: fwadm.js FWADM FAULT STAND_IN DIR [EVERY]
// EVERY: only one in so many calls, another one of them for each kind of fault; 1: all.
'use strict';

const assert = require('assert');
const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');

const [fwadm, fault, standIn, dir] = process.argv.slice(2, 6).map((p) => path.resolve(p));
const every = Number(process.argv[6] || 1);

const OWNER = '930896af-bf8c-48d4-885c-6573a94b1853';
const uuid = (n) => `${String(n).padStart(8, '0')}-1111-4222-8333-444444444444`;

const vm = (n, more) => ({
	uuid: uuid(n), owner_uuid: OWNER, firewall_enabled: true, state: 'running', tags: { all: true },
	nics: [{ ips: [`10.0.0.${n}/24`, `fd00::${n}/64`] }], zonepath: `/zones/${uuid(n)}`, ...more,
});
const vms = [vm(1), vm(2, { tags: { all: true, www: 'a' } }),
	vm(3, { state: 'stopped', tags: { www: 'b' } }), vm(4, { firewall_enabled: false }),
	vm(5, { tags: { db: 1 } })];

const rule = (n, text, more) => ({ uuid: uuid(100 + n), version: `1.${n}`, owner_uuid: OWNER,
	enabled: true, rule: text, ...more });
const base = { rules: [
	rule(1, 'FROM any TO tag "www" ALLOW tcp PORT 80'),
	rule(2, 'FROM tag "www" TO tag "db" ALLOW tcp PORT 5432'),
	rule(3, 'FROM tag "all" TO any BLOCK udp PORT all'),
], remoteVMs: [{ uuid: uuid(50), owner_uuid: OWNER, ips: ['10.9.0.50'], tags: { www: 'r' } }] };

const operations = {
	add: { args: ['add', '-f', 'PAYLOAD'], payload: { rules: [
		rule(4, 'FROM subnet fd00::/64 TO tag "all" ALLOW tcp PORTS 1 - 100'),
		rule(5, 'FROM any TO vm ' + uuid(5) + ' ALLOW icmp6 TYPE all'),
	], remoteVMs: [{ uuid: uuid(51), owner_uuid: OWNER, ips: ['10.9.0.51', 'fd00::9:51'],
		tags: { www: 's' } }] } },
	update: { args: ['update', '-f', 'PAYLOAD'], payload: { rules: [
		rule(1, 'FROM any TO tag "www" = "b" ALLOW tcp PORT 443', { version: '2.1' }),
		rule(3, 'FROM tag "all" TO any BLOCK udp PORT 53', { version: '2.3' }),
	] } },
	delete: { args: ['delete', uuid(101), uuid(103)] },
};

let failed = 0;
const kinds = ['kill', 'after', 'short', 'EINTR', 'ENOSPC', 'EIO', 'EACCES', 'EMFILE'];

// --- roots ---------------------------------------------------------------------------------

const root = path.join(dir, 'root');
const log = path.join(dir, 'ipf.log');
const payload = path.join(dir, 'payload.json');

function reset(from) {
	fs.rmSync(root, { recursive: true, force: true });
	fs.cpSync(from, root, { recursive: true });
	fs.rmSync(log, { force: true });
}

// All files below the root by their path, the date in their head left out.
function snapshot() {
	const files = {};
	const walk = (at) => {
		for (const e of fs.readdirSync(path.join(root, at), { withFileTypes: true })) {
			const name = path.join(at, e.name);

			if (e.isDirectory())
				walk(name);
			else
				files[name] = fs.readFileSync(path.join(root, name), 'utf8')
					.replace(/^# File generated at .*$/m, '# File generated at');
		}
	};
	walk('');
	return files;
}

function run(args, before = [], fd) {
	const got = spawnSync(before[0] || fwadm, [...before.slice(1), ...(before.length ? [fwadm] : []),
		...args.map((a) => (a === 'PAYLOAD' ? payload : a)), '--root', root, '--ipf', standIn,
		'--lock-timeout', '5'], {
		env: { ...process.env, FWADM_VMS: path.join(dir, 'vms.json'), IPF_LOG: log, LC_ALL: 'C' },
		stdio: ['ignore', 'pipe', 'pipe', fd ? 'pipe' : 'ignore'], timeout: 60000, encoding: 'utf8',
	});

	assert(!got.error, String(got.error));
	return got;
}

const loads = () => (fs.existsSync(log) ? fs.readFileSync(log, 'utf8').split('\n') : [])
	.filter((l) => / -sy /.test(l)).map((l) => l.split(' ').pop());

// --- checks --------------------------------------------------------------------------------

// The lock holds the number of the process that has it, or had it.
const plain = (name) => !name.startsWith('var/fw/.');

// before, after: snapshots.  What a run may leave behind; others are what files would be
// without one of the stored rules, where it said that it could not read one.
function checkWhole(now, before, after, others) {
	for (const name of Object.keys(now)) {
		const kept = name.replace(/\.old$/, '');

		// Temporary files and the journal are fwadm's own; the run after removes them.
		if (!(kept in before) && !(kept in after))
			continue;
		if (name.startsWith('var/fw/.'))
			continue;
		assert([before, after, ...others].some((s) => s[kept] === now[name] ||
			s[kept + '.old'] === now[name]), `${name} is not whole:\n${now[name]}`);
	}
	for (const name of Object.keys(before))
		if (/\/ipf6?\.conf$/.test(name))
			assert(name in now, `${name} is gone`);
}

// tidy: nothing of fwadm's own lies about any more.
function checkDone(now, after, changed, tidy) {
	const names = (files) => Object.keys(files).filter((n) => !/\.old$/.test(n) &&
		(tidy || plain(n))).sort();

	assert.deepStrictEqual(names(now), names(after));
	for (const name of names(after))
		if (plain(name))
			assert.strictEqual(now[name], after[name], name);
	for (const u of changed)
		assert(loads().includes(u), `ipf was not told of ${u}`);
}

// Running VMs whose files an operation changes.
function changedVms(before, after) {
	return vms.filter((v) => v.state === 'running' && ['ipf.conf', 'ipf6.conf'].some((f) => {
		const name = path.join('zones', v.uuid, 'config', f);

		return before[name] !== after[name];
	})).map((v) => v.uuid);
}

function faultOnce(op, kind, at, seen) {
	let got;

	reset(path.join(dir, 'base'));
	got = run(op.args, [fault, kind, String(at), root]);
	assert([0, 1, 2, 137].includes(got.status), `status ${got.status}: ${got.stderr}`);
	assert(![1, 2].includes(got.status) || /\S/.test(got.stderr), 'failed without a word');
	assert(got.status !== 137 || kind === 'kill' || kind === 'after', 'killed');
	const unread = /: passed over: /.test(got.stderr);

	checkWhole(snapshot(), op.before, op.after, unread ? op.without : []);
	if (got.status === 0 && !unread)
		checkDone(snapshot(), op.after, op.changed, false);
	seen[got.status] = (seen[got.status] || 0) + 1;
	got = run(op.args);
	assert.strictEqual(got.status, 0, `again: ${got.stderr}`);
	checkDone(snapshot(), op.after, op.changed, true);
}

function faultAll(name, op, kind, start) {
	const count = run(op.args, [fault, kind, '0', root], true);
	const calls = Number(count.output[3]);
	const seen = {};
	let n = 0;

	assert(calls > 0, `no call that ${kind} concerns`);
	for (let at = 1 + (start % every); at <= calls; at += every, n++) {
		try {
			faultOnce(op, kind, at, seen);
		} catch (err) {
			console.log(`not ok - ${name}, ${kind} at call ${at} of ${calls}: ${err.message}`);
			failed++;
		}
	}
	console.log(`# ${name} ${kind}: ${n} of ${calls} calls; done ${seen[0] || 0}, ` +
		`failed ${seen[1] || 0}, killed ${seen[137] || 0}`);
	return n;
}

// --- all of it -----------------------------------------------------------------------------

fs.rmSync(dir, { recursive: true, force: true });
fs.mkdirSync(path.join(root, 'var/fw'), { recursive: true });
for (const v of vms)
	fs.mkdirSync(path.join(root, v.zonepath, 'config'), { recursive: true });
fs.writeFileSync(path.join(dir, 'vms.json'), JSON.stringify(vms));
fs.writeFileSync(payload, JSON.stringify({ ...base, localVMs: vms.map((v) => ({ uuid: v.uuid })) }));
assert.strictEqual(run(['add', '-f', 'PAYLOAD']).status, 0);
fs.cpSync(root, path.join(dir, 'base'), { recursive: true });

let total = 0, start = 0;

for (const [name, op] of Object.entries(operations)) {
	fs.writeFileSync(payload, JSON.stringify(op.payload || {}));
	reset(path.join(dir, 'base'));
	op.before = snapshot();
	const got = run(op.args);

	assert.strictEqual(got.status, 0, got.stderr);
	op.after = snapshot();
	op.changed = changedVms(op.before, op.after);
	op.without = fs.readdirSync(path.join(dir, 'base/var/fw'), { recursive: true })
		.filter((f) => f.endsWith('.json')).map((f) => {
			reset(path.join(dir, 'base'));
			fs.rmSync(path.join(root, 'var/fw', f));
			run(op.args);
			return snapshot();
		});
	assert(op.changed.length > 1, 'the operation changes running VMs');
	for (const kind of kinds) {
		reset(path.join(dir, 'base'));
		total += faultAll(name, op, kind, start++);
	}
}
console.log(`${total} faults, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
fs.rmSync(dir, { recursive: true });
