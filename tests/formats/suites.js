// SPDX-License-Identifier: MPL-2.0
// Holds TAP, JUnit and JSON of the same policy tests to each other: as many expectations
// of each outcome in all three, by what each says in its head and by what stands in it.
//
// usage: suites.js DIR N; DIR has suite0.tap, .junit, .json to suiteN.*
'use strict';

const assert = require('assert');
const fs = require('fs');
const path = require('path');

const [dir, last] = process.argv.slice(2);
const read = (i, format) => fs.readFileSync(path.join(dir, `suite${i}.${format}`), 'utf8');
const count = (text, pattern) => (text.match(pattern) || []).length;

function ofTap(text) {
	const lines = text.split('\n');
	const results = lines.filter((l) => /^(not )?ok /.test(l));

	assert.strictEqual(lines.shift(), 'TAP version 13');
	assert.strictEqual(lines.shift(), `1..${results.length}`);
	assert.strictEqual(lines.pop(), '');
	results.forEach((l, i) => {
		assert.match(l, new RegExp(`^(not )?ok ${i + 1} - `));
		// A # would begin a directive.
		assert(!/[^\\](\\\\)*#/.test(l), l);
	});
	// What is no result is a comment, or YAML below a failure.
	for (const l of lines)
		assert(/^(not ok |ok |# |  ---$|  why: \|$|    |  \.\.\.$)/.test(l), JSON.stringify(l));
	assert.strictEqual(count(text, /^  ---$/gm), count(text, /^  \.\.\.$/gm));
	return {
		passed: count(text, /^ok /gm), failed: count(text, /^  ---$/gm),
		broken: count(text, /^not ok .* can be tested in full$/gm),
	};
}

function ofJunit(text) {
	const sum = (name) => [...text.matchAll(/<testsuite [^>]*>/g)].map((m) =>
		Number(new RegExp(` ${name}="(\\d+)"`).exec(m[0])[1])).reduce((a, b) => a + b, 0);
	const cases = count(text, /<testcase /g), failed = count(text, /<failure /g);
	const broken = count(text, /<error /g);

	assert.deepStrictEqual([sum('tests'), sum('failures'), sum('errors')], [cases, failed, broken]);
	return { passed: cases - failed - broken, failed, broken };
}

function ofJson(text) {
	const all = JSON.parse(text);
	const expectations = all.files.flatMap((f) => f.expectations);

	for (const e of expectations) {
		assert.strictEqual(e.holds, e.failed === 0);
		assert.strictEqual('why' in e, !e.holds);
		assert(e.vms > 0 && e.line > 0 && e.text.startsWith('expect '));
	}
	assert.strictEqual(all.passed, expectations.filter((e) => e.holds).length);
	assert.strictEqual(all.failed, expectations.filter((e) => !e.holds).length);
	return { passed: all.passed, failed: all.failed,
		broken: all.files.filter((f) => f.broken).length };
}

const sums = { passed: 0, failed: 0, broken: 0 };

for (let i = 0; i <= Number(last); i++) {
	const tap = ofTap(read(i, 'tap'));

	assert.deepStrictEqual(ofJunit(read(i, 'junit')), tap, `suite${i}`);
	assert.deepStrictEqual(ofJson(read(i, 'json')), tap, `suite${i}`);
	for (const k of Object.keys(sums))
		sums[k] += i ? tap[k] : 0;
}
// The first is all files together, and one that is not there.
sums.broken++;
assert.deepStrictEqual(ofTap(read(0, 'tap')), sums);
console.log(`${sums.passed} pass, ${sums.failed} fail, ${sums.broken} broken`);
assert(sums.passed > 1 && sums.failed > 0 && sums.broken > 1);
