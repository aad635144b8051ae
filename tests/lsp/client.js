// SPDX-License-Identifier: MPL-2.0
// Drives `fwrule lsp` as an editor does, through Microsoft's client library, and holds
// every answer against what a person at the editor should see.
//
// usage: client.js FWRULE NPM_DIR SRCDIR
'use strict';

const assert = require('assert');
const { spawn } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const url = require('url');

const [program, npm, srcdir] = process.argv.slice(2);
const lsp = require(path.resolve(npm, 'node_modules/vscode-languageserver-protocol/node'));

const example = path.join(srcdir, 'examples/web');
const vms = path.join(example, 'vms.json');
const remote = path.join(example, 'remote-vms.json');

class Editor {
	constructor(args, encodings, watches) {
		this.child = spawn(program, ['lsp', '--stdio', ...args],
			{ stdio: ['pipe', 'pipe', 'inherit'] });
		this.ended = new Promise((done) => this.child.on('exit', done));
		this.connection = lsp.createProtocolConnection(
			new lsp.StreamMessageReader(this.child.stdout),
			new lsp.StreamMessageWriter(this.child.stdin));
		this.findings = new Map();
		this.waiting = new Map();
		this.messages = [];
		this.connection.onNotification(lsp.PublishDiagnosticsNotification.type, (p) => {
			const wait = this.waiting.get(p.uri);

			if (wait) {
				this.waiting.delete(p.uri);
				wait(p.diagnostics);
			}
		});
		this.connection.onNotification(lsp.ShowMessageNotification.type,
			(p) => this.messages.push(p.message));
		this.connection.listen();
		this.encodings = encodings;
		this.watches = watches;
		this.registered = [];
		this.connection.onRequest(lsp.RegistrationRequest.type, (p) => {
			this.registered.push(...p.registrations);
		});
	}

	async start() {
		const general = this.encodings ? { positionEncodings: this.encodings } : {};

		this.answer = await this.connection.sendRequest(lsp.InitializeRequest.type, {
			processId: process.pid, rootUri: null, capabilities: { general, workspace: {
				didChangeWatchedFiles: { dynamicRegistration: Boolean(this.watches) } } },
		});
		await this.connection.sendNotification(lsp.InitializedNotification.type, {});
		return this.answer.capabilities;
	}

	published(uri) {
		return new Promise((done) => this.waiting.set(uri, done));
	}

	open(uri, text) {
		const findings = this.published(uri);

		this.connection.sendNotification(lsp.DidOpenTextDocumentNotification.type,
			{ textDocument: { uri, languageId: 'fwrule', version: 1, text } });
		return findings;
	}

	change(uri, text) {
		const findings = this.published(uri);

		this.connection.sendNotification(lsp.DidChangeTextDocumentNotification.type,
			{ textDocument: { uri, version: 2 }, contentChanges: [{ text }] });
		return findings;
	}

	async fixAll(uri, kind) {
		const actions = await this.ask(lsp.CodeActionRequest.type, uri, {
			range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
			context: { diagnostics: [], only: [kind] },
		});

		assert(actions.length < 2);
		return actions[0];
	}

	ask(type, uri, more) {
		return this.connection.sendRequest(type, { textDocument: { uri }, ...more });
	}

	async labels(uri, text) {
		const lines = text.split('\n');

		await this.change(uri, text);
		const list = await this.ask(lsp.CompletionRequest.type, uri, {
			position: { line: lines.length - 1, character: lines[lines.length - 1].length },
		});
		return list.items.map((i) => i.label);
	}

	async stop() {
		await this.connection.sendRequest(lsp.ShutdownRequest.type);
		await this.connection.sendNotification(lsp.ExitNotification.type);
		return this.ended;
	}
}

// The text with an editor's edits, in UTF-16 units.
function applied(text, edits) {
	const starts = [0];

	for (let i = 0; i < text.length; i++)
		if (text[i] === '\n')
			starts.push(i + 1);
	const at = (p) => starts[p.line] + p.character;

	return [...edits].sort((a, b) => at(b.range.start) - at(a.range.start)).reduce((t, e) =>
		t.slice(0, at(e.range.start)) + e.newText + t.slice(at(e.range.end)), text);
}

