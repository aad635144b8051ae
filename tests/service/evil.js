// SPDX-License-Identifier: MPL-2.0
/*
 * Text that is code elsewhere, in every parameter that the service's own description
 * names, and in all its parts: nothing breaks, nothing is lost, nothing runs.
 */
'use strict';

const assert = require('assert');

const EVIL = ["'", '"', "'; DROP TABLE rule; DROP TABLE fwapid_rule; --", "' OR '1'='1",
	"\\'; DELETE FROM fwapid_rule; --", "x'); DELETE FROM rule; --", '$1', '%s%n', '../../etc/passwd',
	'${jndi:x}', '<script>', '\u202e', '`id`', 'a\r\nSet-Cookie: x=1', '\u001a0000', '{"a":1}', '[]'];

module.exports = async function evil(s) {
	const kept = [];
	let asked = 0;

	/* Texts that are kept come back as they were. */
	for (const text of EVIL) {
		const escaped = text.replace(/["\\]/g, (c) => `\\${c}`).replace(/[\r\n\u001a]/g, ' ');

		kept.push(await s.create(`FROM any TO tag "${escaped}" = "${escaped}" ALLOW tcp PORT 80`,
			{ global: true, description: text, version: '1' }));
		assert.strictEqual(kept.at(-1).description, text);
	}
	const { paths } = (await s.request('GET', '/openapi.json')).json;
	const ask = async (method, target, body) => {
		const r = await s.request(method, target, { body });

		asked++;
		assert.ok(r.status < 500, `${method} ${target} ${JSON.stringify(body)}: ${r.status} ${r.body}`);
		assert.strictEqual(r.headers['set-cookie'], undefined);
		if (r.status >= 400 && method !== 'HEAD')
			assert.ok(r.json && r.json.code, r.body);
	};

	for (const [path, methods] of Object.entries(paths))
		for (const [method, about] of Object.entries(methods)) {
			/* A stream has no end. */
			if (path === '/updates' && method === 'get')
				continue;
			const verb = method.toUpperCase();
			const schema = about.requestBody &&
				about.requestBody.content['application/json'].schema.properties;
			const good = path.replace('{uuid}', kept[0].uuid);

			for (const text of EVIL) {
				const code = encodeURIComponent(text);

				if (path.includes('{'))
					await ask(verb, path.replace(/\{\w+\}/, code));
				/* Nothing is to be gone at the end. */
				for (const p of verb === 'DELETE' ? [] : about.parameters || [])
					if (p.in === 'query')
						for (const q of [`${p.name}=${code}`, `${p.name}[${code}]=1`,
							`${p.name}=1&${p.name}=${code}`])
							await ask(verb, `${good}?${q}`);
				for (const name of Object.keys(schema || {})) {
					if (path === '/rules/{uuid}' && name !== 'owner_uuid' && name !== 'rule')
						continue;
					for (const value of [text, [text], { [text]: text }])
						await ask(verb, good, { rule: 'FROM x', type: 'none', [name]: value });
				}
			}
		}
	assert.ok(asked > 1000, `${asked}`);
	for (const r of kept)
		assert.deepStrictEqual((await s.request('GET', `/rules/${r.uuid}`)).json, r);
	return kept;
};
