// SPDX-License-Identifier: MPL-2.0
/*
 * As much of VMAPI as the service asks: GET /vms?owner_uuid= and GET /vms/:uuid.
 *
 *   node vmapi.js FILE [PORT]      VMs as JSON; prints its port
 *
 * In tests: start(vms) gives { url, asked, delay, fail, close() }.
 */
'use strict';

const fs = require('fs');
const http = require('http');

function start(vms, port = 0) {
	const api = { asked: [], delay: 0, fail: null };
	const server = http.createServer((req, res) => {
		const url = new URL(req.url, 'http://x');
		const one = /^\/vms\/([^/]+)$/.exec(url.pathname);
		const owner = url.searchParams.get('owner_uuid');
		const send = (status, body) => setTimeout(() => {
			res.writeHead(status, { 'content-type': 'application/json' });
			res.end(typeof body === 'string' ? body : JSON.stringify(body));
		}, api.delay);

		api.asked.push({ url: req.url, id: req.headers['x-request-id'] });
		if (api.fail)
			return send(...api.fail);
		if (one) {
			const vm = vms.find((v) => v.uuid === one[1]);

			return vm ? send(200, vm) : send(404, { code: 'ResourceNotFound',
				message: 'VM not found' });
		}
		return send(200, vms.filter((v) => !owner || v.owner_uuid === owner));
	});

	return new Promise((resolve) => server.listen(port, '127.0.0.1', () => {
		api.url = `http://127.0.0.1:${server.address().port}`;
		api.close = () => new Promise((r) => { server.close(r); server.closeAllConnections(); });
		resolve(api);
	}));
}

module.exports = { start };

if (require.main === module)
	start(JSON.parse(fs.readFileSync(process.argv[2])), +process.argv[3] || 0).then((api) =>
		console.log(api.url));
