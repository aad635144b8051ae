// SPDX-License-Identifier: MPL-2.0
/*
 * Services over one PostgreSQL database: they agree while all of them are written to,
 * answer from memory while the database is gone, and find their way back, also to a
 * standby that had not all. Run by tests/fwapid-pg-test.sh.
 */
'use strict';

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { attempt, main, run, sleep, start } = require('./lib');
const evil = require('./evil');
const { namespace, proxy } = require('./network');
const schemas = require('./schemas');

const A = process.env.PORT_A, B = process.env.PORT_B;
const OWNERS = ['aaaaaaaa-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000002'];
const asking = fs.openSync(process.env.ASK, 'w');
const answering = fs.openSync(process.env.ANSWER, 'r');
const seed = +process.env.TEST_SEED || 1;
let state = seed, databases = 0;

console.log(`# TEST_SEED=${seed}`);

function random(n) {
	state = Math.imul(state, 1664525) + 1013904223 >>> 0;
	return Math.floor(state / 4294967296 * n);
}

// Has the script do something to a server.
function ask(line) {
	const buf = Buffer.alloc(16);

	fs.writeSync(asking, line + '\n');
	const n = fs.readSync(answering, buf);

	assert.strictEqual(buf.toString('utf8', 0, n), '0\n', line);
}

// The URL of a new database of server A; of it on both servers.
function database() {
	const name = `s${++databases}`;

	ask(`pg_sql a "CREATE DATABASE ${name}"`);
	return {
		name,
		one: `--store=postgresql://postgres@127.0.0.1:${A}/${name}`,
		both: `--store=postgresql://postgres@127.0.0.1:${A},127.0.0.1:${B}/${name}`,
	};
}

async function rules(s) {
	const r = await s.request('GET', '/rules');

	assert.strictEqual(r.status, 200, r.body);
	return r.json.map((x) => JSON.stringify(x)).sort();
}

// As the store has them.
function stored(url) {
	const r = run(['export', url, 'json']);

	assert.strictEqual(r.status, 0, r.stderr);
	return JSON.parse(r.stdout).map((x) => JSON.stringify(x)).sort();
}

// All say the same within a second, or on a busy machine within the time of a few exports;
// how long it took.
async function agree(url, ...services) {
	const begin = Date.now();
	const want = stored(url);
	const from = Date.now();
	const limit = Math.max(1000, 5 * (from - begin));

	for (;;) {
		const got = await Promise.all(services.map(rules));

		if (got.every((g) => g.length === want.length && g.every((x, i) => x === want[i])))
			return Date.now() - from;
		if (Date.now() - from > limit)
			assert.deepStrictEqual(got[0].length === want.length ? got[1] : got[0], want);
		await sleep(10);
	}
}

async function soon(what, test, ms = 60000) {
	const end = Date.now() + ms;

	while (!await test()) {
		if (Date.now() > end)
			throw new Error(`never happened: ${what}`);
		await sleep(20);
	}
}

const create = (s, n) => s.request('POST', '/rules', { body: {
	rule: `FROM ip 10.${n >> 16 & 255}.${n >> 8 & 255}.${n & 255} TO tag "t" ALLOW tcp PORT 80`,
	owner_uuid: OWNERS[n % 2], enabled: true } });

async function online(s) {
	return (await s.request('GET', '/ping')).json.services.store === 'online';
}

// Every update that a stream has got, as [id, name].
function follow(s) {
	const got = [];
	const http = require('http');
	const req = http.get(`${s.url}/updates`, (res) => {
		let text = '';

		res.on('error', () => {});
		res.on('data', (d) => {
			text += d;
			for (let at; (at = text.indexOf('\n\n')) >= 0; text = text.slice(at + 2)) {
				const m = /^(?:id: (\d+)\n)?event: (.*)\n/.exec(text);

				if (m)
					got.push([m[1] ? +m[1] : 0, m[2]]);
			}
		});
	});

	req.on('error', () => {});
	got.close = () => req.destroy();
	return got;
}

