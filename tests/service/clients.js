// SPDX-License-Identifier: MPL-2.0
/*
 * npm sdc-clients' FWAPI class, which Triton's services use, against the service: every
 * method it has.
 */
'use strict';

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const util = require('util');
const { folder, main, start } = require('./lib');

const { FWAPI } = require(path.resolve(process.env.FWAPID_NPM || 'tests/service-npm',
	'node_modules/sdc-clients'));

const A = 'aaaaaaaa-0000-4000-8000-000000000001';
const B = 'bbbbbbbb-0000-4000-8000-000000000002';
const VM = 'eeeeeeee-0000-4000-8000-000000000001';
const VM2 = 'eeeeeeee-0000-4000-8000-000000000002';

const vms = [
	{ uuid: VM, owner_uuid: A, state: 'running', tags: { role: 'web', n: 5, any: true } },
	{ uuid: VM2, owner_uuid: A, state: 'stopped', tags: { role: 'db' } },
	{ uuid: 'eeeeeeee-0000-4000-8000-000000000003', owner_uuid: A, state: 'destroyed',
		tags: { role: 'web' } },
	{ uuid: 'eeeeeeee-0000-4000-8000-000000000004', owner_uuid: B, state: 'running',
		tags: { role: 'web' } },
];

// As (err, obj, req, res), promised: { err, obj, res }.
function ask(client, method, ...args) {
	return new Promise((resolve) => client[method](...args, (err, obj, req, res) =>
		resolve({ err, obj, res })));
}

async function good(client, method, ...args) {
	const { err, obj, res } = await ask(client, method, ...args);

	assert.ifError(err);
	return { obj, res };
}

async function session() {
	const file = path.join(folder(), 'vms.json');

	fs.writeFileSync(file, JSON.stringify(vms));
	const s = await start([`--vms=${file}`]);

	return { s, client: new FWAPI({ url: s.url, agent: false }) };
}

main({
	async 'every method of FWAPI'() {
		const { s, client } = await session();
		const used = new Set();
		const call = (method, ...args) => { used.add(method); return good(client, method, ...args); };
		const RULE = 'FROM any TO tag "role" = "web" ALLOW tcp PORT 80';

		assert.strictEqual((await call('ping', {})).obj.status, 'OK');
		const made = await call('createRule', { rule: RULE, owner_uuid: A, enabled: true,
			description: 'web' });
		assert.strictEqual(made.res.statusCode, 202);
		assert.match(made.res.headers['x-update-id'], /^[0-9a-f-]{36}$/);
		const rule = made.obj;
		assert.deepStrictEqual(Object.keys(rule), ['description', 'enabled', 'log', 'owner_uuid',
			'rule', 'uuid', 'version']);
		assert.deepStrictEqual((await call('getRule', rule.uuid, { owner_uuid: A })).obj, rule);
		assert.deepStrictEqual((await call('listRules', { owner_uuid: A, 'tag.role': 'web' })).obj,
			[rule]);
		assert.deepStrictEqual((await call('listRules', { owner_uuid: [B], tag: 'role' })).obj, []);
		assert.deepStrictEqual((await call('listRules', { ip: ['10.0.0.1', '::1'] })).obj, []);

		const put = await call('updateRule', rule.uuid, { enabled: false, owner_uuid: A,
			version: rule.version });
		assert.strictEqual(put.res.statusCode, 202);
		assert.notStrictEqual(put.obj.version, rule.version);
		assert.deepStrictEqual({ ...put.obj, version: rule.version }, { ...rule, enabled: false });

		assert.deepStrictEqual((await call('getRuleVMs', rule.uuid, { owner_uuid: A })).obj, [vms[0]]);
		assert.deepStrictEqual((await call('getVMrules', VM, {})).obj, [put.obj]);
		assert.deepStrictEqual((await call('getVMrules', VM2, {})).obj, []);

		const update = await call('createUpdate', { type: 'vm.update', uuid: VM, owner_uuid: A,
			server_uuid: B, more: { a: [1] } });
		assert.strictEqual(update.res.statusCode, 202);
		assert.deepStrictEqual(Object.keys(update.obj), ['update_uuid']);

		const gone = await call('deleteRule', rule.uuid, { owner_uuid: A });
		assert.strictEqual(gone.res.statusCode, 204);
		assert.ok(gone.res.headers['x-update-id']);
		assert.deepStrictEqual((await call('listRules', {})).obj, []);
		const methods = Object.keys(FWAPI.prototype).filter((m) =>
			!Object.keys(Object.getPrototypeOf(FWAPI.prototype)).includes(m));
		assert.deepStrictEqual([...used].sort(), methods.sort());
		await s.stop();
	},

	async 'errors as the client sees them'() {
		const { s, client } = await session();
		const e = async (...args) => (await ask(client, ...args)).err;
		let err = await e('getRule', A, {});

		assert.strictEqual(err.statusCode, 404);
		assert.strictEqual(err.body.code, 'ResourceNotFound');
		assert.strictEqual(err.message, 'Rule not found');
		err = await e('createRule', { rule: 'x', global: true });
		assert.strictEqual(err.statusCode, 422);
		assert.strictEqual(err.body.code, 'InvalidParameters');
		assert.strictEqual(err.body.errors[0].field, 'rule');
		err = await e('getVMrules', B, {});
		assert.deepStrictEqual([err.statusCode, err.body], [404, { code: 'ResourceNotFound',
			message: 'VM not found' }]);
		await s.stop();
	},
});