const uri = 'file:///rules/site.fwrule';
const checks = [];
const check = (name, run) => checks.push({ name, run });

check('says what it can do', async (e) => {
	const c = e.answer.capabilities;

	assert.strictEqual(c.textDocumentSync.change, lsp.TextDocumentSyncKind.Full);
	for (const provider of ['hoverProvider', 'definitionProvider', 'documentFormattingProvider'])
		assert.strictEqual(c[provider], true);
	assert.strictEqual(c.positionEncoding, 'utf-16');
	assert.strictEqual(e.answer.serverInfo.name, 'fwrule');
});

check('findings as one types', async (e) => {
	let found = await e.open(uri, 'FROM any TO all vms ALLOW tcp PORT 99999\n');

	assert.strictEqual(found.length, 1);
	assert.strictEqual(found[0].severity, lsp.DiagnosticSeverity.Error);
	assert.match(found[0].message, /^Port number "99999" is invalid/);
	assert.deepStrictEqual(found[0].range,
		{ start: { line: 0, character: 35 }, end: { line: 0, character: 40 } });
	found = await e.change(uri, 'FROM any TO tag "role" = "www" ALLOW tcp PORT 443\n');
	assert.deepStrictEqual(found.filter((f) => f.severity === lsp.DiagnosticSeverity.Error), []);
	found = await e.change(uri, '');
	assert.deepStrictEqual(found, []);
});

check('places count UTF-16 units', async (e) => {
	const found = await e.change(uri, '# 😀 é\nFROM tag "😀é" TO all vms ALLOW tcp PORT 0\n');
	const f = found.find((d) => /Port number "0"/.test(d.message));

	assert.deepStrictEqual(f.range.start, { line: 1, character: 41 });
});

