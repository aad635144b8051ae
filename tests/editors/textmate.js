// SPDX-License-Identifier: MPL-2.0
// Tokenizes a sample as VS Code does, and holds words to the scopes they must have.
//
// usage: textmate.js NPM GRAMMAR SAMPLE EXPECTED
'use strict';
const fs = require('fs');
const path = require('path');
const [npm, grammarPath, samplePath, expectedPath] = process.argv.slice(2);
const load = (name) => require(path.resolve(npm, 'node_modules', name));
const oniguruma = load('vscode-oniguruma');
const textmate = load('vscode-textmate');

// The scope that a word of each class has, or for none and word must not have.
const scopes = {
	structure: /^keyword\.control/, action: /^keyword\.other\.action/,
	target: /^storage\.type\.target/, protocol: /^support\.type\.protocol/,
	item: /^keyword\.other\.item/, string: /^string\.quoted/, comment: /^comment/,
	attribute: /^keyword\.other\.annotation/, address: /^constant\.other\.address/,
	number: /^constant\.numeric/, uuid: /^constant\.other\.uuid/,
	word: /^string\.unquoted\.fw/, none: /^meta\.annotation/, path: /^string.*\.path/,
	direction: /^storage\.modifier/, statement: /^keyword\.other\.statement/,
};

async function main() {
	const wasm = fs.readFileSync(path.resolve(npm, 'node_modules/vscode-oniguruma/release/onig.wasm'));
	await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
	const registry = new textmate.Registry({
		onigLib: Promise.resolve({
			createOnigScanner: (p) => new oniguruma.OnigScanner(p),
			createOnigString: (s) => new oniguruma.OnigString(s),
		}),
		loadGrammar: async () => textmate.parseRawGrammar(fs.readFileSync(grammarPath, 'utf8'),
			grammarPath),
	});
	const grammar = await registry.loadGrammar(`source${path.extname(samplePath)}`);
	const lines = fs.readFileSync(samplePath, 'utf8').split('\n');
	const tokens = [];
	let stack = textmate.INITIAL, failed = 0, checked = 0;
	for (const line of lines) {
		const r = grammar.tokenizeLine(line, stack);
		tokens.push(r.tokens);
		stack = r.ruleStack;
	}
	for (const want of fs.readFileSync(expectedPath, 'utf8').trim().split('\n')) {
		const [number, word, cls] = want.split(' ');
		const at = lines[number - 1].indexOf(word);
		const token = tokens[number - 1].find((t) => t.startIndex <= at && at < t.endIndex);
		const scope = token.scopes[token.scopes.length - 1];
		checked++;
		if (!scopes[cls].test(scope)) {
			console.log(`not ok - line ${number}, ${word}: ${scope}, not ${cls}`);
			failed++;
		}
	}
	console.log(`TextMate, ${path.extname(samplePath).slice(1)}: ${checked} words, ${failed} wrong`);
	process.exit(failed || !checked ? 1 : 0);
}

main().catch((e) => { console.error(e); process.exit(1); });
