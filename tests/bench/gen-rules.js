// SPDX-License-Identifier: MPL-2.0
/*
 * The bench's corpus of mixed rules: about 170 bytes and 28 tokens each, lists of
 * 1 to 24 targets, both families, every protocol.  Valid all of them.
 *
 * usage: node gen-rules.js DIR [N [SEED]]
 * Writes DIR/rules.txt, a sentence a line, and DIR/payloads.jsonl, the same
 * rules as payloads.
 */
'use strict';

const fs = require('fs');
const path = require('path');
const { Random } = require('../reference/random');

const KEYS = ['role', 'www', 'env', 'tier', 'app', 'db', 'team', 'zone'];
const VALUES = ['web', 'prod', 'staging', 'cache', 'mail', 'true', '5', 'front end', 'búsqueda'];
const PORTS = [22, 25, 53, 80, 443, 3306, 5432, 6379, 8080, 9090, 27017];

function group(r) {
	return r.between(1, 0xffff).toString(16);
}

function address(r, v6) {
	if (!v6)
		return `${r.pick([10, 172, 192, r.between(1, 223)])}.${r.below(256)}.` +
		    `${r.below(256)}.${r.between(1, 254)}`;
	return `2001:db8:${group(r)}::${group(r)}`;
}

function subnet(r, v6) {
	if (!v6)
		return `10.${r.below(256)}.${r.below(256)}.0/24`;
	return `fd00:${group(r)}:${group(r)}::/48`;
}

function tag(r) {
	const key = r.pick(KEYS);

	return r.chance(0.5) ? `tag ${r.chance(0.5) ? key : `"${key}"`}` :
	    `tag "${key}" = "${r.pick(VALUES)}"`;
}

function target(r, vms, family) {
	const v6 = family === 6 || (family === 0 && r.chance(0.3));

	return r.weighted([[30, () => tag(r)], [20, () => `vm ${r.pick(vms)}`],
	    [30, () => `ip ${address(r, v6)}`], [20, () => `subnet ${subnet(r, v6)}`]])();
}

function list(items, word) {
	return items.length === 1 ? items[0] : `(${items.join(` ${word} `)})`;
}

function repeat(n, f) {
	return Array.from({ length: n }, f);
}

function length(r) {
	return r.weighted([[42, 1], [27, r.between(2, 4)], [19, r.between(5, 10)],
	    [12, r.between(11, 24)]]);
}

function vmSide(r, vms) {
	return r.weighted([[25, () => 'all vms'], [75, () =>
	    list(repeat(r.chance(0.75) ? 1 : r.between(2, 4), () =>
		r.chance(0.7) ? tag(r) : `vm ${r.pick(vms)}`), 'OR')]])();
}

function ports(r) {
	const port = () => r.chance(0.7) ? r.pick(PORTS) : r.between(1024, 65535);
	const n = r.weighted([[5, 1], [4, r.between(2, 3)], [1, r.between(4, 10)]]);

	if (r.chance(0.1))
		return 'PORT all';
	if (r.chance(0.15)) {
		return `PORTS ${repeat(n, () => {
			const a = port();
			return r.chance(0.5) ? `${a} - ${r.between(a, 65535)}` : a;
		}).join(', ')}`;
	}
	return list(repeat(n, () => `PORT ${port()}`), 'AND');
}

function types(r) {
	return list(repeat(r.between(1, 3), () =>
	    `TYPE ${r.below(256)}${r.chance(0.3) ? ` CODE ${r.below(16)}` : ''}`), 'AND');
}

function sentence(r, vms) {
	const protocol = r.weighted([[55, 'tcp'], [20, 'udp'], [11, 'icmp'], [8, 'icmp6'],
	    [3, 'ah'], [3, 'esp']]);
	const family = protocol === 'icmp' ? 4 : protocol === 'icmp6' ? 6 : 0;
	const other = r.chance(0.2) ? 'any' :
	    list(repeat(length(r), () => target(r, vms, family)), 'OR');
	const sides = [vmSide(r, vms), other];
	const what = { tcp: ports, udp: ports, icmp: types, icmp6: types }[protocol];

	if (r.chance(0.6))
		sides.reverse();
	return `FROM ${sides[0]} TO ${sides[1]} ${r.chance(0.65) ? 'ALLOW' : 'BLOCK'} ${protocol}` +
	    `${what ? ` ${what(r)}` : ''}${r.chance(0.15) ? ` PRIORITY ${r.below(101)}` : ''}`;
}

function main(dir, n, seed) {
	const r = new Random(seed);
	const vms = repeat(500, () => r.uuid());
	const owners = repeat(100, () => r.uuid());
	const rules = repeat(n, () => sentence(r, vms));
	const payloads = rules.map((rule, i) => JSON.stringify({
		rule, uuid: r.uuid(), version: `17000${String(i).padStart(8, '0')}.000001`,
		owner_uuid: r.pick(owners), enabled: r.chance(0.9),
	}));
	const tokens = rules.reduce((sum, s) =>
	    sum + s.match(/"[^"]*"|[(),=]|[^\s(),="]+/g).length, 0);

	fs.mkdirSync(dir, { recursive: true });
	fs.writeFileSync(path.join(dir, 'rules.txt'), rules.join('\n') + '\n');
	fs.writeFileSync(path.join(dir, 'payloads.jsonl'), payloads.join('\n') + '\n');
	const bytes = Buffer.byteLength(rules.join(''));
	console.error(`${n} rules, mean ${(bytes / n).toFixed(1)} bytes and ` +
	    `${(tokens / n).toFixed(1)} tokens`);
}

main(process.argv[2], Number(process.argv[3] || 100000), Number(process.argv[4] || 1));
