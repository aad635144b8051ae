// SPDX-License-Identifier: MPL-2.0
/*
 * kill -9 while clients write: what was acknowledged is there, what was never asked for
 * is not, and the log tells the same story as the rules.  CRASHES rounds (6).
 */
'use strict';

const assert = require('assert');
const http = require('http');
const { main, sleep, start } = require('./lib');

const CRASHES = +process.env.CRASHES || 6;
const WRITERS = 12;
const RULE = 'FROM any TO all vms ALLOW tcp PORT';

let seed = +process.env.TEST_SEED || Date.now() % 1000000, made = 0;

console.log(`# TEST_SEED=${seed}`);

function below(n) {
	seed = Math.imul(seed, 1664525) + 1013904223 >>> 0;
	return Math.floor(seed / 4294967296 * n);
}

// known: uuid -> what may be there: one text, or two while a change is not answered.
async function write(s, known, w) {
	const mine = [...known.keys()].filter((u) => known.get(u).owner === w);
	const kind = mine.length < 3 ? 0 : below(3);
	const uuid = kind ? mine[below(mine.length)] : `${w}0000000-0000-4000-8000-` +
	    `${(++made).toString(16).padStart(12, '0')}`;
	const entry = known.get(uuid) || { owner: w, may: [null] };
	const rule = `${RULE} ${below(60000) + 1}`;

	known.set(uuid, entry);
	entry.may = [...new Set([...entry.may, kind === 2 ? null : rule])];
	const r = kind === 0 ? await s.request('POST', '/rules', { body: { rule, uuid, global: true } })
	    : kind === 1 ? await s.request('PUT', `/rules/${uuid}`, { body: { rule } })
	    : await s.request('DELETE', `/rules/${uuid}`);

	assert.ok([202, 204].includes(r.status), `${r.status} ${r.body}`);
	entry.may = [kind === 2 ? null : rule];
	if (kind === 2)
		known.delete(uuid);
	return 1;
}

// Updates from the first, as the stream has them: the rules they make.
function replay(s, last) {
	return new Promise((resolve, reject) => {
		const rules = new Map();
		let text = '', id = 0;

		http.get({ host: '127.0.0.1', port: s.port, path: '/updates?since=0', agent: false }, (res) => {
			res.on('error', () => {});
			res.on('data', (d) => {
				text += d;
				for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
					const line = text.slice(0, end).split('\n').find((l) => l.startsWith('data: '));

					if (!line)
						continue;
					const u = JSON.parse(line.slice(6));

					if (u.id !== ++id)
						reject(new Error(`update ${u.id}, not ${id}`));
					if (u.name === 'fw.del_rule')
						rules.delete(u.value.uuid);
					else
						rules.set(u.value.uuid, u.value.rule);
				}
				if (id === last) {
					res.destroy();
					resolve(rules);
				}
			});
		}).on('error', reject);
	});
}

async function check(s, known, round) {
	const listed = new Map((await s.request('GET', '/rules')).json.map((r) => [r.uuid, r.rule]));
	const last = +/^fwapi_update_last (\d+)$/m.exec((await s.request('GET', '/metrics')).body)[1];

	for (const [uuid, rule] of listed)
		assert.ok(known.has(uuid), `round ${round}: ${uuid} "${rule}" was never there`);
	for (const [uuid, entry] of known) {
		const there = listed.get(uuid) || null;

		assert.ok(entry.may.includes(there), `round ${round}: ${uuid} is ${there}, not ` +
		    entry.may.join(' or '));
		if (there === null)
			known.delete(uuid);
		else
			entry.may = [there];
	}
	if (last) {
		const told = await replay(s, last);

		assert.deepStrictEqual([...told].sort(), [...listed].sort(), `round ${round}: the log`);
	}
}

main({
	async 'killed while it writes'() {
		const known = new Map();
		let state, acknowledged = 0;

		for (let round = 0; round <= CRASHES; round++) {
			const s = await start([], state ? { state } : {});
			let killed = false;

			state = s.state;
			await check(s, known, round);
			if (round === CRASHES) {
				await s.stop();
				break;
			}
			const writers = Array.from({ length: WRITERS }, async (x, w) => {
				try {
					for (;;)
						acknowledged += await write(s, known, w.toString(16));
				} catch (e) {
					if (!killed || e.code === 'ERR_ASSERTION')
						throw e;
				}
			});

			await sleep(20 + below(400));
			killed = true;
			await s.kill('SIGKILL');
			await Promise.all(writers);
		}
		console.log(`# ${CRASHES} crashes, ${acknowledged} changes acknowledged`);
		assert.ok(acknowledged > CRASHES);
	},
});
