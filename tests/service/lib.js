// SPDX-License-Identifier: MPL-2.0
/*
 * A fwapid of its own for a test: in a temporary folder, on ports of the system's
 * choice; and plain requests to it.
 */
'use strict';

const child = require('child_process');
const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');

const program = path.resolve(process.env.FWAPID || './fwapid');
const folders = [];
const running = new Set();

process.on('exit', () => {
	for (const c of running)
		c.kill('SIGKILL');
	for (const f of folders)
		fs.rmSync(f, { recursive: true, force: true });
});

function folder() {
	const f = fs.mkdtempSync(path.join(os.tmpdir(), 'fwapid-test.'));

	folders.push(f);
	return f;
}

// Runs to its end: { status, stdout, stderr }.
function run(args, opts) {
	return child.spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...opts });
}

class Service {
	constructor(state, args, wrap) {
		const all = ['--listen=127.0.0.1:0', '--agents=127.0.0.1:0', `--state=${state}`,
			...args];
		const [cmd, rest] = wrap ? [wrap[0], [...wrap.slice(1), program, ...all]] : [program, all];

		this.state = state;
		this.log = '';
		this.child = child.spawn(cmd, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
		running.add(this.child);
		this.agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
		this.exited = new Promise((resolve) => this.child.on('exit', (code, signal) => {
			running.delete(this.child);
			this.agent.destroy();
			resolve({ code, signal });
		}));
		this.child.stderr.on('data', (d) => { this.log += d; });
		this.child.stdout.on('data', (d) => { this.log += d; });
	}

	lines() {
		return this.log.split('\n').filter((l) => l.startsWith('{')).map((l) => JSON.parse(l));
	}

	// Until a line of the log says so.
	async said(msg, ms = 20000) {
		const end = Date.now() + ms;
		let gone = false;

		this.exited.then(() => { gone = true; });
		for (;;) {
			const line = this.lines().find((l) => l.msg.includes(msg));

			if (line)
				return line;
			if (gone || Date.now() > end)
				throw new Error(`the log never said "${msg}":\n${this.log}`);
			await new Promise((r) => setTimeout(r, 5));
		}
	}

	async ready() {
		await this.said('serving');
		this.port = +/port (\d+)/.exec((await this.said('HTTP on')).msg)[1];
		this.agents = +/port (\d+)/.exec((await this.said('agents on')).msg)[1];
		this.url = `http://127.0.0.1:${this.port}`;
		return this;
	}

	kill(signal = 'SIGKILL') {
		this.child.kill(signal);
		return this.exited;
	}

	// It must end by itself.
	stop() {
		const late = setTimeout(() => {
			console.log(`FAILED: it does not stop: ${this.log.slice(-500)}`);
			process.exit(1);
		}, 30000);

		late.unref();
		return this.kill('SIGTERM').then((end) => {
			clearTimeout(late);
			/* A sanitizer's complaint comes at the end, too. */
			if (end.code !== 0)
				throw new Error(`it ended with ${end.code} ${end.signal}: ${this.log.slice(-3000)}`);
			return end;
		});
	}

	// opts: body (an object is sent as JSON), headers; gives { status, headers, body, json }.
	request(method, target, opts = {}) {
		return new Promise((resolve, reject) => {
			const headers = { ...opts.headers };
			let body = opts.body;

			if (body !== undefined && typeof body === 'object' && !Buffer.isBuffer(body)) {
				body = JSON.stringify(body);
				headers['content-type'] = headers['content-type'] || 'application/json';
			}
			if (body !== undefined)
				headers['content-length'] = Buffer.byteLength(body);
			const req = http.request({ host: '127.0.0.1', port: this.port, method,
				path: target, headers, agent: this.agent }, (res) => {
				const parts = [];

				res.on('data', (d) => parts.push(d));
				res.on('error', reject);
				res.on('end', () => {
					const text = Buffer.concat(parts).toString();
					const r = { status: res.statusCode, headers: res.headers, body: text };

					try {
						r.json = JSON.parse(text);
					} catch (e) {
						r.json = undefined;
					}
					resolve(r);
				});
			});

			req.on('error', reject);
			req.end(body);
		});
	}

	async create(rule, more) {
		const r = await this.request('POST', '/rules', { body: { rule, ...more } });

		if (r.status !== 202)
			throw new Error(`${rule}: ${r.status} ${r.body}`);
		return r.json;
	}
}

function start(args = [], opts = {}) {
	return new Service(opts.state || folder(), args, opts.wrap).ready();
}

// A Service that may not get as far as serving.
function attempt(args = [], opts = {}) {
	return new Service(opts.state || folder(), args, opts.wrap);
}

// What a test throws that cannot run here.
class Skip extends Error {}

// Runs tests, { name: async function }, one after the other; the exit status tells.
async function main(tests) {
	let failed = 0, skipped = 0;

	for (const name of Object.keys(tests)) {
		if (process.argv.length > 2 && !process.argv.slice(2).includes(name))
			continue;
		try {
			await tests[name]();
			console.log(`ok ${name}`);
		} catch (e) {
			if (e instanceof Skip) {
				skipped++;
				console.log(`skipped ${name}: ${e.message}`);
				continue;
			}
			failed++;
			console.log(`FAILED ${name}: ${e.stack}`);
		}
	}
	process.exit(failed ? 1 : skipped ? 77 : 0);
}

function sleep(ms) {
	return new Promise((r) => setTimeout(r, ms));
}

module.exports = { Service, Skip, attempt, folder, main, program, run, sleep, start };
