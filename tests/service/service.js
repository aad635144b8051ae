// SPDX-License-Identifier: MPL-2.0
/* What the service does when nothing goes wrong. */
'use strict';

const assert = require('assert');
const fs = require('fs');
const http = require('http');
const path = require('path');
const { attempt, folder, main, run, sleep, start } = require('./lib');
const vmapi = require('./vmapi');

const A = 'aaaaaaaa-0000-4000-8000-000000000001';
const B = 'bbbbbbbb-0000-4000-8000-000000000002';
const VM = (n) => `eeeeeeee-0000-4000-8000-00000000000${n}`;
const RULE = 'FROM any TO all vms ALLOW tcp PORT 80';

const vms = [
	{ uuid: VM(1), owner_uuid: A, state: 'running', tags: { role: 'web', n: 5, any: true } },
	{ uuid: VM(2), owner_uuid: A, state: 'stopped', tags: { role: 'db' } },
	{ uuid: VM(3), owner_uuid: A, state: 'failed', tags: { role: 'web' } },
	{ uuid: VM(4), owner_uuid: A, state: 'provisioning', tags: { role: 'web' } },
	{ uuid: VM(5), owner_uuid: B, state: 'running', tags: {} },
];

// Server-sent events: { events, close() }.
function follow(s, target, headers = {}) {
	const f = { events: [], ended: false };

	return new Promise((resolve, reject) => {
		const req = http.get({ host: '127.0.0.1', port: s.port, path: target, headers,
			agent: false }, (res) => {
			let text = '';

			assert.strictEqual(res.statusCode, 200);
			assert.strictEqual(res.headers['content-type'], 'text/event-stream');
			res.on('data', (d) => {
				text += d;
				for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
					const e = {};

					for (const line of text.slice(0, end).split('\n')) {
						const m = /^(\w+): (.*)$/.exec(line);

						if (m)
							e[m[1]] = m[2];
					}
					if (e.data)
						f.events.push({ ...e, data: JSON.parse(e.data) });
				}
			});
			res.on('end', () => { f.ended = true; });
			res.on('error', () => { f.ended = true; });
			f.close = () => req.destroy();
			resolve(f);
		});

		req.on('error', reject);
	});
}

async function until(what, ms = 60000) {
	const end = Date.now() + ms;

	while (!what()) {
		assert.ok(Date.now() < end, `never: ${what}`);
		await sleep(5);
	}
}

