// SPDX-License-Identifier: MPL-2.0
/*
 * Holds SARIF files to OASIS's schema, and to what a schema cannot say: rules are
 * declared once and found by their index, paths are relative, fingerprints differ.
 *
 * usage: node sarif.js PACKAGES FILE...
 */
'use strict';

const fs = require('fs');
const path = require('path');
const { createRequire } = require('module');

const [packages, ...files] = process.argv.slice(2);
const load = createRequire(path.join(path.resolve(packages), 'package.json'));
const Ajv = load('ajv');
const formats = load('ajv-formats');
const schema = JSON.parse(fs.readFileSync(path.join(packages,
    'node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'), 'utf8'));
const draft = load('ajv/dist/refs/json-schema-draft-06.json');

const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
formats(ajv);
if (String(schema.$schema).includes('draft-06'))
	ajv.addMetaSchema(draft);
if (String(schema.$schema).includes('draft-04')) {
	delete schema.$schema;
	schema.$id = schema.id;
	delete schema.id;
}
const valid = ajv.compile(schema);
let bad = 0;

function complain(file, what) {
	console.log(`${file}: ${what}`);
	bad++;
}

function check(file) {
	const log = JSON.parse(fs.readFileSync(file, 'utf8'));

	if (!valid(log))
		complain(file, JSON.stringify(valid.errors.slice(0, 3)));
	const [run] = log.runs;
	const ids = run.tool.driver.rules.map((r) => r.id);
	if (new Set(ids).size !== ids.length)
		complain(file, 'a rule is declared twice');
	if (ids.filter((id) => id.startsWith('FW')).length < 20)
		complain(file, 'not all rules are declared');
	const prints = run.results.map((r) => r.partialFingerprints['fwrule/v1']);
	if (new Set(prints).size !== prints.length)
		complain(file, 'two results have one fingerprint');
	for (const r of run.results) {
		if (ids[r.ruleIndex] !== r.ruleId)
			complain(file, `${r.ruleId}: its index is another rule's`);
		for (const l of r.locations || [])
			if (/^(\/|[a-z]+:)/.test(l.physicalLocation.artifactLocation.uri))
				complain(file, 'a path is not relative');
	}
	return run.results.length;
}

const counts = files.map(check);
console.log(`${files.length} files, ${counts.reduce((a, b) => a + b, 0)} results, ${bad} bad`);
// One of them is a clean run.
process.exit(bad || !counts.includes(0) || Math.max(...counts) < 3 ? 1 : 0);
