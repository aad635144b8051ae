// SPDX-License-Identifier: MPL-2.0
/* Every error the service can answer with, its body compared whole. */
'use strict';

const assert = require('assert');
const crypto = require('crypto');
const zlib = require('zlib');
const { main, start } = require('./lib');

const A = 'aaaaaaaa-0000-4000-8000-000000000001';
const B = 'bbbbbbbb-0000-4000-8000-000000000002';
const NONE = 'cccccccc-0000-4000-8000-000000000003';
const RULE = 'FROM any TO all vms ALLOW tcp PORT 80';

function invalid(...errors) {
	return { code: 'InvalidParameters', message: 'Invalid parameters', errors };
}

function field(name, message, more) {
	return { field: name, code: 'InvalidParameter', message, ...more };
}

function missing(...names) {
	return { code: 'InvalidParameters', message: 'Missing parameters', errors: names.map((n) =>
		({ field: n, code: 'MissingParameter', message: 'Missing parameter' })) };
}

function unknown(...names) {
	return { field: names, code: 'UnknownParameters',
		message: `Unknown parameters: ${names.join(', ')}` };
}

const forbidden = { code: 'Forbidden', message: 'owner does not match', errors: [
	field('owner_uuid', 'owner_uuid does not match')] };
const exists = { code: 'RuleExistsError', message: 'rule already exists', errors: [
	{ field: 'uuid', code: 'Duplicate', message: 'Already exists' }] };
const notFound = { code: 'ResourceNotFound', message: 'Rule not found' };
const BOOL = 'must be a boolean value';