main({
	async 'two that are written to at once'() {
		const url = database().one;
		const both = await Promise.all([start([url]), start([url])]);
		const streams = both.map(follow);
		const known = [];
		const changes = +process.env.CHANGES || 1000;
		let acknowledged = 0, refused = 0;

		await sleep(100);
		async function writer(n) {
			while (acknowledged < changes) {
				const s = both[random(2)];
				const uuid = known[random(known.length)];
				const what = uuid === undefined ? 0 : random(4);
				const r = what < 2 ? await create(s, random(1 << 24)) :
					what === 2 ? await s.request('PUT', `/rules/${uuid}`,
						{ body: { description: `by ${n} at ${Date.now()}` } }) :
						await s.request('DELETE', `/rules/${uuid}`);

				if (r.status === 202 || r.status === 204)
					acknowledged++;
				else
					refused++;
				assert.ok([202, 204, 404].includes(r.status), r.body);
				if (what < 2 && r.status === 202)
					known.push(r.json.uuid);
			}
		}
		await Promise.all(Array.from({ length: 8 }, (_, i) => writer(i)));
		const ms = await agree(url, ...both);

		console.log(`# ${acknowledged} changes by two services, ${refused} refused; ` +
			`the same ${ms} ms later`);
		await soon('all updates on both streams', () =>
			streams.every((g) => g.length >= acknowledged));
		for (const g of streams)
			g.forEach(([id], i) => assert.strictEqual(id, i + 1));
		streams.forEach((g) => g.close());
		const third = await start([url]);

		await agree(url, third, ...both);
		await Promise.all([third, ...both].map((s) => s.stop()));
	},

	async 'half of a pair in a tag'() {
		const url = database().one;
		const both = await Promise.all([start([url]), start([url])]);
		const rule = await both[0].create('FROM any TO tag "\\ud800" ALLOW tcp PORT 80', { global: true });

		await agree(url, ...both);
		const put = await both[1].request('PUT', `/rules/${rule.uuid}`, { body: { description: 'half' } });

		assert.strictEqual(put.status, 202, put.body);
		await agree(url, ...both);
		assert.strictEqual((await both[0].request('DELETE', `/rules/${rule.uuid}`)).status, 204);
		await agree(url, ...both);
		assert.deepStrictEqual(await rules(both[1]), []);
		await Promise.all(both.map((s) => s.stop()));
	},

	async 'a database that is gone for a while'() {
		const url = database().one;
		const both = await Promise.all([start([url]), start([url])]);

		for (let n = 0; n < 20; n++)
			assert.strictEqual((await create(both[n % 2], n)).status, 202);
		await agree(url, ...both);
		for (const mode of ['fast', 'immediate']) {
			const before = await Promise.all(both.map(rules));

			ask(`pg_stop a ${mode}`);
			for (const s of both) {
				const r = await create(s, 1000);

				assert.strictEqual(r.status, 503, r.body);
				assert.strictEqual(r.json.code, 'ServiceUnavailableError');
				await soon('it is told', async () => !await online(s));
				const ping = await s.request('GET', '/ping');

				assert.strictEqual(ping.status, 200);
				assert.strictEqual(ping.json.healthy, false);
				assert.match((await s.request('GET', '/metrics')).body,
					/^fwapi_store_online 0$/m);
			}
			assert.deepStrictEqual(await Promise.all(both.map(rules)), before);
			ask('pg_start a');
			await soon('both are back', async () => (await Promise.all(both.map(online)))
				.every((x) => x));
			for (const s of both)
				assert.strictEqual((await create(s, 2000)).status, 202);
			await agree(url, ...both);
			for (const s of both)
				assert.match((await s.request('GET', '/metrics')).body,
					/^fwapi_store_online 1$/m);
		}
		await Promise.all(both.map((s) => s.stop()));
	},

	// Reads go on, writes are refused in time; nobody closes anything.
	async 'a network that is cut'() {
		const ways = [await proxy(A), await namespace(process.env.SOCKET_A)].filter((w) => w);

		console.log(`# cut: ${ways.map((w) => w.kind).join(' and ')}`);
		for (const way of ways) {
			const { name, one: near } = database();
			const far = `--store=postgresql://postgres@${way.host}:${way.port}/${name}`;
			/* The other one has no trouble, and goes on writing. */
			const both = await Promise.all([start([far, '--store-timeout=100']), start([near])]);
			const [cut, other] = both;

			for (let n = 0; n < 10; n++)
				assert.strictEqual((await create(both[n % 2], n)).status, 202);
			await agree(near, ...both);
			const before = await rules(cut);

			assert.ok(way.cut());
			const begin = Date.now();
			const late = await Promise.all([1000, 1001, 1002].map((n) => create(cut, n)));

			for (const r of late) {
				assert.strictEqual(r.status, 503, r.body);
				assert.match(r.json.message, /^the change is not stored: PostgreSQL: \S/);
			}
			assert.ok(Date.now() - begin < 10000, `${Date.now() - begin} ms`);
			await soon('it is told', async () => !await online(cut));
			const ping = (await cut.request('GET', '/ping')).json;

			assert.deepStrictEqual([ping.healthy, ping.status, ping.stale, ping.services.index],
				[false, 'offline', true, 'online']);
			assert.match(ping.reason, /PostgreSQL/);
			assert.match((await cut.request('GET', '/metrics')).body, /^fwapi_store_online 0$/m);
			const asked = Date.now();

			assert.deepStrictEqual(await rules(cut), before);
			assert.ok(Date.now() - asked < 1000, 'reading does not wait for the store');
			for (let n = 20; n < 25; n++)
				assert.strictEqual((await create(other, n)).status, 202);
			const refused = Date.now();

			assert.strictEqual((await create(cut, 1003)).status, 503);
			console.log(`# ${way.kind}: refused after ${refused - begin - (Date.now() - refused)} ms, ` +
				`then after ${Date.now() - refused} ms`);
			assert.ok(way.heal());
			const healed = Date.now();

			await soon('it is back', () => online(cut));
			console.log(`# ${way.kind}: back after ${Date.now() - healed} ms`);
			assert.strictEqual((await create(cut, 2000)).status, 202);
			await agree(near, ...both);
			await Promise.all(both.map((s) => s.stop()));
			way.close();
		}
	},

	// OUTAGES (2) rounds of random trouble while both are written to: nothing acknowledged is lost.
	async 'one trouble after the other'() {
		const { one: near, name } = database();
		const way = await proxy(A);
		const args = [`--store=postgresql://postgres@${way.host}:${way.port}/${name}`,
			'--store-timeout=200'];
		const both = await Promise.all([start(args), start([near, '--store-timeout=200'])]);
		const asked = new Set(), there = new Set(), gone = new Set();
		let writing = true, refused = 0, next = 0;
		const troubles = {
			async 'fast stop'() { ask('pg_stop a fast'); await sleep(random(1500)); ask('pg_start a'); },
			async 'immediate stop'() {
				ask('pg_stop a immediate');
				await sleep(random(1500));
				ask('pg_start a');
			},
			async 'cut'() { way.cut(); await sleep(random(3000)); way.heal(); },
			async 'no answer'() {
				ask('pg_signal a STOP');
				await sleep(random(2500));
				ask('pg_signal a CONT');
			},
			async 'kill -9'() {
				const i = random(2), opts = { state: both[i].state };

				await both[i].kill();
				await sleep(random(500));
				both[i] = await start(i === 0 ? args : [near, '--store-timeout=200'], opts);
			},
		};

		async function writer(w) {
			const mine = [];

			while (writing) {
				const s = both[random(2)], remove = mine.length > 5 && random(3) === 0;
				const uuid = remove ? mine.shift() :
					`0000000${w}-0000-4000-8000-${String(next++).padStart(12, '0')}`;
				let r;

				asked.add(uuid);
				try {
					r = remove ? await s.request('DELETE', `/rules/${uuid}`) :
						await s.request('POST', '/rules', { body: { uuid, global: true,
							rule: 'FROM any TO all vms ALLOW tcp PORT 80' } });
				} catch (e) {
					/* It was killed. */
				}
				if (r && r.status === 202) {
					there.add(uuid);
					mine.push(uuid);
				} else if (r && r.status === 204) {
					there.delete(uuid);
					gone.add(uuid);
				} else {
					/* It may have been done or not; a service may not have it yet. */
					assert.ok(!r || [404, 503].includes(r.status), r && r.body);
					refused++;
					if (remove)
						there.delete(uuid);
					await sleep(20);
				}
			}
		}
		for (let round = 0; round < (+process.env.OUTAGES || 2); round++) {
			const what = Object.keys(troubles)[random(Object.keys(troubles).length)];

			writing = true;
			const writers = [1, 2, 3, 4, 5, 6].map(writer);

			await sleep(200 + random(300));
			await troubles[what]();
			await soon(`both are back from ${what}`, async () =>
				(await Promise.all(both.map(online))).every((x) => x), 60000);
			await sleep(100);
			writing = false;
			await Promise.all(writers);
			await soon('all is written', async () => {
				await agree(near, ...both);
				return true;
			});
			const found = new Set(stored(near).map((r) => JSON.parse(r).uuid));

			for (const uuid of there)
				assert.ok(found.has(uuid), `${uuid} was acknowledged before ${what}`);
			for (const uuid of found) {
				assert.ok(asked.has(uuid), `nobody asked for ${uuid}`);
				assert.ok(!gone.has(uuid), `${uuid} was deleted before ${what}`);
			}
			console.log(`# ${round}: ${what}: ${there.size} there, ${gone.size} deleted, ` +
				`${refused} refused`);
		}
		await Promise.all(both.map((s) => s.stop()));
		way.close();
	},

	// A password is not in the log, not in an answer, not in the list of processes.
	async 'a secret'() {
		const { one, name } = database();
		const secret = one.replace('postgres@', 'postgres:s3cret%24word@');
		const s = await start([secret, '--log-level=trace']);
		const told = [];

		for (const p of ['/ping', '/metrics', '/openapi.json', '/rules'])
			told.push((await s.request('GET', p)).body);
		await create(s, 1);
		ask('pg_stop a');
		told.push((await create(s, 2)).body);
		await soon('it is told', async () => !await online(s));
		told.push((await s.request('GET', '/ping')).body);
		ask('pg_start a');
		await soon('it is back', () => online(s));
		s.child.kill('SIGHUP');
		await s.said('was read again');
		assert.strictEqual((await create(s, 3)).status, 202, 'it still knows');
		if (fs.existsSync('/proc/self/cmdline')) {
			const line = fs.readFileSync(`/proc/${s.child.pid}/cmdline`, 'utf8');

			assert.match(line, /--store=postgresql:\*+\0/);
			told.push(line);
		}
		await s.stop();
		told.push(s.log);
		for (const bad of [secret.replace(`/${name}`, '/nowhere'), secret.replace(`:${A}`, ':1'),
			secret.replace('127.0.0.1', '[::'), secret.replace('%24', '%zz'),
			secret.replace('//', ''), `${secret}?nonsense=1`,
			`--store=postgresql:host=127.0.0.1 port=1 password=s3cret$word`]) {
			const end = attempt([bad]);

			assert.strictEqual((await end.exited).code, 2, end.log);
			told.push(end.log);
			for (const command of ['import', 'export', 'backup']) {
				const r = run([command, bad, '/dev/null']);

				assert.notStrictEqual(r.status, 0);
				told.push(r.stdout + r.stderr);
			}
		}
		for (const text of told)
			assert.ok(text && !/s3cret|word@|word'/.test(text), text);
	},

	async 'text that is code elsewhere'() {
		const url = database().one;
		const s = await start([url]);
		const kept = (await evil(s)).map((r) => JSON.stringify(r)).sort();

		assert.deepStrictEqual(stored(url), kept);
		await s.stop();
	},

	async 'tables of every version there was'() {
		const file = path.join(path.dirname(process.env.ASK), 'schema.sql');

		for (const sql of schemas.postgresql) {
			const { one: url, name } = database();
			const psql = (text) => {
				fs.writeFileSync(file, text);
				ask(`pg_sql a "$(cat ${file})" ${name}`);
			};

			psql(sql);
			const s = await start([url]);

			await schemas.check(s, assert, () => {
				psql(`SELECT 1 / (value = '${schemas.postgresql.length}')::int FROM fwapid_meta ` +
					"WHERE key = 'schema'");
				return schemas.postgresql.length;
			}, schemas.postgresql.length);
			await s.stop();
			psql("UPDATE fwapid_meta SET value = '99' WHERE key = 'schema'");
			const newer = attempt([url]);

			assert.strictEqual((await newer.exited).code, 2, newer.log);
			assert.match(newer.log, /was written by a newer fwapid: its schema is 99, this one knows/);
		}
	},

	// The last changes are lost with the first server: nobody goes on believing in them.
	async 'a standby that had not all'() {
		const url = database().both;
		const both = await Promise.all([start([url]), start([url])]);
		const streams = both.map(follow);

		for (let n = 0; n < 5; n++)
			assert.strictEqual((await create(both[n % 2], n)).status, 202);
		ask('pg_standby b a');
		const kept = stored(url);

		ask('pg_stop b');
		for (let n = 5; n < 9; n++)
			assert.strictEqual((await create(both[n % 2], n)).status, 202);
		await agree(url, ...both);
		ask('pg_stop a immediate');
		ask('pg_start b');
		ask('pg_promote b');
		await soon('both are back', async () => (await Promise.all(both.map(online)))
			.every((x) => x));
		await soon('both have forgotten', async () => (await Promise.all(both.map(rules)))
			.every((g) => g.length === kept.length));
		assert.deepStrictEqual(stored(url), kept);
		await agree(url, ...both);
		for (let n = 20; n < 30; n++)
			assert.strictEqual((await create(both[n % 2], n)).status, 202);
		await agree(url, ...both);
		for (const g of streams) {
			await soon('the streams go on', () => g.length >= 9 + 1 + 10);
			assert.deepStrictEqual(g.map(([id]) => id), [1, 2, 3, 4, 5, 6, 7, 8, 9, 0,
				6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
			assert.strictEqual(g[9][1], 'sync');
			g.close();
		}
		await Promise.all(both.map((s) => s.stop()));
	},
});