check('lays out a file as fmt does', async (e) => {
	const text = '# kept\n\nfrom any to tag  role allow TCP port 443   # and this\n' +
		'FROM any TO all vms ALLOW icmp TYPE 8\n';

	await e.change(uri, text);
	const edits = await e.ask(lsp.DocumentFormattingRequest.type, uri,
		{ options: { tabSize: 8, insertSpaces: false } });
	const after = applied(text, edits);

	assert.match(after, /^# kept\n\nFROM any TO tag "role" ALLOW tcp PORT 443 {2}# and this\n/);
	await e.change(uri, after);
	assert.deepStrictEqual(await e.ask(lsp.DocumentFormattingRequest.type, uri,
		{ options: { tabSize: 8, insertSpaces: false } }), []);
	await e.change(uri, 'FROM any TO\n');
	assert.deepStrictEqual(await e.ask(lsp.DocumentFormattingRequest.type, uri,
		{ options: { tabSize: 8, insertSpaces: false } }), []);
});

check('completes what the grammar takes', async (e) => {
	assert.deepStrictEqual((await e.labels(uri, 'FROM any TO tag "x" ')).sort(),
		['ALLOW', 'BLOCK']);
	assert.deepStrictEqual(await e.labels(uri, 'FROM any '), ['TO']);
	assert.deepStrictEqual((await e.labels(uri, 'FROM any TO all vms ALLOW tcp ')).sort(),
		['PORT', 'PORTS']);
	assert.deepStrictEqual((await e.labels(uri, 'FROM any TO all vms ALLOW i')).sort(),
		['ah', 'esp', 'icmp', 'icmp6', 'tcp', 'udp']);
	assert(!(await e.labels(uri, 'FROM (ip 10.0.0.1 OR ')).includes('any'));
	assert((await e.labels(uri, 'FROM (ip 10.0.0.1 ')).includes('OR'));
	assert((await e.labels(uri, 'FROM any TO all vms BLOCK esp ')).includes('PRIORITY'));
	assert((await e.labels(uri, '@en')).includes('@enabled'));
	assert((await e.labels(uri, '')).includes('FROM'));
	assert((await e.labels(uri, 'FROM any TO all vms BLOCK esp\nfr')).includes('from'));
	assert.deepStrictEqual(await e.labels(uri, 'FROM nonsense '), []);
});

check('completes tags, their values and VMs', async (e) => {
	const known = JSON.parse(fs.readFileSync(vms));
	const vm = known.find((v) => v.tags && Object.keys(v.tags).length);
	const key = Object.keys(vm.tags)[0], quoted = JSON.stringify(key);

	assert((await e.labels(uri, 'FROM any TO tag ')).includes(quoted));
	assert((await e.labels(uri, 'FROM any TO tag "')).includes(quoted));
	assert((await e.labels(uri, `FROM any TO tag ${quoted} = `))
		.includes(JSON.stringify(String(vm.tags[key]))));
	assert((await e.labels(uri, `FROM any TO tag ${key} = "`))
		.includes(JSON.stringify(String(vm.tags[key]))));
	assert((await e.labels(uri, 'FROM any TO vm ')).includes(vm.uuid));
	assert(!(await e.labels(uri, 'FROM any TO vm ')).includes(quoted));
	// A tag that only another rule has.
	assert((await e.labels(uri, 'FROM any TO tag "only here" BLOCK esp\nFROM any TO tag '))
		.includes('"only here"'));
});

check('an entry takes the place of what was typed', async (e) => {
	const text = 'FROM any TO tag "ro';

	await e.change(uri, text);
	const list = await e.ask(lsp.CompletionRequest.type, uri,
		{ position: { line: 0, character: text.length } });
	const item = list.items.find((i) => i.label === '"role"');

	assert.strictEqual(applied(text, [item.textEdit]), 'FROM any TO tag "role"');
});

check('shows what a target stands for', async (e) => {
	const text = 'FROM subnet 10.20.0.0/24 TO tag "role" = "db" ALLOW tcp PORT 5432\n';
	const hover = async (character) => (await e.ask(lsp.HoverRequest.type, uri,
		{ position: { line: 0, character } })).contents.value;

	await e.change(uri, text);
	assert.match(await hover(15), /`10\.20\.0\.0` to `10\.20\.0\.255`/);
	const db = JSON.parse(fs.readFileSync(vms)).filter((v) => v.tags && v.tags.role === 'db');
	const named = await hover(35);

	assert(db.length > 0);
	for (const v of db)
		assert(named.includes(v.uuid), named);
	assert.strictEqual(named.includes('on another host'),
		JSON.parse(fs.readFileSync(remote)).some((v) => v.tags && v.tags.role === 'db'));
});

check('shows what a rule compiles to', async (e) => {
	const text = 'FROM subnet 10.20.0.0/24 TO tag "role" = "db" ALLOW tcp PORT 5432\n' +
		'FROM subnet 10.20.0.0/24 TO tag "role" = "db" ALLOW tcp PORT 5433\n';

	await e.change(uri, text);
	const h = await e.ask(lsp.HoverRequest.type, uri, { position: { line: 0, character: 48 } });

	assert.match(h.contents.value,
		/pass in quick proto tcp from 10\.20\.0\.0\/24 to any port = 5432 keep frags/);
	assert(!h.contents.value.includes('5433'));
	assert.strictEqual(await e.ask(lsp.HoverRequest.type, uri,
		{ position: { line: 7, character: 0 } }), null);
});

check('fixes a finding', async (e) => {
	const text = 'FROM subnet 10.1.2.3/24 TO tag "x" ALLOW tcp PORT 80\n';
	const found = await e.change(uri, text);
	const f = found.find((d) => d.code && /bits/.test(d.message));
	const actions = await e.ask(lsp.CodeActionRequest.type, uri,
		{ range: f.range, context: { diagnostics: [f] } });
	const action = actions.find((a) => a.diagnostics[0].code === f.code);
	const after = applied(text, action.edit.changes[uri]);

	assert.match(after, /subnet 10\.1\.2\.0\/24/);
	assert((await e.change(uri, after)).every((d) => d.code !== f.code));
	assert.deepStrictEqual(await e.ask(lsp.CodeActionRequest.type, uri,
		{ range: f.range, context: { diagnostics: [], only: ['refactor'] } }), []);
});

check('mends all that is safe to mend', async (e) => {
	const text = '# kept\nFROM (subnet 10.1.2.3/24 OR ip 10.1.2.9) TO tag "x" ALLOW tcp ' +
		'(PORT 80 AND PORT 80)\nFROM any TO tag "x" BLOCK tcp PORT 1\n' +
		'FROM any TO tag "x" ALLOW tcp PORT 90\nFROM any TO tag "x" ALLOW tcp PORT 90\n';

	await e.change(uri, text);
	for (const kind of ['source', 'source.fixAll', 'source.fixAll.fwrule', '']) {
		const action = await e.fixAll(uri, kind);

		assert.strictEqual(action.kind, 'source.fixAll.fwrule');
		// Two targets become one, once the first is written right; FW001 is for people.
		assert.strictEqual(applied(text, action.edit.changes[uri]), '# kept\n' +
			'FROM (subnet 10.1.2.0/24) TO tag "x" ALLOW tcp (PORT 80)\n' +
			'FROM any TO tag "x" BLOCK tcp PORT 1\nFROM any TO tag "x" ALLOW tcp PORT 90\n');
	}
	assert.strictEqual(await e.fixAll(uri, 'source.organizeImports'), undefined);
	assert.strictEqual(await e.fixAll(uri, 'source.fixAll.fwrules'), undefined);
	await e.change(uri, 'FROM any TO tag "x" ALLOW tcp PORT 90\n');
	assert.strictEqual(await e.fixAll(uri, 'source.fixAll'), undefined);
	await e.change(uri, 'FROM subnet 10.1.2.3/24\n');
	assert.strictEqual(await e.fixAll(uri, 'source.fixAll'), undefined);
});

check('ignores what a comment says', async (e) => {
	const text = '# fwrule: ignore FW014 the bastion\nFROM any TO tag "x" ALLOW tcp PORT 22\n';
	const known = (found) => found.map((f) => f.code).filter((c) => /^FW0[15]/.test(c));

	assert.deepStrictEqual(known(await e.change(uri, text)), []);
	assert.deepStrictEqual(known(await e.change(uri, text.replace(' the bastion', ''))),
		['FW050', 'FW014']);
	assert.deepStrictEqual(known(await e.change(uri, text.replace('22', '2222'))), ['FW051']);
});

check('checks rules against the VMs, and shows what is wrong with them elsewhere', async (e) => {
	const found = await e.change(uri, 'FROM any TO tag "roel" ALLOW tcp PORT 80\n');

	assert.deepStrictEqual(found.map((f) => f.code), ['FW031']);
	assert.match(found[0].message, /did you mean "role"/);
});

check('goes to the covering rule', async (e) => {
	const text = 'FROM any TO all vms ALLOW tcp PORTS 80 - 90\n' +
		'FROM ip 10.0.0.1 TO all vms ALLOW tcp PORT 85\n';
	const found = await e.change(uri, text);
	const f = found.find((d) => d.range.start.line === 1 && d.relatedInformation);

	assert(f, JSON.stringify(found));
	assert.strictEqual(f.relatedInformation[0].location.range.start.line, 0);
	const places = await e.ask(lsp.DefinitionRequest.type, uri,
		{ position: { line: 1, character: 20 } });

	assert(places.some((p) => p.uri === uri && p.range.start.line === 0));
});

check('an unopened document and unknown methods', async (e) => {
	assert.strictEqual(await e.ask(lsp.HoverRequest.type, 'file:///other.fwrule',
		{ position: { line: 0, character: 0 } }), null);
	await assert.rejects(e.connection.sendRequest('textDocument/rename', {}),
		(err) => err.code === -32601);
	e.connection.sendNotification('textDocument/nothing', {});
});

check('a closed document has no findings', async (e) => {
	await e.change(uri, 'FROM any');
	const gone = e.published(uri);

	e.connection.sendNotification(lsp.DidCloseTextDocumentNotification.type,
		{ textDocument: { uri } });
	assert.deepStrictEqual(await gone, []);
});

async function withoutVms() {
	const e = new Editor([], ['utf-8', 'utf-16']);
	const c = await e.start();

	assert.strictEqual(c.positionEncoding, 'utf-8');
	const found = await e.open(uri, 'FROM tag "é😀" TO all vms ALLOW tcp PORT 0\n');

	assert.strictEqual(found.find((d) => /"0"/.test(d.message)).range.start.character, 44);
	await e.change(uri, 'FROM any TO tag "role" BLOCK esp PRIORITY 1\n');
	const h = await e.ask(lsp.HoverRequest.type, uri, { position: { line: 0, character: 15 } });

	assert.match(h.contents.value, /--vms/);
	e.connection.sendNotification(lsp.ExitNotification.type);
	assert.strictEqual(await e.ended, 1);
}

// The VMs are read again when their file has changed; a broken one is said once.
async function changingVms() {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'fwrule-lsp-'));
	const file = path.join(dir, 'vms.json');
	const e = new Editor(['-V', file]);

	fs.writeFileSync(file, '[{"uuid":');
	await e.start();
	await e.open(uri, '');
	await e.change(uri, 'FROM any TO all vms BLOCK esp\n');
	assert.strictEqual(e.messages.length, 1);
	assert.match(e.messages[0], /VMs are left out/);
	fs.copyFileSync(vms, file);
	const key = JSON.parse(fs.readFileSync(vms)).flatMap((v) => Object.keys(v.tags || {}))[0];

	assert((await e.labels(uri, 'FROM any TO tag ')).includes(JSON.stringify(key)));
	assert.strictEqual(await e.stop(), 0);
	fs.rmSync(dir, { recursive: true });
}

