// SPDX-License-Identifier: MPL-2.0
/*
 * Random rules and payloads for the comparison with the reference, about half
 * of them valid.  A case is { id, kind, payload, opts }; case n of a seed is
 * always the same one.
 *
 * The kinds: "valid" (made to be accepted, in every spelling the language
 * takes), "odd" (a few values replaced by doubtful ones), "limit" (list lengths
 * around the limits), "mutated" (a token of a sentence deleted, doubled,
 * swapped ...), "text" (the same with characters) and "payload" (the fields
 * around the sentence).  What the right answer is, only the reference says.
 */
'use strict';

const { Random } = require('./random');
const address = require('./address');
const odd = require('./odd');

const KINDS = [
	[52, 'valid'], [16, 'odd'], [4, 'limit'], [14, 'mutated'], [4, 'text'],
	[10, 'payload'],
];

/* Few of each, so that lists hold duplicates and near-duplicates. */
const UUIDS = [
	'0a2d8b14-f25f-40d2-8ca3-043edad506ee', '8399f8af-2deb-4e9b-86e5-25b1d091d1c2',
	'788f6311-3c33-45c0-987e-1dfa0140e662', 'b9e50324-fb98-4244-955c-951dffa5754f',
	'00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff',
	'c3dcdcc4-205b-45b1-aaf1-4126dc280b1c', '12345678-1234-1234-1234-123456789012',
];

/* --- one sentence ------------------------------------------------------- */

class Sentence {
	/*
	 * how: { oddness: share of values that are doubtful, version, masked: no
	 * host bits, long: list lengths around the limits }
	 */
	constructor(r, how) {
		this.r = r;
		this.how = how;
		this.tokens = [];
	}

	/* Tokens are [text, may touch its neighbours]. */
	word(text) {
		this.tokens.push([text, false]);
	}

	sign(text) {
		this.tokens.push([text, true]);
	}

	keyword(text) {
		this.word(this.r.chance(0.6) ? text.toUpperCase() : text.toLowerCase());
	}

	isOdd() {
		return this.r.chance(this.how.oddness);
	}

	count(limit) {
		const r = this.r;

		if (this.how.long)
			return r.weighted([[3, r.between(limit - 1, limit + 2)],
			    [2, r.between(7, 10)], [1, r.between(1, 3)]]);
		return r.weighted([[50, 1], [35, r.between(2, 4)], [12, r.between(5, 9)],
		    [3, r.between(10, limit)]]);
	}

	address6() {
		const r = this.r;
		const groups = [];

		if (r.chance(0.3))
			return address.readLoose(r.pick(odd.POOL_V6)).groups;
		for (let i = 0; i < 8; i++)
			groups.push(r.weighted([[5, 0], [2, r.between(0, 15)],
			    [3, r.below(65536)]]));
		groups[0] = r.pick([0x2001, 0xfd00, 0xfe80, 0x2600, 0, groups[0]]);
		if (r.chance(0.01))
			groups.splice(0, 6, 0, 0, 0, 0, 0, 0xffff);
		return groups;
	}

	address4() {
		const r = this.r;

		if (r.chance(0.3))
			return r.pick(odd.POOL_V4).split('.').map(Number);
		return [r.pick([10, 172, 192, 1, 255, r.below(256)]), r.below(256),
			r.below(256), r.between(1, 254)];
	}

	address(family) {
		const v6 = family === 6 || (family === 0 && this.r.chance(0.4));

		return v6 ? { family: 6, groups: this.address6() } :
		    { family: 4, groups: this.address4() };
	}

	hexCase(text) {
		return this.r.chance(0.03) ? text.toUpperCase() : text;
	}

	ip(family) {
		const r = this.r;

		this.keyword('ip');
		this.word(this.isOdd() ? r.pick(odd.ADDRESSES) :
		    this.hexCase(address.spell(r, this.address(family), false)));
	}

	subnet(family) {
		const r = this.r;
		let a = this.address(family);
		let len = r.between(0, a.family === 4 ? 32 : 128);

		if (r.chance(0.6))
			len = r.pick(a.family === 4 ? [8, 16, 24, 32, 12, 0] :
			    [64, 48, 128, 127, 8, 0]);
		if (r.chance(this.how.masked ? 0.95 : 0.6))
			a = address.mask(a, len);
		this.keyword('subnet');
		const text = this.isOdd() ? r.pick(odd.ADDRESSES.concat(odd.LOOSE)) :
		    this.hexCase(address.spell(r, a, true));
		const space = r.chance(0.85) ? '' : r.pick(odd.SPACES);
		const prefix = this.isOdd() ? r.pick(odd.PREFIXES) :
		    '/' + String(len).padStart(r.chance(0.05) ? 3 : 1, '0');
		this.word(text + space + prefix);
	}

	string() {
		const r = this.r;

		if (this.isOdd())
			return this.word(r.pick(odd.STRINGS));
		if (r.chance(0.6))
			return this.word(r.pick(odd.WORDS));
		return this.sign('"' + odd.quotedText(r) + '"');
	}

