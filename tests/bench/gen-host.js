// SPDX-License-Identifier: MPL-2.0
/*
 * A whole host for the bench: R rules, V local VMs, N remote VMs, ten local VMs
 * an owner, both families.  An owner's rules name its roles: about half of them
 * let one role reach another, which is where the lines come from; the rest are
 * from anywhere, from lists of addresses, or block what goes out.
 *
 * usage: node gen-host.js DIR RULES VMS REMOTE-VMS [SEED]
 * Writes DIR/rules.json, vms.json and rvms.json as `fwrule compile` reads them.
 */
'use strict';

const fs = require('fs');
const path = require('path');
const { Random } = require('../reference/random');

const VMS_AN_OWNER = 10;
const ROLES = ['web', 'db', 'cache', 'mail', 'queue'];
const ENVS = ['prod', 'staging'];
const PORTS = [22, 25, 53, 80, 443, 3306, 5432, 6379, 8080];

function repeat(n, f) {
	return Array.from({ length: n }, (_, i) => f(i));
}

function tags(r) {
	return r.chance(0.3) ? { role: r.pick(ROLES), env: r.pick(ENVS), monitored: true } :
	    { role: r.pick(ROLES), env: r.pick(ENVS) };
}

function ip4(i) {
	return `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
}

function ip6(i) {
	return `fd00::${(i >> 16).toString(16)}:${((i & 0xffff) + 1).toString(16)}`;
}

function localVm(r, owner, i) {
	const uuid = r.uuid();
	const nic = r.chance(0.3) ?
	    { ip: ip4(i + 1), ips: [`${ip4(i + 1)}/8`, `${ip6(i)}/64`] } : { ip: ip4(i + 1) };

	return { uuid, owner_uuid: owner, firewall_enabled: true, state: 'running',
		zonepath: `/zones/${uuid}`, tags: tags(r), nics: [nic] };
}

function remoteVm(r, owner, i) {
	return { uuid: r.uuid(), owner_uuid: owner, tags: tags(r),
		ips: r.chance(0.2) ? [ip4(i), ip6(i)] : [ip4(i)] };
}

function role(r) {
	return `tag "role" = "${r.pick(ROLES)}"`;
}

function addresses(r) {
	const one = () => r.weighted([
		[50, () => `ip 192.168.${r.below(256)}.${r.between(1, 254)}`],
		[20, () => `subnet 172.${r.between(16, 31)}.${r.below(256)}.0/24`],
		[20, () => `ip 2001:db8::${r.between(1, 65535).toString(16)}`],
		[10, () => `subnet 2001:db8:${r.between(1, 65535).toString(16)}::/48`],
	])();
	const n = r.weighted([[6, 1], [3, r.between(2, 5)], [1, r.between(6, 24)]]);
	const list = repeat(n, one);

	return n === 1 ? list[0] : `(${list.join(' OR ')})`;
}

function ports(r) {
	const n = r.weighted([[62, 1], [28, 2], [10, r.between(3, 4)]]);
	const list = repeat(n, () => `PORT ${r.pick(PORTS)}`);

	return n === 1 ? list[0] : `(${list.join(' AND ')})`;
}

function sentence(r) {
	const protocol = r.weighted([[80, 'tcp'], [20, 'udp']]);
	const what = `${protocol} ${ports(r)}`;

	return r.weighted([
		[32, () => `FROM ${role(r)} TO ${role(r)} ALLOW ${what}`],
		[16, () => `FROM any TO ${role(r)} ALLOW ${what}`],
		[27, () => `FROM ${addresses(r)} TO ${role(r)} ALLOW ${what}`],
		[13, () => `FROM tag "env" = "${r.pick(ENVS)}" TO ${addresses(r)} BLOCK ${what}`],
		[4, () => `FROM any TO ${role(r)} ALLOW icmp TYPE 8 CODE 0`],
		[4, () => `FROM any TO ${role(r)} ALLOW icmp6 TYPE 128`],
		[4, () => `FROM ${addresses(r)} TO ${role(r)} ALLOW ${what} ` +
		    `PRIORITY ${r.below(101)}`],
	])();
}

function main(dir, nRules, nVms, nRemote, seed) {
	const r = new Random(seed);
	const owners = repeat(Math.max(1, Math.ceil(nVms / VMS_AN_OWNER)), () => r.uuid());
	const files = {
		'vms.json': repeat(nVms, (i) =>
		    localVm(r, owners[Math.floor(i / VMS_AN_OWNER)], i)),
		'rvms.json': repeat(nRemote, (i) => remoteVm(r, r.pick(owners), i + (1 << 20))),
		'rules.json': repeat(nRules, (i) => ({
			uuid: r.uuid(), version: `17000${String(i).padStart(8, '0')}.000001`,
			owner_uuid: r.pick(owners), enabled: true, rule: sentence(r),
		})),
	};

	fs.mkdirSync(dir, { recursive: true });
	for (const [name, list] of Object.entries(files))
		fs.writeFileSync(path.join(dir, name), JSON.stringify(list, null, 1) + '\n');
}

main(process.argv[2], ...process.argv.slice(3, 6).map(Number), Number(process.argv[6] || 1));
