// SPDX-License-Identifier: MPL-2.0
/*
 * Writes and reads that come at set times, whatever the service does: what waits for a
 * slow answer is counted as waiting, too, for time runs from when a request was due.
 *
 *   node paced.js PORT SECONDS WRITES READS TARGETS [PID]
 *
 * WRITES and READS a second; a third of writes changes and a sixth deletes what was made
 * here.  TARGETS is a file of request targets.  Prints for each: how many a second, p50,
 * p99 and most in ms, errors; exit status 1 if there were any.
 */
'use strict';

const fs = require('fs');
const http = require('http');

const [port, seconds, ...rest] = process.argv.slice(2);
const rates = { write: +rest[0], read: +rest[1] };
const targets = fs.readFileSync(rest[2], 'utf8').trim().split('\n');
const agents = { write: new http.Agent({ keepAlive: true, maxSockets: 256 }),
	read: new http.Agent({ keepAlive: true, maxSockets: 64 }) };
const took = { write: [], read: [] };
const errors = { write: 0, read: 0 };
const made = [];
let n = 0, asked = 0;

function send(kind, due, method, path, body, good) {
	const req = http.request({ host: '127.0.0.1', port, method, path, agent: agents[kind],
		headers: body ? { 'content-type': 'application/json',
			'content-length': Buffer.byteLength(body) } : {} }, (res) => {
		const parts = [];

		res.on('data', (d) => parts.push(d));
		res.on('end', () => {
			took[kind].push(performance.now() - due);
			if (![200, 202, 204].includes(res.statusCode))
				errors[kind]++;
			else if (good)
				good(Buffer.concat(parts));
		});
	});

	req.on('error', () => errors[kind]++);
	req.end(body);
}

const rule = () => {
	n++;
	return `FROM ip 10.${n % 200}.${n % 251}.${n % 241 + 1} TO tag "w" ALLOW tcp PORT ${n % 60000 + 1}`;
};

function write(due) {
	const kind = asked++ % 6;

	if (kind < 3 || made.length < 1000)
		send('write', due, 'POST', '/rules', JSON.stringify({ rule: rule(), owner_uuid:
			`aaaaaaaa-0000-4000-8000-${n.toString(16).padStart(12, '0')}` }),
		(text) => made.push(JSON.parse(text).uuid));
	else if (kind < 5)
		send('write', due, 'PUT', `/rules/${made[asked * 7919 % 500]}`,
			JSON.stringify({ rule: rule() }));
	else
		send('write', due, 'DELETE', `/rules/${made.splice(500 + asked * 7919 % 500, 1)[0]}`);
}

function pace(kind, go) {
	const begin = performance.now(), all = rates[kind] * seconds;
	let done = 0;

	return new Promise((resolve) => {
		const timer = setInterval(() => {
			const now = performance.now();

			for (; done < all && begin + done * 1000 / rates[kind] <= now; done++)
				go(begin + done * 1000 / rates[kind]);
			if (done < all)
				return;
			clearInterval(timer);
			const end = setInterval(() => {
				if (took[kind].length + errors[kind] < all && performance.now() < now + 30000)
					return;
				clearInterval(end);
				resolve(begin);
			}, 5);
		}, 1);
	});
}

(async () => {
	const begin = performance.now();

	await Promise.all([pace('write', write),
		pace('read', (due) => send('read', due, 'GET', targets[(n + due | 0) % targets.length]))]);
	for (const kind of ['write', 'read']) {
		const t = took[kind].sort((a, b) => a - b);

		console.log([kind, (t.length / (performance.now() - begin) * 1000).toFixed(0),
			t[t.length >> 1].toFixed(2), t[Math.floor(t.length * 0.99)].toFixed(2),
			t[t.length - 1].toFixed(1), errors[kind] + rates[kind] * seconds - t.length].join(' '));
	}
	process.exit(errors.write + errors.read ? 1 : 0);
})();
