// SPDX-License-Identifier: MPL-2.0
/* Clients that mean harm, or know no better: raw bytes to the port. */
'use strict';

const assert = require('assert');
const net = require('net');
const zlib = require('zlib');
const { main, sleep, start } = require('./lib');
const everywhere = require('./evil');

// Sends parts, ms apart; resolves with all that came back until the other side closed.
function raw(s, parts, opts = {}) {
	return new Promise((resolve, reject) => {
		const sock = net.connect(s.port, '127.0.0.1');
		let got = '';
		const timer = setTimeout(() => {
			sock.destroy();
			reject(new Error(`never closed: ${JSON.stringify(parts).slice(0, 200)}, ` +
				`answered with ${JSON.stringify(got)}`));
		}, 20000);

		sock.on('data', (d) => { got += d; });
		sock.on('error', () => {});
		sock.on('close', () => { clearTimeout(timer); resolve(got); });
		(async () => {
			for (const p of [].concat(parts)) {
				if (sock.destroyed)
					return;
				sock.write(p);
				if (opts.ms)
					await sleep(opts.ms);
			}
			if (opts.end)
				sock.end();
		})();
	});
}

function status(answer) {
	const m = /^HTTP\/1\.1 (\d+)/.exec(answer);

	return m ? +m[1] : 0;
}

/*
 * A refusal is JSON, whoever refuses; returns its code.  The library may find a request bad
 * twice, and then breaks off the first answer behind its headers.
 */
function refusal(all) {
	const answer = all.split(/(?=HTTP\/1\.1 \d)/).at(-1);
	const at = answer.indexOf('\r\n\r\n');
	const head = answer.slice(0, at);

	assert.match(head, /^content-type: application\/json$/im, answer);
	const body = JSON.parse(answer.slice(at + 4));

	assert.match(head, /^connection: close$/im, answer);
	assert.match(head, /^server: SmartDC Firewall API$/im, answer);
	assert.deepStrictEqual(Object.keys(body), ['code', 'message']);
	return body.code;
}

async function alive(s) {
	assert.strictEqual((await s.request('GET', '/ping')).json.healthy, true);
}

const RULE = 'FROM any TO all vms ALLOW tcp PORT 80';