main({
	async 'answers that are kept'() {
		const s = await start([], {});
		const W = '99999999-0000-4000-8000-000000000001';
		const ask = '/rules?tag=kept&owner_uuid=' + W;
		const number = async (name) => +new RegExp(`^${name} (\\d+)$`, 'm')
			.exec((await s.request('GET', '/metrics')).body)[1];
		const hits = () => number('fwapi_cache_hits_total');
		const list = async () => (await s.request('GET', ask)).json.map((r) => [r.uuid, r.enabled]);
		const want = [];

		for (let i = 0; i < 300; i++) {
			const r = await s.create(`FROM ip 10.0.${i >> 8}.${i & 255} TO tag "kept" ALLOW tcp PORT 80`,
				{ owner_uuid: W, enabled: true });

			want.push([r.uuid, true]);
		}
		want.sort((a, b) => a[0] < b[0] ? -1 : 1);
		for (let turn = 0; turn < 20; turn++) {
			for (let k = 0; k < 5; k++)
				assert.deepStrictEqual((await list()).sort((a, b) => a[0] < b[0] ? -1 : 1), want);
			const uuid = want[turn * 7][0];

			if (turn % 2) {
				await s.request('PUT', `/rules/${uuid}`, { body: { enabled: false } });
				want[turn * 7][1] = false;
			} else {
				await s.request('DELETE', `/rules/${uuid}`);
				want.splice(turn * 7, 1);
			}
		}
		assert.ok(await hits() >= 40, `${await hits()} hits`);
		assert.ok(await number('fwapi_cache_bytes') > 0);
		const file = `${s.state}/conf`;

		await s.stop();
		fs.writeFileSync(file, 'cache = 0\n');
		const none = await start([`--config=${file}`], { state: s.state });

		for (let k = 0; k < 5; k++)
			assert.strictEqual((await none.request('GET', ask)).json.length, want.length);
		assert.match((await none.request('GET', '/metrics')).body, /^fwapi_cache_hits_total 0$/m);
		fs.writeFileSync(file, '');
		none.child.kill('SIGHUP');
		await none.said('was read again');
		for (let k = 0; k < 5; k++)
			assert.strictEqual((await none.request('GET', ask)).json.length, want.length);
		assert.match((await none.request('GET', '/metrics')).body, /^fwapi_cache_hits_total [1-9]/m);
		await none.stop();
	},

	async 'a rule is answered as it is stored'() {
		const s = await start();

		for (const [text, stored] of [
			['FROM any TO all vms ALLOW tcp PORTS 1 - 65535', 'FROM any TO all vms ALLOW tcp PORT all'],
			['FROM any TO all vms ALLOW tcp PORTS 80 - 80', RULE],
			['FROM any TO tag k = "" ALLOW tcp PORT 80', 'FROM any TO tag "k" ALLOW tcp PORT 80'],
			['from any to all vms allow TCP port 80', RULE]]) {
			const r = await s.create(text, { global: true, created_by: 'me', enabled: 'true' });

			assert.strictEqual(r.rule, stored);
			assert.ok(!('created_by' in r));
			assert.strictEqual(r.enabled, 'true');
			assert.deepStrictEqual((await s.request('GET', `/rules/${r.uuid}`)).json, r);
		}
		const r = await s.create(RULE, { global: true });
		const same = await s.request('PUT', `/rules/${r.uuid}`, { body: { global: false,
			uuid: B, version: '1', more: 1 } });

		assert.deepStrictEqual({ ...same.json, version: r.version }, r);
		assert.notStrictEqual(same.json.version, r.version);
		assert.notStrictEqual(same.json.version, '1');
		await s.stop();
	},

	async 'parameters: query, body and path'() {
		const s = await start();
		const tagged = await s.create('FROM any TO tag "a.b" = "c,d" ALLOW tcp PORT 80', { owner_uuid: A });
		const ip = await s.create('FROM ip 10.0.0.1 TO all vms ALLOW tcp PORT 80', { owner_uuid: B });
		const found = async (q) => (await s.request('GET', `/rules?${q}`)).json.map((r) => r.uuid);

		for (const q of ['tag=a.b', 'tag[a.b]=c,d', 'tag[a.b]=x&tag[a.b]=c,d', 'tag.a.b=c,d',
			'tag=x&tag=a.b', 'tag%5Ba.b%5D=c%2Cd', `owner_uuid=${A}`])
			assert.deepStrictEqual(await found(q), [tagged.uuid], q);
		for (const q of ['ip=10.0.0.1', 'ip=::1,10.0.0.1', 'ip=::1&ip=10.0.0.1', 'ip[]=10.0.0.1',
			'ip[0]=::1&ip[1]=10.0.0.1', 'ip=10.0.0.1&match=contains', `owner_uuid=${B}`])
			assert.deepStrictEqual(await found(q), [ip.uuid], q);
		assert.deepStrictEqual(await found('tag=a.b&ip=10.0.0.1'), []);
		assert.deepStrictEqual((await found(`owner_uuid=${A},${B}`)).sort(),
			[tagged.uuid, ip.uuid].sort());
		assert.strictEqual((await s.request('GET', '/rules?count=true')).json, 2);
		const parsed = await s.request('GET', '/rules?ip=10.0.0.1&fields=parsed.ports');

		assert.deepStrictEqual(parsed.json[0].parsed, { ports: [80] });
		const r = await s.request('POST', '/rules?description=query&log=true', {
			body: { rule: RULE, global: true, description: 'body' } });

		assert.deepStrictEqual([r.json.description, r.json.log], ['body', 'true']);
		await s.stop();
	},

	async '/resolve'() {
		const s = await start();
		const ask = async (body) => (await s.request('POST', '/resolve', { body })).json;
		const make = async (text, more) => (await s.create(text, { owner_uuid: A, ...more })).uuid;
		const web = await make('FROM tag "role" = "lb" TO tag "role" = "web" ALLOW tcp PORT 80');
		const bare = await make(`FROM (tag "x" OR vm ${VM(9)}) TO tag "role" ALLOW tcp PORT 81`);
		const repeat = await make('FROM tag "role" = "web" TO tag "far" ALLOW tcp PORT 82');
		const all = await make('FROM all vms TO vm ' + VM(1) + ' ALLOW udp PORT 53');
		const global = (await s.create('FROM tag "mon" TO all vms ALLOW tcp PORT 9',
			{ global: true })).uuid;

		await s.create(RULE, { owner_uuid: B });
		const everywhere = [all, global];
		let r = await ask({ owner_uuid: A, tags: { role: ['web'] } });

		assert.deepStrictEqual(r.rules.map((x) => x.uuid), [web, bare, repeat, ...everywhere].sort());
		assert.deepStrictEqual({ ...r, rules: 0 }, { rules: 0, owner_uuid: A,
			tags: { mon: true, role: ['lb'], x: true }, vms: [VM(9)], allVMs: false });
		r = await ask({ owner_uuid: A, tags: { role: ['other'] } });
		assert.deepStrictEqual(r.rules.map((x) => x.uuid), [bare, ...everywhere].sort());
		r = await ask({ owner_uuid: A, tags: { role: true } });
		assert.deepStrictEqual(r.rules.map((x) => x.uuid), [web, bare, repeat, ...everywhere].sort());
		r = await ask({ owner_uuid: A, vms: VM(1) });
		assert.deepStrictEqual(r.rules.map((x) => x.uuid), everywhere.sort());
		assert.deepStrictEqual({ ...r, rules: 0 }, { rules: 0, owner_uuid: A, tags: { mon: true },
			vms: [], allVMs: true });
		r = await ask({ owner_uuid: B });
		assert.strictEqual(r.rules.length, 2);
		await s.stop();
	},

	async 'VMs from VMAPI'() {
		const api = await vmapi.start(vms);
		const s = await start([`--vmapi=${api.url}/`, '--vmapi-timeout=2000']);
		const role = await s.create('FROM any TO tag "role" = "web" ALLOW tcp PORT 80',
			{ owner_uuid: A });
		const five = await s.create('FROM any TO tag "n" = "5" ALLOW tcp PORT 80', { owner_uuid: A });
		const any = await s.create('FROM any TO tag "any" = "x" ALLOW tcp PORT 80', { owner_uuid: A });
		const global = await s.create(RULE, { global: true });
		const one = await s.create(`FROM vm ${VM(2)} TO any BLOCK tcp PORT 1`, { owner_uuid: A });
		const ip = await s.create('FROM ip 10.0.0.1 TO tag "none" ALLOW tcp PORT 80', { owner_uuid: A });
		const of = async (r, owner) => (await s.request('GET',
			`/rules/${r.uuid}/vms?owner_uuid=${owner}`)).json.map((v) => v.uuid);
		const rules = async (vm) => (await s.request('GET', `/firewalls/vms/${vm}`)).json.map((r) =>
			r.uuid).sort();

		assert.deepStrictEqual(await of(role, A), [VM(1)]);
		assert.deepStrictEqual(await of(five, A), [VM(1)]);
		assert.deepStrictEqual(await of(one, A), [VM(2)]);
		assert.deepStrictEqual(await of(ip, A), []);
		assert.deepStrictEqual(await of(global, A), [VM(1), VM(2)]);
		assert.deepStrictEqual(await of(global, B), [VM(5)]);
		assert.deepStrictEqual(await rules(VM(1)), [role, five, any, global].map((r) => r.uuid).sort());
		assert.deepStrictEqual(await rules(VM(2)), [one, global].map((r) => r.uuid).sort());
		assert.deepStrictEqual(await rules(VM(5)), [global.uuid]);
		assert.ok(api.asked.every((a) => /^[0-9a-f-]{36}$/.test(a.id)));

		let r = await s.request('GET', `/firewalls/vms/${VM(9)}`);

		assert.deepStrictEqual([r.status, r.json], [404, { code: 'ResourceNotFound',
			message: 'VM not found' }]);
		api.fail = [500, { code: 'InternalError', message: 'moray' }];
		r = await s.request('GET', `/firewalls/vms/${VM(1)}`);
		assert.deepStrictEqual([r.status, r.json], api.fail);
		api.fail = [200, 'no JSON'];
		r = await s.request('GET', `/firewalls/vms/${VM(1)}`);
		assert.deepStrictEqual([r.status, r.json.code], [503, 'ServiceUnavailableError']);
		api.fail = null;
		api.delay = 8000;
		const slow = Array.from({ length: 40 }, () => s.request('GET', `/firewalls/vms/${VM(1)}`));

		assert.strictEqual((await s.request('GET', '/ping')).status, 200);
		for (const x of await Promise.all(slow))
			assert.strictEqual(x.status, 503, x.body);
		await api.close();
		r = await s.request('GET', `/rules/${global.uuid}/vms?owner_uuid=${A}`);
		assert.strictEqual(r.status, 503);
		assert.match(r.json.message, /^VMAPI cannot be asked: /);
		await s.stop();
	},

	async 'updates, as a stream'() {
		const s = await start();
		const live = await follow(s, '/updates');
		const sent = [];
		const rule = await s.request('POST', '/rules', { body: { rule: RULE, global: true } });
		const put = await s.request('PUT', `/rules/${rule.json.uuid}`, { body: { enabled: true } });
		const sync = await s.request('POST', '/updates', { body: { type: 'sync', more: [1, 'é'] } });
		const del = await s.request('DELETE', `/rules/${rule.json.uuid}`);

		for (const r of [rule, put, sync, del])
			sent.push(r.headers['x-update-id']);
		assert.strictEqual(sync.json.update_uuid, sent[2]);
		await until(() => live.events.length >= 4);
		assert.deepStrictEqual(live.events.map((e) => e.data), [
			{ id: 1, name: 'fw.add_rule', req_id: sent[0], value: rule.json },
			{ id: 2, name: 'fw.update_rule', req_id: sent[1], value: put.json },
			{ id: 3, name: 'sync', req_id: sent[2], value: { type: 'sync', more: [1, 'é'] } },
			{ id: 4, name: 'fw.del_rule', req_id: sent[3], value: put.json }]);
		await s.stop();
		await until(() => live.ended);

		const again = await start([], { state: s.state });
		const old = await follow(again, '/updates?since=2');
		const resumed = await follow(again, '/updates?since=0', { 'last-event-id': '3' });

		await until(() => old.events.length >= 2 && resumed.events.length >= 1);
		assert.deepStrictEqual(old.events.map((e) => e.id), ['3', '4']);
		await again.create(RULE, { global: true });
		await until(() => old.events.length >= 3 && resumed.events.length >= 2);
		assert.deepStrictEqual(resumed.events.map((e) => e.id), ['4', '5']);
		old.close();
		const ping = (await again.request('GET', '/ping?agents=true')).json;

		assert.deepStrictEqual(ping.agents.connected, []);
		assert.match(ping.agents.ping_id, /^[0-9a-f-]{36}$/);
		resumed.close();
		await again.stop();
	},

	async 'half of a pair in a tag'() {
		const s = await start();
		const text = 'FROM any TO tag "\\ud800" ALLOW tcp PORT 80';
		const rule = await s.create(text, { global: true });

		assert.strictEqual(rule.rule, 'FROM any TO tag "\ud800" ALLOW tcp PORT 80');
		const put = await s.request('PUT', `/rules/${rule.uuid}`, { body: { description: 'half' } });

		assert.strictEqual(put.status, 202, put.body);
		assert.deepStrictEqual({ ...put.json, version: 0 }, { ...rule, description: 'half', version: 0 });
		await s.stop();
		const again = await start([], { state: s.state });

		assert.deepStrictEqual((await again.request('GET', '/rules')).json, [put.json]);
		assert.strictEqual((await again.request('DELETE', `/rules/${rule.uuid}`)).status, 204);
		assert.deepStrictEqual((await again.request('GET', '/rules')).json, []);
		await again.stop();
	},

	async 'writers that meet on one rule'() {
		const s = await start();
		const rule = await s.create(RULE, { global: true });
		const all = await Promise.all(Array.from({ length: 40 }, (x, i) => s.request('PUT',
			`/rules/${rule.uuid}`, { body: i % 2 ? { description: `${i}` } : { enabled: true } })));

		for (const r of all)
			assert.strictEqual(r.status, 202, r.body);
		assert.strictEqual(new Set(all.map((r) => r.json.version)).size, 40, 'each a version');
		const end = (await s.request('GET', `/rules/${rule.uuid}`)).json;

		assert.strictEqual(end.enabled, true, 'no change was overwritten');
		assert.ok(end.description);
		await s.stop();
	},

	async 'import, export and backup while it serves'() {
		const s = await start();
		const dir = folder();
		const state = `--state=${s.state}`;
		const file = (name, text) => {
			fs.writeFileSync(path.join(dir, name), text);
			return path.join(dir, name);
		};
		const rule = await s.create(RULE, { global: true });
		const source = file('a.fwrule', `@owner ${A}\nFROM any TO tag "x" ALLOW tcp PORT 1\n`);
		let r = run(['import', state, source]);

		assert.deepStrictEqual([r.status, r.stdout], [0, '1 added, 0 replaced, 0 as they were\n'],
			r.stderr);
		const count = async () => (await s.request('GET', '/rules?count=true')).json;

		for (let i = 0; i < 400 && await count() !== 2; i++)
			await sleep(5);
		assert.strictEqual(await count(), 2, 'the running service takes it over');
		assert.strictEqual(run(['import', state, source]).stdout,
			'0 added, 0 replaced, 1 as they were\n');

		const listed = (await s.request('GET', '/rules')).json;

		assert.deepStrictEqual(JSON.parse(run(['export', state]).stdout), listed);
		assert.deepStrictEqual(run(['export', state, 'jsonl']).stdout.trim().split('\n').map((l) =>
			JSON.parse(l)), listed);
		const moray = file('m.jsonl', run(['export', state, 'moray']).stdout);
		const other = `--state=${folder()}`;

		assert.strictEqual(run(['import', other, moray]).stdout,
			'2 added, 0 replaced, 0 as they were\n');
		assert.deepStrictEqual(JSON.parse(run(['export', other]).stdout), listed);

		const copy = path.join(dir, 'copy.sqlite');

		assert.strictEqual(run(['backup', state, copy]).status, 0);
		await s.request('DELETE', `/rules/${rule.uuid}`);
		assert.deepStrictEqual(JSON.parse(run(['export', `--store=sqlite:${copy}`]).stdout), listed);
		assert.strictEqual(JSON.parse(run(['export', state]).stdout).length, 1);

		r = run(['import', state, file('bad.fwrule', 'FROM any TO any ALLOW tcp PORT 1\n')]);
		assert.strictEqual(r.status, 1);
		assert.match(r.stderr, /does not affect VMs/);
		assert.strictEqual(run(['import', state, path.join(dir, 'none')]).status, 2);
		assert.strictEqual(run(['export', `--state=${dir}/none`]).status, 2);
		assert.strictEqual(run(['export', state, 'xml']).status, 2);
		assert.strictEqual(run(['backup', state]).status, 2);
		assert.strictEqual(run(['backup', state, `${dir}/no/copy`]).status, 2);
		await s.stop();
	},

	async 'default rules for an empty store'() {
		const dir = folder();
		const file = path.join(dir, 'default.fwrule');

		fs.writeFileSync(file, '@global\nFROM any TO all vms ALLOW icmp TYPE 8\n');
		let s = await start([`--default-rules=${file}`], { state: path.join(dir, 'state') });
		const [rule] = (await s.request('GET', '/rules')).json;

		assert.deepStrictEqual([rule.global, rule.enabled], [true, true]);
		await s.request('DELETE', `/rules/${rule.uuid}`);
		await s.stop();
		s = await start([`--default-rules=${file}`], { state: s.state });
		assert.deepStrictEqual((await s.request('GET', '/rules')).json, []);
		await s.stop();
	},

	async 'options, their file, and reading it again'() {
		const dir = folder();
		const conf = path.join(dir, 'fwapid.conf');
		const file = path.join(dir, 'vms.json');

		fs.writeFileSync(file, JSON.stringify(vms));
		fs.writeFileSync(conf, `# a comment\nvms = ${file}\nmax-body=2048\nlog-level = debug\n`);
		const s = await start([`--config=${conf}`]);
		const size = async () => (await s.request('POST', '/rules', {
			body: { rule: 'x'.repeat(3000), global: true } })).status;
		const vm = async () => (await s.request('GET', `/firewalls/vms/${VM(1)}`)).status;

		assert.strictEqual(await size(), 413);
		assert.strictEqual(await vm(), 200);
		fs.writeFileSync(file, '[]');
		fs.writeFileSync(conf, `vms = ${file}\nmax-body = 10000\nthreads = 7\n`);
		s.child.kill('SIGHUP');
		await s.said('the configuration was read again');
		await s.said('a new value of threads counts from the next start');
		assert.strictEqual(await size(), 422);
		assert.strictEqual(await vm(), 404);
		fs.writeFileSync(conf, 'listn = 1\n');
		s.child.kill('SIGHUP');
		assert.match((await s.said('is not read again')).msg, /fwapid.conf:1: there is no option "listn"/);
		assert.strictEqual(await size(), 422);
		await s.stop();

		for (const [args, text] of [[['--max-body=x'], /max-body is a number from 1024/],
			[['--listen=example.com:80'], /listen is ADDRESS:PORT/], [['--nonsense'], /no option/],
			[['--log-level=loud'], /log-level is trace/], [['serve'], /no command "serve"/],
			[['--vms=a', '--vmapi=b'], /exclude/], [[`--config=${dir}/none`], /No such file/]]) {
			const r = run(args);

			assert.strictEqual(r.status, 2, args);
			assert.match(r.stderr, text);
		}
		assert.match(run(['--help']).stdout, /^usage: fwapid/);
		assert.match(run(['--version']).stdout, /^fwapid \d/);
	},

	async 'it listens on loopback, and says why it cannot'() {
		const s = await start();
		const other = attempt([`--listen=127.0.0.1:${s.port}`]);

		assert.strictEqual((await other.exited).code, 2);
		assert.match(other.log, /cannot listen on .*Address already in use/);
		if (process.platform === 'linux') {
			const open = fs.readFileSync('/proc/net/tcp', 'utf8').split('\n').filter((l) =>
				l.includes(`:${s.port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`));

			assert.deepStrictEqual(open.map((l) => l.trim().split(/\s+/)[1].split(':')[0]), ['0100007F']);
		}
		await s.stop();
	},

	async '/openapi.json is of the routes there are'() {
		const s = await start();
		const doc = (await s.request('GET', '/openapi.json')).json;
		const methods = ['get', 'head', 'post', 'put', 'delete', 'patch', 'options'];
		const refs = JSON.stringify(doc).match(/"#\/components\/schemas\/\w+"/g);
		let n = 0;

		assert.strictEqual(doc.openapi, '3.1.0');
		for (const ref of refs)
			assert.ok(doc.components.schemas[ref.slice(22, -1)], ref);
		for (const p of Object.keys(doc.paths))
			for (const m of methods) {
				const op = doc.paths[p][m];

				if (p === '/updates' && m === 'get')
					continue;
				const r = await s.request(m.toUpperCase(), p.replace('{uuid}', VM(1)));

				/* What is described is there, and nothing else is. */
				assert.strictEqual(r.status === 405, !op, `${m} ${p}: ${r.status}`);
				if (!op)
					continue;
				n++;
				assert.ok(op.operationId && op.summary);
				assert.strictEqual(p.includes('{uuid}'),
					op.parameters.some((q) => q.in === 'path' && q.name === 'uuid' && q.required));
				if (m === 'get' && p === '/rules')
					for (const q of op.parameters) {
						const good = await s.request('GET', `/rules?${q.name}=%00`);

						assert.notStrictEqual(good.json.errors && good.json.errors[0].code,
							'UnknownParameters', q.name);
					}
			}
		assert.ok(n >= 13, `${n} routes`);
		await s.stop();
	},

	async '/metrics and the log'() {
		const s = await start(['--log-level=debug']);

		await s.create(RULE, { global: true });
		await s.request('GET', '/rules?tag=secret');
		await s.request('GET', '/nowhere');
		const text = (await s.request('GET', '/metrics')).body;
		const value = (name) => +(new RegExp(`^${name.replace(/[{}"=:/]/g, '\\$&')} (.*)$`, 'm').exec(text) ||
			[0, NaN])[1];

		assert.strictEqual(value('fwapi_rules'), 1);
		assert.strictEqual(value('fwapi_store_online'), 1);
		assert.strictEqual(value('fwapi_store_writes_total'), 1);
		assert.strictEqual(value('fwapi_update_last'), 1);
		assert.strictEqual(value('fwapi_requests_total{method="POST",route="/rules",code="2xx"}'), 1);
		assert.strictEqual(value('fwapi_request_duration_seconds_count{method="GET",route="/rules"}'), 1);
		for (const line of text.trim().split('\n'))
			assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"]*",?)+\})? [0-9.e+-]+|.*le="\+Inf"\} \d+)$/);
		for (const l of s.lines()) {
			assert.deepStrictEqual([l.name, l.v, typeof l.pid, typeof l.hostname],
				['fwapid', 0, 'number', 'string']);
			assert.ok(!Number.isNaN(Date.parse(l.time)) && l.level >= 10 && typeof l.msg === 'string');
		}
		const posts = s.lines().filter((l) => l.method === 'POST');

		assert.strictEqual(posts.length, 1);
		assert.deepStrictEqual([posts[0].route, posts[0].status, posts[0].level], ['/rules', 202, 30]);
		assert.ok(!s.log.includes('secret'), 'parameters are not logged');
		await s.stop();
	},
});
