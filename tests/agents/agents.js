// SPDX-License-Identifier: MPL-2.0
/*
 * Today's agents' own client, npm fast-messages, connected to the service: what it is
 * told, in which order, and what happens when it is slow, comes twice, is cut off or is
 * one of a thousand.
 */
'use strict';

const assert = require('assert');
const crypto = require('crypto');
const net = require('net');
const path = require('path');
const { folder, main, sleep, start } = require('../service/lib');

const npm = path.resolve(process.env.FWAPID_NPM || 'tests/agents-npm', 'node_modules');
const messages = require(path.join(npm, 'fast-messages'));
const protocol = require(path.join(npm, 'fast/lib/fast_protocol'));
const log = require(path.join(npm, 'bunyan')).createLogger({ name: 'agents', level: 61 });

const A = 'aaaaaaaa-0000-4000-8000-000000000001';
const RULE = 'FROM any TO tag "r\u00f6le" = "\ud83d\ude00" ALLOW tcp PORT 80';

async function until(what, test, ms = 30000) {
	const end = Date.now() + ms;

	while (!test()) {
		if (Date.now() > end)
			throw new Error(`never happened: ${what}`);
		await sleep(5);
	}
}

// A client that is connected and has been told to sync; what it gets is in .got.
async function agent(service, id = crypto.randomUUID(), port = service.agents) {
	const c = messages.createClient({ log, host: '127.0.0.1', port, client_id: id });

	c.got = [];
	c.syncs = 0;
	c.id = id;
	c.on('message', (m) => {
		if (m.name === 'sync' && m.id === undefined) {
			assert.deepStrictEqual(m.value, { type: 'sync' });
			c.syncs++;
		} else {
			c.got.push(m);
		}
	});
	c.connect();
	await new Promise((resolve) => c.once('connect', resolve));
	c.start();
	await until('the sync', () => c.syncs > 0);
	return c;
}

function close(c) {
	return new Promise((resolve) => { c.once('close', resolve); c.close(); });
}

async function update(service, type, more) {
	const r = await service.request('POST', '/updates', { body: { type, ...more } });

	assert.strictEqual(r.status, 202, r.body);
	return r.json.update_uuid;
}

async function connected(service) {
	return (await service.request('GET', '/ping?agents=true')).json.agents.connected;
}

// A socket that speaks the protocol but does only what it is told.
function raw(service) {
	const s = net.connect(service.agents, '127.0.0.1');
	const decoder = new protocol.FastMessageDecoder();

	s.got = [];
	s.ended = false;
	s.on('error', () => {});
	s.on('close', () => { s.ended = true; });
	s.ask = (msgid, name, args) => s.write(protocol.fastMessageEncode({ msgid,
		status: protocol.FP_STATUS_DATA, data: { m: { uts: Date.now() * 1000, name }, d: args } }));
	s.listen = () => { s.pipe(decoder); decoder.on('data', (m) => s.got.push(m)); };
	return s;
}