main({
	async 'requests that are none'() {
		/* libmicrohttpd may see an end that came with the last bytes only when time is up. */
		const s = await start(['--timeout=2']);
		const seen = new Set();

		for (const text of ['\r\n\r\n', 'x\r\n\r\n', 'GET\r\n\r\n', 'GET /ping\r\n\r\n',
			'GET /ping HTTP/9.9\r\nHost: x\r\n\r\n', 'GET /ping HTTP/1.1\r\n\r\n',
			'GET /ping HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n',
			'GET /pi\0ng HTTP/1.1\r\nHost: x\r\n\r\n', '\x16\x03\x01\x02\x00\x01',
			'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'GET http://x/ping HTTP/1.1\r\nHost: x\r\n\r\n',
			`${'G'.repeat(100000)} /ping HTTP/1.1\r\n\r\n`]) {
			const got = await raw(s, text, { end: true });

			assert.ok(![200, 202, 204].includes(status(got)), `${JSON.stringify(text)}: ${got}`);
			/* What does not even begin like a request gets no answer. */
			if (text.startsWith('GET /') || /^[GP]+ /.test(text))
				seen.add(`${status(got)} ${refusal(got)}`);
		}
		assert.deepStrictEqual([...seen].sort(), ['400 BadRequest',
			'414 RequestUriTooLarge', '505 HttpVersionNotSupportedError']);
		assert.match((await s.request('GET', '/metrics')).body, /^fwapi_refused_total [1-9]/m);
		await alive(s);
		await s.stop();
	},

	async 'lengths that two readers see differently'() {
		const s = await start(['--timeout=2']);
		const smuggled = 'DELETE /rules/x HTTP/1.1\r\nHost: x\r\n\r\n';
		const json = 'Host: x\r\nContent-Type: application/json\r\n';

		for (const head of [
			'Content-Length: 2\r\nContent-Length: 3\r\n',
			'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n',
			'Transfer-Encoding: chunked\r\nContent-Length: 2\r\n',
			'Transfer-Encoding: chunked, identity\r\n', 'Transfer-Encoding: xchunked\r\n',
			'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n',
			'Content-Length: +2\r\n', 'Content-Length: -2\r\n', 'Content-Length: 0x2\r\n',
			'Content-Length: 2,2\r\n', 'Content-Length: 99999999999999999999\r\n',
			'Content-Length:\r\n', 'Host: y\r\nContent-Length: 2\r\n',
			'Content-Length : 2\r\n']) {
			const got = await raw(s, `POST /rules HTTP/1.1\r\n${json}${head}\r\n{}${smuggled}`,
				{ end: true });

			assert.ok([400, 0, 413].includes(status(got)), `${head}: ${got}`);
			/* The library may say 400 twice, and then closes. */
			for (const one of got.split('HTTP/1.1 ').slice(1))
				assert.match(one, /^4(00|13) /, `${head}: ${got}`);
			assert.ok(!got.includes('Invalid UUID'), `${head}: the second request was served`);
		}
		await alive(s);
		await s.stop();
	},

	/*
	 * Lines folded, ended by half, with spaces where none may be: a reader in front may see
	 * another request, so where a length is in doubt there is no second one.
	 */
	async 'lines that two readers see differently'() {
		const s = await start(['--timeout=2']);
		const smuggled = 'DELETE /rules/x HTTP/1.1\r\nHost: x\r\n\r\n';
		const chunk = '2\r\n{}\r\n0\r\n\r\n';

		for (const [head, body] of [
			['Content-Length: 2\r\n 3\r\n', '{}'], ['Content-Length:\r\n 2\r\n', '{}'],
			['Transfer-Encoding:\r\n chunked\r\nContent-Length: 2\r\n', '{}'],
			['Transfer-Encoding: \x0bchunked\r\n', chunk], ['Transfer-Encoding: chunked\x0b\r\n', chunk],
			['Transfer-Encoding : chunked\r\n', chunk],
			['Content-: 2\r\n Length\r\n', '{}'], ['X: a\n Content-Length: 2\r\n', '{}'],
			['A:b\r\nContent-: 2\n Length\r\n', '{}'], ['X: a\r\n\t\r\n', ''],
			[' Transfer-Encoding: chunked\r\n', chunk],
			['Content-Length: 2\nTransfer-Encoding: chunked\r\n', '{}'],
			['Content-Length: 2\rTransfer-Encoding: chunked\r\n', '{}'],
			['Content-Length: 2\r\nX: a\rContent-Length: 9\r\n', '{}'],
			['Transfer-Encoding: chunked\r\n', '0x2\r\n{}\r\n0\r\n\r\n'],
			['Transfer-Encoding: chunked\r\n', '-2\r\n{}\r\n0\r\n\r\n'],
			['Transfer-Encoding: chunked\r\n', '2\r\n{}x\r\n0\r\n\r\n'],
			['Transfer-Encoding: chunked\r\n', 'fffffffffffffffff\r\n{}'],
		]) {
			const text = `POST /rules HTTP/1.1\r\nHost: x\r\n${head}\r\n${body}${smuggled}`;
			const got = await raw(s, text, { end: true });

			assert.match(refusal(got), /^(BadRequest|RequestEntityTooLargeError)$/, text + got);
			for (const one of got.split('HTTP/1.1 ').slice(1))
				assert.match(one, /^4(00|13) /, text + got);
		}
		/* What is only unusual is served. */
		for (const head of ['A:b', 'A:   b  ', 'A:', 'A: ', 'A: b\tc', 'X_y.z~!#: é'])
			assert.strictEqual(status(await raw(s, `GET /ping HTTP/1.1\r\nHost: x\r\n${head}\r\n` +
				'Connection: close\r\n\r\n')), 200, head);
		await alive(s);
		await s.stop();
	},

	async 'json that is deep'() {
		const s = await start();

		for (const [open, close, depth] of [['[', ']', 50], ['[', ']', 1e6], ['{"a":', '}', 1e6]]) {
			const r = await s.request('POST', '/rules', {
				body: `{"rule":${open.repeat(depth)}1${close.repeat(depth)}}`,
				headers: { 'content-type': 'application/json' } });

			assert.deepStrictEqual([r.status, r.json.code], depth > 50 ? [400, 'InvalidContent'] :
				[422, 'InvalidParameters']);
		}
		/* In a query, in a form, and a gzip in a gzip. */
		const deep = `tag${'[a]'.repeat(2000)}=1`;

		assert.ok((await s.request('GET', `/rules?${deep}`)).status < 500);
		assert.ok((await s.request('POST', '/rules', { body: deep, headers: {
			'content-type': 'application/x-www-form-urlencoded' } })).status < 500);
		const twice = zlib.gzipSync(zlib.gzipSync(Buffer.alloc(1 << 20)));

		for (const coding of ['gzip', 'gzip, gzip']) {
			const r = await s.request('POST', '/rules', { body: twice,
				headers: { 'content-encoding': coding, 'content-type': 'application/json' } });

			assert.ok([400, 415].includes(r.status), r.body);
		}
		await alive(s);
		await s.stop();
	},

	async 'limits, each with its error'() {
		const s = await start(['--max-body=1024', '--max-header=2048', '--max-result=1024']);
		let r = await s.request('POST', '/rules', { body: { rule: 'x'.repeat(2000) } });

		assert.strictEqual(r.status, 413);
		assert.deepStrictEqual(r.json, { code: 'RequestEntityTooLargeError',
			message: 'the body has too many bytes' });
		const chunked = 'POST /rules HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n' +
		    `7d0\r\n${'x'.repeat(2000)}\r\n0\r\n\r\n`;

		assert.strictEqual(status(await raw(s, chunked, { end: true })), 413);
		r = await s.request('GET', '/ping', { headers: { a: 'x'.repeat(3000) } });
		assert.strictEqual(r.status, 431);
		assert.strictEqual(r.json.code, 'RequestHeaderFieldsTooLarge');
		r = await s.request('GET', `/rules?tag=${'x'.repeat(2500)}`);
		assert.strictEqual(r.status, 431);
		const huge = await raw(s, `GET /ping HTTP/1.1\r\nHost: x\r\na: ${'x'.repeat(200000)}\r\n\r\n`);

		assert.ok([431, 413, 0].includes(status(huge)), huge.slice(0, 100));
		const bomb = zlib.gzipSync(Buffer.alloc(50 << 20));
		const bigger = await start(['--max-body=100000']);

		r = await bigger.request('POST', '/rules', { body: bomb,
			headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' } });
		assert.strictEqual(r.status, 413, r.body);
		assert.match(r.json.message, /100000 bytes when it is decompressed/);
		await bigger.stop();
		for (let i = 0; i < 10; i++)
			await s.create(RULE, { global: true });
		r = await s.request('GET', '/rules');
		assert.deepStrictEqual([r.status, r.json], [422, { code: 'ResultTooLarge', message: 'the ' +
			'answer has more than 1024 bytes: ask for less with limit and offset' }]);
		assert.strictEqual((await s.request('GET', '/rules?limit=2')).json.length, 2);
		await s.stop();
	},

	async 'slow clients'() {
		const s = await start(['--timeout=1']);
		const drips = Array.from(`GET /ping HTTP/1.1\r\nHost: x\r\na: ${'0'.repeat(300)}`);
		const all = await Promise.all([
			...Array.from({ length: 50 }, () => raw(s, drips, { ms: 100 })),
			raw(s, ['POST /rules HTTP/1.1\r\nHost: x\r\nContent-Length: 60\r\n\r\n', ...drips],
				{ ms: 100 }),
			raw(s, ''),
		]);

		for (const got of all)
			assert.ok([0, 408].includes(status(got)), got);
		await alive(s);
		await s.stop();
	},

	async 'too many connections'() {
		const s = await start(['--max-connections=10']);
		const socks = Array.from({ length: 10 }, () => net.connect(s.port, '127.0.0.1'));

		await Promise.all(socks.map((k) => new Promise((r) => k.on('connect', r))));
		await sleep(300);
		const got = await raw(s, 'GET /ping HTTP/1.1\r\nHost: x\r\n\r\n');

		assert.strictEqual(status(got), 503, got);
		assert.match(got, /there are too many connections/);
		socks.forEach((k) => k.destroy());
		await sleep(300);
		await alive(s);
		await s.stop();
	},

	async 'text that is code elsewhere'() {
		const s = await start();
		const evil = ["'; DROP TABLE rule; --", '" OR 1=1', '../../etc/passwd', '${jndi:x}', '<script>',
			'%n%s%x', '\u202e', '`id`', 'a\r\nSet-Cookie: x=1'];
		const rule = await s.create('FROM any TO tag "\'; DROP TABLE rule; --" ALLOW tcp PORT 80', {
			global: true, description: "'); DELETE FROM rule; --" });

		for (const text of evil) {
			const r = await s.request('GET', `/${encodeURIComponent(text)}`);

			assert.strictEqual(r.status, 404);
			assert.strictEqual(r.json.message, `/${text} does not exist`);
		}
		for (const p of ['/../rules', '/rules/../ping', '/rules//', '//rules', '/rules/%2e%2e/ping',
			'/rules%2f', '/./rules', '/rules;x', '/RULES'])
			assert.ok([404, 422].includes((await s.request('GET', p)).status), p);
		const found = await s.request('GET', `/rules?tag=${encodeURIComponent("'; DROP TABLE rule; --")}`);

		assert.deepStrictEqual(found.json, [rule]);
		const all = [rule, ...await everywhere(s)].sort((a, b) => a.uuid < b.uuid ? -1 : 1);

		await s.stop();
		const again = await start([], { state: s.state });

		assert.deepStrictEqual((await again.request('GET', '/rules?sort=uuid')).json, all);
		await again.stop();
	},

	async 'many requests on one connection, and clients that leave'() {
		const s = await start();
		const one = 'GET /rules HTTP/1.1\r\nHost: x\r\n\r\n';
		const last = 'GET /rules HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
		const got = await raw(s, one.repeat(199) + last);

		assert.strictEqual(got.split('HTTP/1.1 200').length, 201);
		const body = JSON.stringify({ rule: RULE, global: true });
		const post = `POST /rules HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

		await Promise.all(Array.from({ length: 100 }, () => new Promise((resolve) => {
			const k = net.connect(s.port, '127.0.0.1', () => {
				k.write(post);
				setTimeout(() => { k.destroy(); resolve(); }, 1);
			});
		})));
		await alive(s);
		await s.stop();
	},

	async 'an end in the middle of it all'() {
		const s = await start();
		let made = 0, refused = 0;
		const clients = Array.from({ length: 20 }, async () => {
			for (;;)
				try {
					await s.create(RULE, { global: true });
					made++;
				} catch (e) {
					refused++;
					return;
				}
		});

		while (made === 0)
			await sleep(100);
		const { code } = await s.stop();

		await Promise.all(clients);
		assert.strictEqual(code, 0, s.log.slice(-2000));
		const again = await start([], { state: s.state });
		const there = (await again.request('GET', '/rules?count=true')).json;

		assert.ok(made > 0 && refused === 20);
		assert.strictEqual(there, made, 'what was answered is there, and nothing else');
		await again.stop();
	},
});
