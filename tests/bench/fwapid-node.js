// SPDX-License-Identifier: MPL-2.0
/*
 * What fwapid is compared with: an HTTP server of Node.js and nothing else, which
 * answers every request with the same bytes.
 *
 *   node fwapid-node.js FILE      serves FILE; prints its port
 */
'use strict';

const body = require('fs').readFileSync(process.argv[2]);
const server = require('http').createServer((req, res) => {
	res.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
	res.end(body);
});

server.listen(0, '127.0.0.1', () => console.log(server.address().port));
