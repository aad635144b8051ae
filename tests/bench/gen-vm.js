// SPDX-License-Identifier: MPL-2.0
/*
 * A host of one VM with many lines, of one of these shapes:
 *
 *	allowed     single addresses, one of eight ports each, may come in
 *	blocked     networks that nothing goes out to
 *	exceptions  blocked networks, with single addresses in them let in on a port
 *	ports       eight addresses, on many short ranges of ports each
 *	mixed       addresses and networks allowed and blocked, on all ports or on a
 *	            few, and ports open to all, in four priorities without any plan
 *
 * usage: node gen-vm.js DIR SHAPE RULES [SEED]
 * Writes DIR/rules.json and vms.json as `fwrule compile` reads them.
 */
'use strict';

const fs = require('fs');
const path = require('path');
const { Random } = require('../reference/random');

const PORTS = [22, 25, 53, 80, 443, 3306, 5432, 8080];

const shapes = {
	allowed: (r, vm, a) => `FROM ip ${a.join('.')} TO ${vm} ALLOW tcp PORT ${r.pick(PORTS)}`,
	blocked: (r, vm, [a, b, c]) => `FROM ${vm} TO subnet ${r.chance(0.5) ?
	    `${a}.${b}.${c}.0/24` : `${a}.${b}.${c & 240}.0/20`} BLOCK tcp PORT all`,
	exceptions: (r, vm, [a, b, c]) => r.chance(0.5) ?
	    `FROM subnet ${a}.${b & 63}.0.0/16 TO ${vm} BLOCK tcp PORT all PRIORITY 1` :
	    `FROM ip ${a}.${b & 63}.${c}.7 TO ${vm} ALLOW tcp PORT ${r.pick(PORTS)} PRIORITY 2`,
	ports: (r, vm, a) => {
		const first = r.between(1, 65000);

		return `FROM ip 192.0.2.${a[0] & 7} TO ${vm} ALLOW udp PORTS ${first} - ` +
		    `${first + r.below(4)}`;
	},
	mixed: (r, vm, [a, b, c, d]) => {
		const verb = r.pick(['ALLOW', 'BLOCK']), end = `PRIORITY ${r.below(4)}`;

		return r.weighted([
			[1, `FROM any TO ${vm} ALLOW tcp PORT ${r.between(1, 65535)} ${end}`],
			[4, `FROM ip ${a}.${b}.${c}.${d} TO ${vm} ${verb} tcp PORT all ${end}`],
			[5, `FROM subnet ${a}.${b}.${c}.0/24 TO ${vm} ${verb} tcp ` +
			    `(PORT ${r.pick(PORTS)} AND PORT ${r.between(1, 65535)}) ${end}`],
		]);
	},
};

function main(dir, shape, n, seed) {
	const r = new Random(seed), owner = r.uuid(), vm = r.uuid();
	const rules = Array.from({ length: n }, (_, i) => ({
		uuid: r.uuid(), version: `17000${String(i).padStart(8, '0')}.000001`,
		owner_uuid: owner, enabled: true,
		rule: shapes[shape](r, `vm ${vm}`,
		    [r.between(1, 220), r.below(256), r.below(256), r.below(256)]),
	}));
	const vms = [{ uuid: vm, owner_uuid: owner, firewall_enabled: true, state: 'running',
		zonepath: `/zones/${vm}`, tags: {}, nics: [{ ip: '10.99.0.1' }] }];

	fs.mkdirSync(dir, { recursive: true });
	fs.writeFileSync(path.join(dir, 'rules.json'), JSON.stringify(rules) + '\n');
	fs.writeFileSync(path.join(dir, 'vms.json'), JSON.stringify(vms) + '\n');
}

main(process.argv[2], process.argv[3], Number(process.argv[4]), Number(process.argv[5] || 1));
