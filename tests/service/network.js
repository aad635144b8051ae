// SPDX-License-Identifier: MPL-2.0
/*
 * A way to a server that can be cut so that nothing is told of it: packets vanish,
 * nothing is closed, nobody answers.
 *
 *   namespace(socket)   a network of its own, behind a pair of virtual cards, with a relay
 *                       to the server's socket in it; the card is what is cut.  Null where
 *                       the kernel or the user's rights do not allow that.
 *   proxy(port)         in this process: takes connections, and hands on nothing.
 *
 * Both give { host, port, cut(), heal(), close() }.
 */
'use strict';

const child = require('child_process');
const net = require('net');

function join(from, to) {
	from.on('error', () => to.destroy()).on('close', () => to.destroy());
	to.on('error', () => from.destroy()).on('close', () => from.destroy());
	from.pipe(to);
	to.pipe(from);
}

function ip(...args) {
	return child.spawnSync('ip', args, { encoding: 'utf8' }).status === 0;
}

// What runs in the namespace: every connection to the port goes to the socket.
const relay = `const net = require('net');
${join}
net.createServer((c) => join(c, net.connect(process.argv[1]))).listen(5432, process.argv[2],
	() => console.log('ready'));`;

async function namespace(socket) {
	const id = process.pid % 60000;
	const name = `fwapid-${id}`, ours = `fw${id}a`, theirs = `fw${id}b`;
	/* 198.18.0.0/15 is for such tests (RFC 2544): a network of four addresses. */
	const at = (n) => `198.${18 + (id >> 14)}.${id >> 6 & 255}.${(id & 63) * 4 + n}`;
	const close = () => ip('netns', 'del', name);

	if (!ip('netns', 'add', name))
		return null;
	if (!ip('link', 'add', ours, 'type', 'veth', 'peer', 'name', theirs, 'netns', name) ||
	    !ip('addr', 'add', `${at(1)}/30`, 'dev', ours) || !ip('link', 'set', ours, 'up') ||
	    !ip('-n', name, 'addr', 'add', `${at(2)}/30`, 'dev', theirs) ||
	    !ip('-n', name, 'link', 'set', theirs, 'up')) {
		close();
		return null;
	}
	const there = child.spawn('ip', ['netns', 'exec', name, process.execPath, '-e', relay, socket,
		at(2)], { stdio: ['ignore', 'pipe', 'inherit'] });

	process.on('exit', () => { there.kill('SIGKILL'); close(); });
	await new Promise((resolve, reject) => {
		there.stdout.once('data', resolve);
		there.once('exit', () => reject(new Error('the relay does not run')));
	});
	return { kind: 'a network', host: at(2), port: 5432,
		cut: () => ip('-n', name, 'link', 'set', theirs, 'down'),
		heal: () => ip('-n', name, 'link', 'set', theirs, 'up'),
		close: () => { there.kill('SIGKILL'); close(); } };
}

async function proxy(port) {
	const open = new Set();
	let dead = false;
	const server = net.createServer((c) => {
		if (dead) {
			open.add(c.on('error', () => {}));
			return;
		}
		const s = net.connect(port, '127.0.0.1');

		join(c, s);
		open.add(c).add(s);
	});

	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	return { kind: 'a proxy', host: '127.0.0.1', port: server.address().port,
		/* What was cut stays so: behind a router that forgot it, nothing comes back. */
		cut: () => { dead = true; open.forEach((s) => s.unpipe().pause()); return true; },
		heal: () => { dead = false; return true; },
		close: () => { server.close(); open.forEach((s) => s.destroy()); } };
}

module.exports = { namespace, proxy };
