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
