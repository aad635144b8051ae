// SPDX-License-Identifier: MPL-2.0
/*
 * The SQLite file locked, full, read-only, damaged: reading goes on, writing fails and
 * says why, and all is well again by itself.  Needs the programs sqlite3, prlimit,
 * setpriv, unshare and nsenter.
 */
'use strict';

const assert = require('assert');
const child = require('child_process');
const fs = require('fs');
const path = require('path');
const { attempt, folder, main, program, Skip, sleep, start } = require('./lib');
const schemas = require('./schemas');

const RULE = 'FROM any TO all vms ALLOW tcp PORT 80';
const make = (s) => s.request('POST', '/rules', { body: { rule: RULE, global: true } });
const count = async (s) => (await s.request('GET', '/rules?count=true')).json;
const ping = async (s) => (await s.request('GET', '/ping')).json;

async function eventually(what, ms = 60000) {
	const end = Date.now() + ms;

	while (!await what()) {
		assert.ok(Date.now() < end, `never: ${what}`);
		await sleep(50);
	}
}

async function lost(s, reason) {
	const p = await ping(s);

	assert.deepStrictEqual([p.healthy, p.status, p.services.store, p.services.moray,
		p.services.index, p.stale], [false, 'offline', 'offline', 'offline', 'online', true]);
	assert.match(p.reason, reason);
	assert.match((await s.request('GET', '/metrics')).body, /^fwapi_store_online 0$/m);
	assert.ok(s.lines().some((l) => l.level === 50 && l.msg.startsWith('the store is lost')));
}

/*
 * A disk of its own, of so many bytes, for what runs behind wrap: it is there as long as
 * that runs, and seen from outside below /proc.
 */
function disk(bytes) {
	const state = folder();
	const mount = 'mount -t tmpfs -o "size=$1" tmpfs "$2" || exit 99; shift 2; exec "$@"';

	for (const how of [['--mount'], ['--user', '--map-root-user', '--mount']]) {
		const wrap = ['unshare', ...how, 'sh', '-c', mount, 'sh', `${bytes}`, state];

		if (child.spawnSync(wrap[0], [...wrap.slice(1), 'true']).status === 0)
			return { state, wrap, enter: how.length === 1 ? ['-m'] :
				['-U', '--preserve-credentials', '-m'] };
	}
	throw new Skip('no tmpfs can be mounted here');
}

// Fills a disk but for some bytes.
function fill(file, left) {
	const fd = fs.openSync(file, 'a');

	for (let size = 1 << 16; size; size >>= size === 1 ? 1 : 4)
		try {
			for (;;)
				fs.writeSync(fd, Buffer.alloc(size, 1));
		} catch (e) {
			assert.strictEqual(e.code, 'ENOSPC');
		}
	fs.ftruncateSync(fd, Math.max(0, fs.fstatSync(fd).size - left));
	fs.closeSync(fd);
}