main({
	async 'every change, in order'() {
		const s = await start();
		const c = await agent(s);
		const want = [];
		const made = await s.request('POST', '/rules', { body: { rule: RULE, owner_uuid: A,
			enabled: true, description: '\u0000\uac00' } });

		assert.strictEqual(made.status, 202);
		want.push(['fw.add_rule', made.json, made.headers['x-update-id']]);
		const put = await s.request('PUT', `/rules/${made.json.uuid}`, { body: { enabled: false } });

		want.push(['fw.update_rule', put.json, put.headers['x-update-id']]);
		const gone = await s.request('DELETE', `/rules/${made.json.uuid}`);

		want.push(['fw.del_rule', put.json, gone.headers['x-update-id']]);
		for (const type of ['vm.add', 'vm.update', 'vm.delete', 'sync']) {
			const value = { type, uuid: A, owner_uuid: A, more: ['\u00e9', { x: null }] };

			want.push([type, value, await update(s, type, value)]);
		}
		await until('all updates', () => c.got.length >= want.length);
		for (const [i, m] of c.got.entries()) {
			assert.strictEqual(m.name, want[i][0]);
			assert.deepStrictEqual(m.value, want[i][1]);
			assert.strictEqual(m.req_id, want[i][2]);
			assert.strictEqual(m.id, i + 1);
			assert.strictEqual(m.server_id, c.serverState.server_id);
		}
		assert.deepStrictEqual(Object.keys(c.serverState), ['name', 'server_id', 'version']);
		const later = await agent(s);

		assert.strictEqual(later.serverState.last_id, want.length);
		assert.strictEqual(later.serverState.last_req_id, want[want.length - 1][2]);
		await close(c);
		await close(later);
		assert.strictEqual((await s.stop()).code, 0);
	},

	async 'pings, both ways'() {
		const s = await start();
		const c = await agent(s);

		await new Promise((resolve, reject) => c.ping((e) => e ? reject(e) : resolve()));
		const r = (await s.request('GET', '/ping?agents=true')).json;

		assert.deepStrictEqual(r.agents.connected, [c.id]);
		await until('the ping', () => c.got.length > 0);
		assert.strictEqual(c.got[0].name, 'ping');
		assert.strictEqual(c.got[0].req_id, r.agents.ping_id);
		assert.strictEqual(c.got[0].id, undefined);
		await close(c);
		for (let i = 0; (await connected(s)).length && i < 100; i++)
			await sleep(10);
		assert.deepStrictEqual(await connected(s), []);
		await s.stop();
	},

	async 'the same agent twice'() {
		const s = await start();
		const first = raw(s);

		first.listen();
		first.ask(1, 'messages', [{ client_id: 'same', version: 1 }]);
		await until('the first one is told to sync', () => first.got.length === 2);
		const second = await agent(s, 'same');

		await until('the first one is ended', () => first.got.length === 3);
		assert.strictEqual(first.got[2].status, protocol.FP_STATUS_END);
		assert.strictEqual(first.got[2].msgid, 1);
		const id = await update(s, 'vm.add', { uuid: A });

		await until('the second one is told', () => second.got.length === 1);
		assert.strictEqual(second.got[0].req_id, id);
		assert.strictEqual(first.got.length, 3);
		assert.deepStrictEqual(await connected(s), ['same']);
		first.destroy();
		await close(second);
		await s.stop();
	},

	// It holds up nobody, is told END when it reads again, and comes back.
	async 'an agent that does not read'() {
		const s = await start();
		const quick = await agent(s);
		const slow = raw(s);
		const big = 'x'.repeat(1 << 20);
		let n = 0;

		slow.ask(7, 'messages', [{ client_id: 'slow', version: 1 }]);
		for (let i = 0; !(await connected(s)).includes('slow') && i < 500; i++)
			await sleep(10);
		quick.got = quick.got.filter((m) => m.name !== 'ping');
		while (!s.log.includes('does not read') && n < 100) {
			await update(s, 'vm.add', { uuid: A, big });
			n++;
			await until('the quick one has it', () =>
				quick.got.filter((m) => m.id).length === n, 2000);
		}
		assert.ok(n < 100, 'it was never dropped');
		slow.listen();
		await until('it is ended', () => slow.ended);
		const end = slow.got[slow.got.length - 1];

		assert.strictEqual(end.status, protocol.FP_STATUS_END);
		const ids = slow.got.slice(2, -1).map((m) => m.data.d[0].id).filter((id) => id);

		ids.forEach((id, i) => assert.strictEqual(id, i + 1));
		const back = await agent(s, 'slow');

		await update(s, 'vm.add', { uuid: A });
		await until('it is told again', () => back.got.length === 1);
		await close(back);
		await close(quick);
		await s.stop();
	},

	async 'a service that goes and comes'() {
		const state = folder();
		let s = await start([], { state });
		const port = s.agents;
		const c = await agent(s);

		await update(s, 'vm.add', { n: 1 });
		await until('the first', () => c.got.length === 1);
		for (const [i, signal] of ['SIGTERM', 'SIGKILL'].entries()) {
			await s.kill(signal);
			s = await start([`--agents=127.0.0.1:${port}`], { state });
			await until('it is back and told to sync', () => c.syncs === i + 2, 20000);
			await update(s, 'vm.add', { n: i + 2 });
			await until('the next', () => c.got.length === i + 2);
		}
		assert.deepStrictEqual(c.got.map((m) => m.value.n), [1, 2, 3]);
		assert.deepStrictEqual(c.got.map((m) => m.id), [1, 2, 3]);
		await close(c);
		await s.stop();
	},

	// More than there are file descriptors: the others wait, and come in when some have gone.
	async 'too many for the system'() {
		const s = await start([], { wrap: ['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh'] });
		const sockets = Array.from({ length: 100 }, (_, i) => {
			const r = raw(s);

			r.listen();
			r.ask(1, 'messages', [{ client_id: `agent-${i}`, version: 1 }]);
			return r;
		});
		const served = () => sockets.filter((r) => r.got.length >= 2);

		await s.said('cannot accept agents now');
		await sleep(500);
		const first = served();

		assert.ok(first.length > 10 && first.length < 64, `${first.length} are served`);
		first.forEach((r) => r.destroy());
		await until('all have been served', () => {
			served().forEach((r) => r.destroy());
			return served().length === sockets.length;
		});
		await s.stop();
	},

	// Each gets all that was acknowledged, once and in order.
	async 'a thousand agents'() {
		const N = +process.env.AGENTS || 1000, UPDATES = +process.env.UPDATES || 100;
		// With the limit of open files that a login has.
		const s = await start([], { wrap: ['sh', '-c', 'ulimit -Sn 256; exec "$@"', 'sh'] });
		const agents = [];

		for (let i = 0; i < N; i += 100)
			agents.push(...await Promise.all(Array.from({ length: Math.min(100, N - i) },
				() => agent(s))));
		assert.strictEqual((await connected(s)).length, N);
		const begin = Date.now();
		const ids = [];

		for (let i = 0; i < UPDATES; i += 10)
			ids.push(...await Promise.all(Array.from({ length: 10 }, () =>
				update(s, 'vm.update', { uuid: A, owner_uuid: A }))));
		for (const c of agents)
			await until('all updates', () => c.got.filter((m) => m.id).length >= UPDATES);
		console.log(`# ${N} agents, ${UPDATES} updates each: ${Date.now() - begin} ms`);
		const want = agents[0].got.filter((m) => m.id).map((m) => m.req_id);

		assert.deepStrictEqual([...want].sort(), [...ids].sort());
		for (const c of agents) {
			const got = c.got.filter((m) => m.id);

			assert.deepStrictEqual(got.map((m) => m.req_id), want);
			got.forEach((m, i) => assert.strictEqual(m.id, i + 1));
		}
		await Promise.all(agents.map(close));
		assert.strictEqual((await s.stop()).code, 0);
	},
});
