// SPDX-License-Identifier: MPL-2.0
/*
 * A client of `fwrule rpc`: many requests written at once, their answers read
 * as lines.  A process that ends early, falls silent or answers what was not
 * asked fails the requests it has not answered, the first of them by name.
 */
'use strict';

const { spawn } = require('child_process');
const readline = require('readline');

const SILENCE_MS = 60000;

class Rpc {
	/* program: the fwrule to run; args stand between it and the requests. */
	constructor(program, args) {
		this.next = 1;
		this.waiting = new Map();       /* id -> { resolve, request } */
		this.child = spawn(program, args || ['rpc'],
		    { stdio: ['pipe', 'pipe', 'inherit'] });
		this.child.on('error', (err) => this.end(`cannot be run: ${err.message}`));
		this.child.on('close', (status, signal) =>
		    this.end(signal ? `ended by ${signal}` : `ended with status ${status}`));
		this.child.stdin.on('error', () => {});
		readline.createInterface({ input: this.child.stdout, crlfDelay: Infinity })
		    .on('line', (line) => this.read(line));
	}

	read(line) {
		let response;

		try {
			response = JSON.parse(line);
		} catch (err) {
			return this.end(`not JSON: ${line.slice(0, 200)}`);
		}
		const [oldest] = this.waiting.keys();
		/* A line that it could not read has no id; answers come in order. */
		const id = response.id === null ? oldest : response.id;
		if (id === undefined || id !== oldest)
			return this.end(`an answer out of turn: ${line.slice(0, 200)}`);
		this.waiting.get(id).resolve(response);
		this.waiting.delete(id);
		return this.watch();
	}

	/* Begins to wait for the next line, if one is due. */
	watch() {
		clearTimeout(this.timer);
		if (this.waiting.size > 0) {
			this.timer = setTimeout(() =>
			    this.end(`no answer in ${SILENCE_MS} ms`), SILENCE_MS);
		}
	}

	/* Answers every request still waiting with a failure; the process is done with. */
	end(why) {
		let first = true;

		if (this.ended)
			return;
		this.ended = why;
		clearTimeout(this.timer);
		this.child.kill();
		for (const { resolve, request } of this.waiting.values()) {
			resolve({ failure: first ? `${why} at ${JSON.stringify(request)}` : why });
			first = false;
		}
		this.waiting.clear();
	}

	/* requests: [{ method, params }]; the answers in the same order. */
	ask(requests) {
		if (this.ended)
			return Promise.resolve(requests.map(() => ({ failure: this.ended })));
		const lines = [];
		const answers = requests.map((q) => new Promise((resolve) => {
			const request = { jsonrpc: '2.0', id: this.next++, ...q };
			this.waiting.set(request.id, { resolve, request });
			lines.push(JSON.stringify(request), '\n');
		}));
		this.child.stdin.write(lines.join(''));
		this.watch();
		return Promise.all(answers);
	}

	close() {
		this.child.stdin.end();
	}
}

module.exports = { Rpc };