// A project's file says what is found in its folders, whenever it says something else.
async function project() {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'fwrule lsp é'));
	const conf = path.join(dir, '.fwrule.conf');
	const at = url.pathToFileURL(path.join(dir, 'deep', 'new.fwrule')).href;
	const text = 'FROM subnet 10.1.2.3/24 TO tag "x" ALLOW tcp PORT 22\n' +
		'FROM any TO tag "x" ALLOW tcp PORT 3306\n' +
		'FROM ip fd00::1 TO tag "x" BLOCK icmp6 TYPE 2 PRIORITY 1\n' +
		'FROM any TO tag "x" BLOCK icmp6 TYPE 2 PRIORITY 1\n';
	const e = new Editor([], undefined, true);
	const codes = (found) => found.map((f) => `${f.code}${f.severity}`).sort();

	fs.mkdirSync(path.join(dir, 'deep'));
	await e.start();
	assert.deepStrictEqual(codes(await e.open(at, text)),
		['FW0022', 'FW0142', 'FW0152', 'FW0222', 'FW0273']);
	assert.deepStrictEqual(e.registered.map((r) => r.method),
		['workspace/didChangeWatchedFiles']);
	assert(e.registered[0].registerOptions.watchers.some((w) => w.globPattern === '**/.fwrule.conf'));

	fs.writeFileSync(conf, '[check]\nignore = FW022, FW027\nsensitive-ports = 80\nicmp6 = rfc4890\n' +
		'[severity]\nFW002 = error\n');
	const again = e.published(at);

	e.connection.sendNotification(lsp.DidChangeWatchedFilesNotification.type,
		{ changes: [{ uri: url.pathToFileURL(conf).href, type: lsp.FileChangeType.Created }] });
	assert.deepStrictEqual(codes(await again), ['FW0021']);

	fs.writeFileSync(conf, '[check]\nignroe = FW022\n');
	const wrong = await e.change(at, text);

	assert(wrong.some((f) => f.severity === lsp.DiagnosticSeverity.Error &&
		/\.fwrule\.conf: .*\[check\] has/.test(f.message)), JSON.stringify(wrong));
	fs.rmSync(conf);
	assert.strictEqual((await e.change(at, text)).length, 5);
	assert.strictEqual(await e.stop(), 0);
	fs.rmSync(dir, { recursive: true });
}

(async () => {
	const e = new Editor(['-V', vms, '-R', remote]);
	let failed = 0;

	await e.start();
	const all = [...checks.map((c) => ({ name: c.name, run: () => c.run(e) })),
		{ name: 'ends when told', run: async () => assert.strictEqual(await e.stop(), 0) },
		{ name: 'works without VMs, and counts bytes if asked', run: withoutVms },
		{ name: 'reads the VMs again', run: changingVms },
		{ name: 'goes by the project\'s file', run: project }];
	for (const c of all) {
		try {
			await c.run();
			console.log(`ok - ${c.name}`);
		} catch (err) {
			failed++;
			console.log(`not ok - ${c.name}\n${err.stack}`);
		}
	}
	console.log(`${all.length} checks, ${failed} failed`);
	process.exit(failed ? 1 : 0);
})();
