// SPDX-License-Identifier: MPL-2.0
/*
 * CPU seconds of the reference for what bench-rules.c measures of fwrule: start-up
 * and reading the file are not counted, and a first run warms its compiler up.
 *
 * usage: node bench-reference.js DIR parse|rule|payload FILE REPEATS LINES
 */
'use strict';

const fs = require('fs');
const path = require('path');

const WARM_UP = 5000;

const [dir, mode, file, repeats, lines] = process.argv.slice(2);
const fwrule = require(path.join(path.resolve(dir), 'node_modules', 'fwrule'));
const text = fs.readFileSync(file, 'utf8').split('\n').slice(0, Number(lines));
const UUID = '788f6311-3c33-45c0-987e-1dfa0140e662';

/* Each returns the length of what it made, in characters. */
const MODES = {
	parse: (line) => fwrule.parse(line).from.length,
	rule: (line) => fwrule.create({ rule: line, uuid: UUID, version: '1' }).text().length,
	payload: (line) => JSON.stringify(fwrule.create(JSON.parse(line)).serialize()).length,
};

function runOnce(list) {
	const start = process.cpuUsage();
	let length = 0;

	for (const line of list)
		length += MODES[mode](line);
	const used = process.cpuUsage(start);
	return [(used.user + used.system) / 1e6, list.length, length];
}

runOnce(text.slice(0, WARM_UP));
for (let i = 0; i < Number(repeats); i++)
	console.log(runOnce(text).join(' '));
