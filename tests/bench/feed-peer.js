// SPDX-License-Identifier: MPL-2.0
/* npm fast-messages' own server, as feed-bench serve does it. usage: feed-peer.js NPM */
'use strict';

const path = require('path');
const readline = require('readline');

const npm = path.resolve(process.argv[2], 'node_modules');
const messages = require(path.join(npm, 'fast-messages'));
const log = require(path.join(npm, 'bunyan')).createLogger({ name: 'bench', level: 61 });
const server = messages.createServer({ log, server_id: 'bench' });
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
let id = 0;

const value = () => ({ t: Date.now() * 1000, enabled: true, global: false, log: false,
	owner_uuid: 'aaaaaaaa-0000-4000-8000-000000000001',
	rule: 'FROM (ip 10.0.0.1 OR tag "role" = "www") TO tag "role" = "db" ALLOW tcp PORT 5432',
	uuid: 'bbbbbbbb-0000-4000-8000-000000000002', version: '1.0' });

const seconds = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1e6; };
let drained = Promise.resolve();

async function batch(agents, updates, gap) {
	while (Object.keys(server.clients).length < agents)
		await sleep(10);
	const before = seconds();

	for (let i = 0; i < updates; i++) {
		server.send({ id: ++id, name: 'fw.update_rule', value: value(),
			req_id: '3e4b9ea2-7b3c-4d4c-9d3a-000000000000' });
		if (gap)
			await sleep(gap / 1000);
	}
	return before;
}

server.listen(0, () => {
	console.log(server.fast_socket.address().port);
	readline.createInterface({ input: process.stdin }).on('line', (line) => {
		// "done": the agents have all; "AGENTS UPDATES GAP_US": the next batch.
		if (line === 'done')
			drained.then((before) => console.log(`${(seconds() - before).toFixed(2)} ` +
				Math.round(process.memoryUsage().rss / 1048576)));
		else
			drained = batch(...line.split(' ').map(Number));
	}).on('close', () => process.exit(0));
});