// [method, target, status, body of the answer, options]
function table(owned, global) {
	const json = (body) => ({ body });

	return [
		// paths and methods
		['GET', '/x', 404, { code: 'ResourceNotFound', message: '/x does not exist' }],
		['GET', '/x?y=1', 404, { code: 'ResourceNotFound', message: '/x does not exist' }],
		['GET', '/', 404, { code: 'ResourceNotFound', message: '/ does not exist' }],
		['PATCH', '/rules', 405, { code: 'MethodNotAllowedError',
			message: 'PATCH is not allowed' }],
		['DELETE', '/rules', 405, { code: 'MethodNotAllowedError',
			message: 'DELETE is not allowed' }],
		['POST', `/rules/${owned}`, 405, { code: 'MethodNotAllowedError',
			message: 'POST is not allowed' }],
		['GET', '/resolve', 405, { code: 'MethodNotAllowedError', message: 'GET is not allowed' }],
		['GET', '/rules', 400, { code: 'InvalidVersion',
			message: '~2 is not supported by GET /rules' }, { headers: { 'accept-version': '~2' } }],
		['GET', `/rules/${owned}`, 400, { code: 'InvalidVersion',
			message: `<1.1.4 is not supported by GET /rules/${owned}` },
		{ headers: { 'accept-version': '<1.1.4' } }],

		// bodies
		['POST', '/rules', 400, { code: 'BadDigest', message: "Content-MD5 'x' didn't match '" +
			`${crypto.createHash('md5').update('{}').digest('base64')}'` },
		{ body: '{}', headers: { 'content-md5': 'x', 'content-type': 'application/json' } }],
		['POST', '/rules', 400, { code: 'InvalidContent',
			message: 'Invalid JSON: an object is needed' },
		{ body: '[1]', headers: { 'content-type': 'application/json' } }],
		['POST', '/rules', 400, { code: 'InvalidContent',
			message: 'Invalid gzip: the body is damaged' },
		{ body: 'no gzip', headers: { 'content-encoding': 'gzip' } }],
		['POST', '/rules', 415, { code: 'UnsupportedMediaType', message: 'the body\'s ' +
			'content-encoding is not gzip' }, { body: 'x', headers: { 'content-encoding': 'br' } }],
		['POST', '/rules', 415, { code: 'UnsupportedMediaType', message: "the body's content-type is " +
			'neither application/json nor application/x-www-form-urlencoded' },
		{ body: 'x', headers: { 'content-type': 'text/xml' } }],
		['GET', '/rules?tag=%ff', 400, { code: 'BadRequest', message: 'the query of the request is ' +
			'malformed: a parameter is not UTF-8 text in percent encoding' }],
		['GET', '/rules?tag=%0', 400, { code: 'BadRequest', message: 'the query of the request is ' +
			'malformed: a parameter is not UTF-8 text in percent encoding' }],

		// ListRules
		['GET', '/rules?ip=x', 422, invalid(field('ip', 'invalid IP', { invalid: ['x'] }))],
		['GET', '/rules?ip=y&ip=10.0.0.1&ip=x', 422,
			invalid(field('ip', 'invalid IPs', { invalid: ['x', 'y'] }))],
		['GET', '/rules?ip=y,x', 422, invalid(field('ip', 'invalid IPs', { invalid: ['x', 'y'] }))],
		['GET', '/rules?ip=', 422, invalid(field('ip', 'invalid IP', { invalid: ['Empty string'] }))],
		['GET', '/rules?vm=x', 422, invalid(field('vm', 'invalid UUID', { invalid: ['x'] }))],
		['GET', `/rules?vm=${A.toUpperCase()}`, 422,
			invalid(field('vm', 'invalid UUID', { invalid: [A.toUpperCase()] }))],
		['GET', `/rules?owner_uuid=z,${A},y,z`, 422,
			invalid(field('owner_uuid', 'invalid UUID', { invalid: ['y', 'z'] }))],
		['GET', '/rules?subnet=10.0.0.1/8', 422,
			invalid(field('subnet', 'Subnet must be in CIDR form', { invalid: ['10.0.0.1/8'] }))],
		['GET', '/rules?subnet=10.0.0.0', 422,
			invalid(field('subnet', 'Subnet must be in CIDR form', { invalid: ['10.0.0.0'] }))],
		['GET', '/rules?enabled=1', 422, invalid(field('enabled', BOOL))],
		['GET', '/rules?log=yes&global=no', 422, invalid(field('global', BOOL), field('log', BOOL))],
		['GET', '/rules?action=deny', 422,
			invalid(field('action', 'action must be "block" or "allow"'))],
		['GET', '/rules?protocol=', 422, invalid(field('protocol', 'must not be empty'))],
		['GET', `/rules?protocol=${'t'.repeat(65)}`, 422,
			invalid(field('protocol', 'must not be longer than 64 characters'))],
		['GET', '/rules?protocol=sctp', 409, { code: 'InvalidArgument', message: 'Invalid value for ' +
			'protocol: must be one of: tcp, udp, icmp, icmp6, ah, esp' }],
		['GET', '/rules?fields=x', 422, invalid(field('fields', 'unknown field specified'))],
		['GET', '/rules?fields=a&fields=b&fields=c&fields=d&fields=e', 422,
			invalid(field('fields', 'can only specify a maximum of 4 fields'))],
		['GET', '/rules?fields[a]=x', 422, invalid(field('fields', 'must be an array of strings'))],
		['GET', '/rules?b=1&a=2', 422, invalid(unknown('b', 'a'))],
		['GET', '/rules?zz=1&ip=x&vm=y', 422, invalid(field('ip', 'invalid IP', { invalid: ['x'] }),
			field('vm', 'invalid UUID', { invalid: ['y'] }), unknown('zz'))],

		// one rule
		['GET', '/rules/x', 422, invalid(field('uuid', 'Invalid UUID'))],
		['PUT', '/rules/x', 422, invalid(field('uuid', 'Invalid UUID')), json({})],
		['DELETE', '/rules/x', 422, invalid(field('uuid', 'Invalid UUID'))],
		['GET', '/rules/x/vms', 422, invalid(field('uuid', 'Invalid UUID'))],
		['GET', `/rules/${NONE}`, 404, notFound],
		['PUT', `/rules/${NONE}`, 404, notFound, json({ enabled: true })],
		['DELETE', `/rules/${NONE}?zz=1`, 404, notFound],
		['GET', `/rules/${NONE}/vms`, 404, notFound],
		['GET', `/rules/${owned}?owner_uuid=${B}`, 403, forbidden],
		['GET', `/rules/${global}?owner_uuid=${A}`, 403, forbidden],
		['PUT', `/rules/${owned}`, 403, forbidden, json({ owner_uuid: B })],
		['PUT', `/rules/${global}`, 403, forbidden, json({ owner_uuid: A })],
		['DELETE', `/rules/${owned}?owner_uuid=${B}&zz=1`, 403, forbidden],
		['DELETE', `/rules/${global}?owner_uuid=${A}`, 403, forbidden],
		['GET', `/rules/${owned}/vms?owner_uuid=${B}`, 403, forbidden],
		['GET', `/rules/${owned}/vms`, 409, { code: 'MissingParameter',
			message: '"owner_uuid" parameter required' }],
		['DELETE', `/rules/${owned}?zz=1`, 422, invalid(unknown('zz'))],

		// rules
		['POST', '/rules', 409, { code: 'MissingParameter', message: '"rule" parameter required' },
			json({ global: true })],
		['POST', '/rules', 422, exists, json({ rule: RULE, uuid: owned, global: true })],
		['POST', '/rules', 422, invalid(field('owner_uuid', 'owner_uuid required')),
			json({ rule: RULE })],
		['POST', '/rules', 422, invalid(field('global', 'cannot specify both global and owner_uuid')),
			json({ rule: RULE, global: true, owner_uuid: A })],
		['POST', '/rules', 422, invalid(field('global', 'global must be true or false')),
			json({ rule: RULE, global: 'x' })],
		['POST', '/rules', 422, invalid(
			field('created_by', 'created_by must be a string'),
			field('description', 'description must be shorter than 255 characters'),
			field('enabled', 'enabled must be true or false'),
			field('log', 'log must be true or false'),
			field('owner_uuid', 'Invalid owner UUID'),
			field('uuid', 'Invalid rule UUID')),
		json({ rule: RULE, uuid: 'x', owner_uuid: 'y', enabled: 'z', log: 3, created_by: 4,
			description: 'd'.repeat(256) })],
		['POST', '/rules', 422, invalid(field('rule', 'rule does not affect VMs')),
			json({ rule: 'FROM ip 10.0.0.1 TO ip 10.0.0.2 ALLOW tcp PORT 80', owner_uuid: A })],
		['PUT', `/rules/${owned}`, 422, invalid(field('global',
			'cannot specify both global and owner_uuid')), json({ global: true })],
		['PUT', `/rules/${owned}`, 422, invalid(field('rule', 'No rule specified')),
			json({ rule: '' })],
		['PUT', `/rules/${owned}`, 422, invalid(field('description',
			'description must be a string')), json({ description: null })],

		// what meets what
		['GET', '/firewalls/vms/x', 422, invalid(field('uuid', 'invalid UUID'))],
		['GET', '/firewalls/vms/x?b=1', 422, invalid(unknown('b'), field('uuid', 'invalid UUID'))],
		['GET', `/firewalls/vms/${A}`, 503, { code: 'ServiceUnavailableError',
			message: 'no VMs are known: start fwapid with --vmapi or --vms' }],
		['POST', '/resolve', 422, missing('owner_uuid'), json({ vms: [A] })],
		['POST', '/resolve', 422, invalid(field('owner_uuid', 'invalid UUID')),
			json({ owner_uuid: 'x' })],
		['POST', '/resolve', 422, invalid(field('tags', 'must be an object')),
			json({ owner_uuid: A, tags: 'x' })],
		['POST', '/resolve', 422, invalid(field('ips', 'invalid IP', { invalid: ['z'] }),
			{ field: 'owner_uuid', code: 'MissingParameter', message: 'Missing parameter' },
			field('vms', 'invalid UUID', { invalid: ['y'] })), json({ vms: 'y', ips: ['z'] })],

		// updates
		['POST', '/updates', 409, { code: 'MissingParameter', message: '"type" parameter required' },
			json({})],
		['POST', '/updates', 422, invalid(field('type', 'Invalid update type')), json({ type: 'x' })],
		['GET', '/updates?since=x', 422, invalid(field('since', 'must be the number of an update'))],
	];
}

