// SPDX-License-Identifier: MPL-2.0
/*
 * A client of `fwrule rpc`: many requests written at once, their answers read
 * as lines.  A process that ends early fails the requests it has not answered,
 * the first of them by name.
 */
'use strict';

const { spawn } = require('child_process');
const readline = require('readline');

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
		const waiter = this.waiting.get(response.id);
		if (waiter === undefined)
			return this.end(`an answer to no request: ${line.slice(0, 200)}`);
		this.waiting.delete(response.id);
		return waiter.resolve(response);
	}

	/* Answers every request still waiting with a failure. */
	end(why) {
		let first = true;

		this.ended = why;
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
		return Promise.all(answers);
	}

	close() {
		this.child.stdin.end();
	}
}

module.exports = { Rpc };