	tag() {
		this.keyword('tag');
		this.string();
		if (this.r.chance(0.45)) {
			this.sign('=');
			this.string();
		}
	}

	vm() {
		this.keyword('vm');
		this.word(this.isOdd() ? this.r.pick(odd.UUIDS) : this.r.pick(UUIDS));
	}

	target(family) {
		const kind = this.r.weighted([[30, 'tag'], [25, 'vm'], [20, 'ip'],
		    [20, 'subnet']]);

		if (family === 4 && this.how.version < 3 && this.r.chance(0.02))
			family = 6;
		this[kind](family);
	}

	/* item() n times, in parentheses unless it is one and the coin says so. */
	list(n, glue, item) {
		const bare = n === 1 && this.r.chance(0.85);

		if (!bare)
			this.sign('(');
		for (let i = 0; i < n; i++) {
			if (i > 0)
				this.keyword(glue);
			item(i);
		}
		if (!bare)
			this.sign(')');
	}

	wildcard(words) {
		const bare = this.r.chance(0.8);

		if (!bare)
			this.sign('(');
		words.forEach((w) => this.keyword(w));
		if (!bare)
			this.sign(')');
	}

	/* namesVms: at least one target of it names VMs. */
	targets(family, namesVms) {
		const r = this.r;

		if (r.chance(0.2))
			return this.wildcard(['all', 'vms']);
		if (!namesVms && r.chance(0.4))
			return this.wildcard(['any']);
		const n = this.count(24);
		const at = namesVms ? r.below(n) : -1;
		return this.list(n, 'or', (i) => {
			if (i === at)
				return r.chance(0.5) ? this.tag() : this.vm();
			return this.target(family);
		});
	}

	port() {
		if (this.isOdd())
			return this.r.pick(odd.PORTS);
		const n = this.r.weighted([[3, this.r.pick([22, 80, 443, 1, 65535])],
		    [2, this.r.between(1, 65535)]]);
		return String(n).padStart(this.r.chance(0.04) ? 6 : 1, '0');
	}

	range() {
		const r = this.r;

		if (this.isOdd())
			return r.pick(odd.RANGES);
		if (r.chance(0.4))
			return this.port();
		let ends = [this.port(), this.port()];
		if (Number(ends[0]) > Number(ends[1]) && r.chance(0.98))
			ends = ends.reverse();
		return ends.join(r.pick(['-', ' - ', ' -', '\t-\t']));
	}

	ports() {
		const r = this.r;
		const n = this.count(24);

		if (r.chance(0.15)) {
			return this.list(1, 'and', () => {
				this.keyword('port');
				this.keyword('all');
			});
		}
		if (this.how.version >= 2 && r.chance(0.45)) {
			this.keyword('ports');
			for (let i = 0; i < n; i++) {
				if (i > 0)
					this.sign(',');
				this.word(this.range());
			}
			return undefined;
		}
		return this.list(n, 'and', () => {
			this.keyword('port');
			this.word(this.port());
		});
	}

	type() {
		const r = this.r;
		const number = () => this.isOdd() ? r.pick(odd.TYPES) :
		    String(r.pick([0, 3, 8, 11, 255, r.below(256)]))
			.padStart(r.chance(0.04) ? 4 : 1, '0');

		this.keyword('type');
		this.word(number());
		if (r.chance(0.4)) {
			this.keyword('code');
			this.word(number());
		}
	}

	types() {
		if (this.how.version >= 3 && this.r.chance(0.15)) {
			return this.list(1, 'and', () => {
				this.keyword('type');
				this.keyword('all');
			});
		}
		return this.list(this.count(24), 'and', () => this.type());
	}

	build() {
		const r = this.r;
		const v = this.how.version;
		const protocol = r.weighted([[10, 'tcp'], [6, 'udp'], [5, 'icmp'],
		    [v >= 3 ? 4 : 0, 'icmp6'], [v >= 4 ? 1 : 0, 'ah'],
		    [v >= 4 ? 1 : 0, 'esp']]);
		let family = v < 3 ? 4 : r.pick([0, 0, 4, 6]);
		const fromVms = r.chance(0.5);

		if (protocol.startsWith('icmp') && r.chance(0.98))
			family = protocol === 'icmp' ? 4 : 6;
		this.keyword('from');
		this.targets(family, fromVms && r.chance(0.98));
		this.keyword('to');
		this.targets(family, !fromVms && r.chance(0.98));
		this.keyword(r.pick(['allow', 'block']));
		this.keyword(protocol);
		if (protocol === 'tcp' || protocol === 'udp')
			this.ports();
		else if (protocol.startsWith('icmp'))
			this.types();
		if (v >= 4 && r.chance(0.25)) {
			this.keyword('priority');
			this.word(this.isOdd() ? r.pick(odd.PRIORITIES) :
			    String(r.between(0, 100)).padStart(r.chance(0.1) ? 3 : 1, '0'));
		}
		return this;
	}