main({
	async 'a full disk'() {
		const d = disk(9 << 20);
		const s = await start([], d);
		const seen = path.join('/proc', `${s.child.pid}`, 'root', d.state);
		let made = 0, r;

		// Nothing left; enough for the log, not for the file it goes into; a bit.
		for (const left of [0, 2 << 20, 100000]) {
			fill(path.join(seen, 'fill'), left);
			for (r = await make(s); r.status === 202 && made < 20000; r = await make(s))
				made++;
			assert.strictEqual(r.status, 503, r.body);
			assert.deepStrictEqual(r.json, { code: 'ServiceUnavailableError', message: 'the change ' +
				'is not stored: the disk of the SQLite file is full' });
			/* The probe that looks for better times is small: it may find room for a while. */
			for (let turn = 0; ; turn++)
				try {
					await lost(s, /^the disk of the SQLite file is full$/);
					break;
				} catch (e) {
					if (turn === 50)
						throw e;
					await sleep(100);
					made += (await make(s)).status === 202;
				}
			assert.strictEqual(await count(s), made, `${left} bytes left`);
			const before = fs.readdirSync(seen).sort();
			const copy = child.spawnSync('nsenter', ['-t', `${s.child.pid}`, ...d.enter, program,
				'backup', `--state=${d.state}`, path.join(d.state, 'copy')], { encoding: 'utf8' });

			assert.notStrictEqual(copy.status, 0);
			assert.match(copy.stderr, /full/);
			assert.deepStrictEqual(fs.readdirSync(seen).sort(), before, 'nothing half written');
			fs.unlinkSync(path.join(seen, 'fill'));
			await eventually(async () => (await ping(s)).healthy);
			assert.strictEqual((await make(s)).status, 202);
			assert.strictEqual(await count(s), ++made);
			assert.match((await s.request('GET', '/metrics')).body, /^fwapi_store_online 1$/m);
		}
		// Stopped as by a crash: what its disk had.
		s.child.kill('SIGSTOP');
		const state = folder();

		for (const name of ['fwapi.sqlite', 'fwapi.sqlite-wal'])
			fs.copyFileSync(path.join(seen, name), path.join(state, name));
		await s.kill();
		const again = await start([], { state });

		assert.strictEqual(await count(again), made);
		await again.stop();
	},

	async 'locked'() {
		const s = await start();

		await s.create(RULE, { global: true });
		const other = child.spawn('sqlite3', [path.join(s.state, 'fwapi.sqlite')]);

		other.stdin.write('BEGIN EXCLUSIVE;\nSELECT 1;\n');
		await new Promise((r) => other.stdout.once('data', r));
		const r = await make(s);

		assert.strictEqual(r.status, 503);
		assert.deepStrictEqual(r.json, { code: 'ServiceUnavailableError', message: 'the change is not ' +
			'stored: the SQLite file is locked by another program' });
		await lost(s, /locked/);
		assert.strictEqual(await count(s), 1);
		other.stdin.end('ROLLBACK;\n');
		await eventually(async () => (await ping(s)).healthy);
		assert.strictEqual((await make(s)).status, 202);
		assert.strictEqual(await count(s), 2);
		await s.stop();
	},

	async 'no room'() {
		const s = await start([], { wrap: ['sh', '-c', 'ulimit -S -f 400; exec "$@"', 'sh'] });
		let made = 0, r;

		for (r = await make(s); r.status === 202; r = await make(s))
			made++;
		assert.strictEqual(r.status, 503, r.body);
		assert.match(r.json.message, /^the change is not stored: /);
		assert.strictEqual(await count(s), made);
		child.execFileSync('prlimit', ['--pid', `${s.child.pid}`, '--fsize=unlimited:unlimited']);
		await eventually(async () => (await make(s)).status === 202);
		await eventually(async () => (await ping(s)).healthy);
		assert.strictEqual(await count(s), made + 1);
		await s.kill();
		const again = await start([], { state: s.state });

		assert.strictEqual(await count(again), made + 1);
		await again.stop();
	},

	async 'read-only, and an unprivileged user'() {
		const dir = folder();
		const copy = path.join(dir, 'fwapid');
		const state = path.join(dir, 'state');
		const root = process.getuid() === 0;
		const wrap = root ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'sh', '-c',
			`shift; exec ${copy} "$@"`, 'sh'] : undefined;

		fs.copyFileSync(program, copy);
		fs.chmodSync(copy, 0o755);
		fs.chmodSync(dir, 0o755);
		fs.mkdirSync(state);
		if (root)
			fs.chownSync(state, 65534, 65534);
		let s = await start([], { state, wrap });

		assert.strictEqual((await make(s)).status, 202);
		await s.stop();
		const file = path.join(state, 'fwapi.sqlite');

		fs.chmodSync(file, 0o444);
		fs.chmodSync(state, 0o555);
		s = await start([], { state, wrap });
		assert.strictEqual(await count(s), 1);
		const r = await make(s);

		assert.strictEqual(r.status, 503);
		assert.match(r.json.message, /the SQLite file is read-only/);
		await lost(s, /read-only/);
		await s.stop();
		fs.chmodSync(state, 0o755);
	},

	async 'tables of every version there was'() {
		for (const sql of schemas.sqlite) {
			const state = folder();
			const file = path.join(state, 'fwapi.sqlite');

			child.execFileSync('sqlite3', [file], { input: sql });
			const s = await start([], { state });

			await schemas.check(s, assert, () => +child.execFileSync('sqlite3',
				[file, 'PRAGMA user_version']), schemas.sqlite.length);
			await s.stop();
		}
	},

	async 'damaged, foreign, from another time'() {
		const s = await start();

		for (let i = 0; i < 300; i++)
			await make(s);
		await s.stop();
		const file = path.join(s.state, 'fwapi.sqlite');
		const good = fs.readFileSync(file);
		const refused = async (reason) => {
			const bad = attempt([], { state: s.state });

			assert.strictEqual((await bad.exited).code, 2, bad.log);
			assert.match(bad.log, /the store cannot be opened/);
			assert.match(bad.log, reason);
		};
		const spoiled = Buffer.from(good);

		spoiled.fill(0x55, 4096);
		fs.writeFileSync(file, spoiled);
		await refused(/damaged/);
		fs.writeFileSync(file, 'this is no database at all, but long enough to be one, one would say');
		await refused(/damaged/);
		fs.writeFileSync(file, good);
		child.execFileSync('sqlite3', [file, 'PRAGMA user_version=99']);
		await refused(/newer fwapid: its schema is 99/);
		for (const none of [0, -1]) {
			child.execFileSync('sqlite3', [file, `PRAGMA user_version=${none}`]);
			await refused(/it has no schema/);
		}
		fs.writeFileSync(file, good);
		child.execFileSync('sqlite3', [file, "UPDATE rule SET rule = 'FROM x' WHERE uuid = " +
			'(SELECT uuid FROM rule LIMIT 1)']);
		await refused(/the stored rule [0-9a-f-]{36} is refused/);
		fs.writeFileSync(file, good);
		const again = await start([], { state: s.state });

		assert.strictEqual(await count(again), 300);
		await again.stop();
	},
});