main({
	async 'error bodies'() {
		const s = await start();
		const owned = (await s.create(RULE, { owner_uuid: A })).uuid;
		const global = (await s.create(RULE, { global: true })).uuid;
		let n = 0;

		for (const [method, target, status, body, opts] of table(owned, global)) {
			const r = await s.request(method, target, opts);

			assert.deepStrictEqual({ status: r.status, body: r.json }, { status, body },
				`${method} ${target} ${JSON.stringify(opts)}`);
			assert.strictEqual(r.headers['content-type'], 'application/json');
			n++;
		}
		assert.strictEqual((await s.request('GET', '/rules')).json.length, 2);
		console.log(`# ${n} answers`);
		await s.stop();
	},

	async 'JSON that is none'() {
		const s = await start();
		const headers = { 'content-type': 'application/json' };

		for (const body of ['{', '{"a":1,"a":2}', '"x"', 'null', '{"a":"\\ud800"}', '{"rule":"x"}}',
			'\u0000', '[]', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`]) {
			const r = await s.request('POST', '/rules', { body, headers });

			assert.strictEqual(r.status, 400, body);
			assert.deepStrictEqual(Object.keys(r.json), ['code', 'message']);
			assert.strictEqual(r.json.code, 'InvalidContent');
			assert.ok(r.json.message.startsWith('Invalid JSON: '), r.json.message);
		}
		await s.stop();
	},

	async 'versions that fit'() {
		const s = await start();

		for (const [range, good] of [['1.1.4', 1], ['~1', 1], ['~1.1', 1], ['^1.0.0', 1], ['*', 1],
			['1.x', 1], ['>=1.0 <2', 1], ['0.x || 1.1.x', 1], ['1.0 - 1.2', 1], ['=1.1.4', 1],
			['', 1], ['~1.0', 0], ['^0.9', 0], ['>1.1.4', 0], ['2', 0], ['1.1.5', 0],
			['1.2 - 2', 0], ['rubbish', 0], ['>=1.1.4 <1.1.4', 0], ['^1.2', 0], ['<=1.1', 1]]) {
			const r = await s.request('GET', '/rules', { headers: { 'accept-version': range } });

			assert.strictEqual(r.status, good ? 200 : 400, range);
		}
		await s.stop();
	},

	async 'an error quotes bytes that are no text'() {
		const s = await start();
		const r = await s.request('GET', '/rules', { headers: { 'accept-version': '\u00ff\u00fe' } });

		assert.strictEqual(r.status, 400);
		assert.strictEqual(r.json.code, 'InvalidVersion');
		assert.ok(!r.body.includes('\ufffd'), r.body);
		await s.stop();
	},

	async 'headers'() {
		const s = await start();
		const r = await s.request('GET', '/ping', { headers: { 'x-request-id': 'one',
			'request-id': 'two' } });
		const q = await s.request('GET', '/ping', { headers: { 'x-request-id': 'one' } });
		const odd = await s.request('GET', '/ping', { headers: { 'x-request-id': 'a b' } });
		const head = await s.request('HEAD', '/ping');

		assert.strictEqual(r.headers['x-request-id'], 'two');
		assert.strictEqual(q.headers['x-request-id'], 'one');
		assert.match(odd.headers['x-request-id'], /^[0-9a-f-]{36}$/);
		assert.strictEqual(r.headers.server, 'SmartDC Firewall API');
		assert.match(r.headers['x-response-time'], /^\d+$/);
		assert.ok(r.headers['x-server-name'] && r.headers.date);
		assert.strictEqual(head.status, 200);
		assert.strictEqual(head.body, '');
		assert.strictEqual((await s.request('HEAD', '/rules')).status, 405);
		await s.stop();
	},

	async 'bodies that are checked and unpacked'() {
		const s = await start();
		const text = JSON.stringify({ rule: RULE, global: true });
		const packed = zlib.gzipSync(text);
		const md5 = (b) => crypto.createHash('md5').update(b).digest('base64');
		const json = { 'content-type': 'application/json; charset=utf-8' };

		for (const [body, headers] of [
			[text, { ...json, 'content-md5': md5(text) }],
			[packed, { ...json, 'content-encoding': 'gzip', 'content-md5': md5(packed) }],
			[text, {}],
			[`rule=${encodeURIComponent(RULE)}&global=true`,
				{ 'content-type': 'application/x-www-form-urlencoded' }]]) {
			const r = await s.request('POST', '/rules', { body, headers });

			assert.strictEqual(r.status, 202, r.body);
		}
		await s.stop();
	},
});