	/* Whitespace where it must be, and sometimes elsewhere. */
	text() {
		const r = this.r;
		const space = () => r.chance(0.94) ? ' ' : r.pick(odd.SPACES);
		let text = r.chance(0.02) ? space() : '';

		this.tokens.forEach(([t, touches], i) => {
			const free = i === 0 || touches || this.tokens[i - 1][1];
			if (i > 0 && !(free && r.chance(0.5)))
				text += space();
			text += t;
		});
		return r.chance(0.02) ? text + space() : text;
	}
}

/* --- spoiling ----------------------------------------------------------- */

/* One change of a token list, in place. */
function mutateTokens(r, tokens) {
	const i = r.below(tokens.length);
	const j = r.below(tokens.length);
	const change = r.weighted([[3, 'delete'], [2, 'double'], [2, 'swap'],
	    [3, 'insert'], [3, 'replace'], [2, 'cut'], [1, 'case'], [2, 'glue'],
	    [1, 'splice']]);

	switch (change) {
	case 'delete':
		return void tokens.splice(i, 1);
	case 'double':
		return void tokens.splice(i, 0, tokens[i]);
	case 'swap':
		[tokens[i], tokens[j]] = [tokens[j], tokens[i]];
		return undefined;
	case 'insert':
		return void tokens.splice(i, 0, [r.pick(odd.TOKENS), r.chance(0.3)]);
	case 'replace':
		tokens[i] = [r.pick(odd.TOKENS), r.chance(0.1)];
		return undefined;
	case 'cut':
		return void tokens.splice(i + 1);
	case 'case':
		tokens[i] = [tokens[i][0].replace(/^./, (c) =>
		    c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase()),
			tokens[i][1]];
		return undefined;
	case 'glue':
		tokens[i] = [tokens[i][0], true];
		return undefined;
	default:
		return void tokens.splice(i, 0, ...tokens.slice(j, j + r.between(1, 4)));
	}
}

/*
 * One change of the text.  It never takes a pair of surrogates apart: half of
 * one is no text that JSON in UTF-8 could carry.
 */
function mutateText(r, text) {
	const all = Array.from(text);
	const i = r.below(all.length + 1);

	return r.weighted([
		[3, [...all.slice(0, i), r.pick(odd.CHARACTERS), ...all.slice(i)]],
		[3, [...all.slice(0, i), ...all.slice(i + 1)]],
		[2, [...all.slice(0, i), r.pick(odd.CHARACTERS), ...all.slice(i + 1)]],
		[1, all.slice(0, i)],
		[1, all.slice(i)],
		[1, all.slice().reverse()],
		[1, [r.pick(odd.WHOLE)]],
	]).join('');
}

/* --- the payload around it ---------------------------------------------- */

function goodPayload(r, rule, opts) {
	const p = { rule };

	if (r.chance(0.85))
		p.uuid = r.pick(UUIDS);
	if (r.chance(0.85))
		p.version = r.pick(['1700000000000.000001', '1.2', 'v', 'a\nb', 'é']);
	if (r.chance(0.6))
		p.owner_uuid = r.pick(UUIDS);
	else if (opts.enforceGlobal)
		p.global = r.weighted([[8, true], [1, 'true'], [1, false]]);
	if (r.chance(0.7))
		p.enabled = r.weighted([[6, true], [3, false], [1, 'true'], [1, 'false']]);
	if (r.chance(0.3))
		p.log = r.weighted([[4, true], [4, false], [1, 'true'], [1, 'false']]);
	if (r.chance(0.2))
		p.created_by = r.pick(['fwadm', 'fwapi', '', 'x'.repeat(255)]);
	if (r.chance(0.2))
		p.description = odd.freeText(r);
	return p;
}

/* One to three fields made doubtful. */
function spoilPayload(r, p) {
	for (let n = r.between(1, 3); n > 0; n--) {
		const field = r.pick(Object.keys(odd.FIELDS));
		if (r.chance(0.15))
			delete p[field];
		else
			p[field] = r.pick(odd.FIELDS[field]);
	}
	return p;
}

function options(r) {
	const opts = {};

	if (r.chance(0.25))
		opts.maxVersion = r.between(1, 4);
	if (r.chance(0.25))
		opts.enforceSubnetMask = r.chance(0.9);
	if (r.chance(0.3))
		opts.enforceGlobal = r.chance(0.9);
	return opts;
}

function makeCase(seed, id) {
	const r = new Random(seed, id);
	const kind = r.weighted(KINDS);
	const opts = options(r);
	const version = kind === 'valid' || r.chance(0.5) ? opts.maxVersion || 4 : 4;
	const s = new Sentence(r, {
		oddness: kind === 'odd' ? 0.12 : 0,
		version,
		masked: opts.enforceSubnetMask === true,
		long: kind === 'limit',
	}).build();

	if (kind === 'mutated')
		for (let n = r.pick([1, 1, 1, 2, 3]); n > 0 && s.tokens.length > 0; n--)
			mutateTokens(r, s.tokens);
	let rule = s.text();
	if (kind === 'text')
		rule = mutateText(r, rule);
	const payload = goodPayload(r, rule, opts);
	if (kind === 'payload')
		spoilPayload(r, payload);
	return { id, kind, payload, opts };
}

module.exports = { makeCase, UUIDS };
