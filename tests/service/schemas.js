// SPDX-License-Identifier: MPL-2.0
/*
 * Every version of the tables there ever was, written out by hand as a fwapid of its
 * time left them, with the same rules and updates in each: today's must take them over.
 * A version is never changed; the one that store.h's DB_SCHEMA names is the last.
 */
'use strict';

const OWNER = '930896af-bf8c-48d4-885c-6573a94b1853';
const A = '00000000-0000-4000-8000-00000000000a', B = '00000000-0000-4000-8000-00000000000b';
const VM = 'FROM any TO all vms ALLOW tcp PORT 80';
const TAG = 'FROM tag "it\'\'s" = "x" TO tag "role" BLOCK udp PORT 53';

// As both speak SQL.
const rows = (rule) => `INSERT INTO ${rule}
	(uuid, version, owner_uuid, enabled, log, description, rule)
	VALUES ('${A}', '1.000001', NULL, 1, 0, NULL, '${VM}'),
	('${B}', '2.000002', '${OWNER}', 2, 3, 'é', '${TAG}')`;
const updates = (change, seq) => `INSERT INTO ${change} (seq, name, req_id, value) VALUES
	(${seq}, 'fw.add_rule', '${A}', '{"uuid":"${A}"}'), (${seq} + 1, 'sync', '${B}', '{}')`;

exports.rules = [
	{ enabled: true, global: true, log: false, rule: VM, uuid: A, version: '1.000001' },
	{ description: 'é', enabled: 'false', log: 'true', owner_uuid: OWNER,
		rule: TAG.replace("''", "'"), uuid: B, version: '2.000002' },
];
// The log begins at 5: four were cut off.
exports.first = 5;
exports.last = 6;

// [0] is version 1.
exports.sqlite = [`
	PRAGMA journal_mode=WAL;
	CREATE TABLE rule (uuid TEXT PRIMARY KEY NOT NULL, version TEXT NOT NULL, owner_uuid TEXT,
	    enabled INTEGER NOT NULL, log INTEGER NOT NULL, description TEXT, rule TEXT NOT NULL)
	    WITHOUT ROWID;
	CREATE TABLE change (seq INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,
	    req_id TEXT NOT NULL, value TEXT NOT NULL);
	CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;
	PRAGMA application_id=${0x66777231}; PRAGMA user_version=1;
	${rows('rule')}; ${updates('change', 5)};`,
];

exports.postgresql = [`
	CREATE TABLE fwapid_meta (key text PRIMARY KEY, value text NOT NULL);
	CREATE TABLE fwapid_rule (uuid uuid PRIMARY KEY, version text NOT NULL, owner_uuid uuid,
	    enabled smallint NOT NULL, log smallint NOT NULL, description text, rule text NOT NULL);
	CREATE TABLE fwapid_change (seq bigint PRIMARY KEY, name text NOT NULL,
	    req_id text NOT NULL, value text NOT NULL);
	CREATE TABLE fwapid_log (id smallint PRIMARY KEY, last bigint NOT NULL);
	INSERT INTO fwapid_log (id, last) VALUES (1, 6);
	INSERT INTO fwapid_meta (key, value) VALUES ('lock', ''), ('schema', '1');
	${rows('fwapid_rule')}; ${updates('fwapid_change', 5)};`,
];

/*
 * What a service must say that was started on such a store; version is a function that
 * asks the store, afterwards.
 */
exports.check = async (s, assert, version, known) => {
	const metrics = async () => (await s.request('GET', '/metrics')).body;

	assert.deepStrictEqual((await s.request('GET', '/rules')).json, exports.rules);
	assert.match(await metrics(), new RegExp(`^fwapi_update_last ${exports.last}$`, 'm'));
	const r = await s.request('PUT', `/rules/${B}`, { body: { enabled: true } });

	assert.strictEqual(r.status, 202, r.body);
	assert.match(await metrics(), new RegExp(`^fwapi_update_last ${exports.last + 1}$`, 'm'));
	assert.strictEqual((await s.request('GET', `/rules/${B}`)).json.enabled, true);
	assert.strictEqual(await version(), known,
		'a new version of the tables: write it down in schemas.js');
};
