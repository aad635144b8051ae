// SPDX-License-Identifier: MPL-2.0
/*
 * Addresses for the generator and the comparison: spellings of an address in
 * every form that the rule language takes, and the one canonical spelling (RFC
 * 5952, hexadecimal groups throughout).  Nothing here is shared with the
 * program under test.
 */
'use strict';

/* The groups of an address as a subnet may spell it, or null. */
function readLoose(text) {
	if (text.indexOf(':') === -1) {
		const q = text.split('.').map(Number);
		return q.length === 4 && q.every((n) => n >= 0 && n <= 255) ?
		    { family: 4, groups: q } : null;
	}
	const halves = text.toLowerCase().split('::');
	if (halves.length > 2)
		return null;
	const parts = halves.map((h) => h === '' ? [] : h.split(':'));
	const n = parts.reduce((sum, p) => sum + p.length, 0);
	if (halves.length === 1 ? n !== 8 : n > 8)
		return null;
	const fill = halves.length === 2 ? new Array(8 - n).fill('0') : [];
	const groups = parts[0].concat(fill, parts[1] || []);
	if (!groups.every((g) => /^0*[0-9a-f]{1,4}$/.test(g)))
		return null;
	return { family: 6, groups: groups.map((g) => parseInt(g, 16)) };
}

/* The longest run of at least two zero groups, the first of equals. */
function longestZeros(groups) {
	let best = { at: -1, n: 1 };

	for (let i = 0; i < 8; i++) {
		let n = 0;
		while (i + n < 8 && groups[i + n] === 0)
			n++;
		if (n > best.n)
			best = { at: i, n };
		i += n;
	}
	return best;
}

function write(a) {
	if (a.family === 4)
		return a.groups.join('.');
	const hex = a.groups.map((g) => g.toString(16));
	const z = longestZeros(a.groups);
	if (z.at === -1)
		return hex.join(':');
	return hex.slice(0, z.at).join(':') + '::' + hex.slice(z.at + z.n).join(':');
}

/* Canonical text of an address that is known to be valid. */
function canonicalAddress(text) {
	const a = readLoose(text);

	if (a === null)
		throw new Error('not an address: ' + text);
	return write(a);
}

/* "ADDR/LEN" with the host bits it has. */
function canonicalPrefix(text) {
	const [a, len] = text.split('/');

	return canonicalAddress(a) + '/' + Number(len);
}

/* The address with the bits beyond len cleared. */
function mask(a, len) {
	const width = a.family === 4 ? 8 : 16;

	return {
		family: a.family,
		groups: a.groups.map((g, i) => {
			const keep = Math.max(0, Math.min(width, len - i * width));
			return keep === 0 ? 0 :
			    g & ((1 << width) - (1 << (width - keep)));
		}),
	};
}

/*
 * A random spelling of an IPv6 address: padded groups, any run of zeros
 * elided, and, where loose, groups of any length and a "::" for no group.
 */
function spell6(r, groups, loose) {
	const hex = groups.map((g) => {
		const plain = g.toString(16);
		if (r.chance(0.75))
			return plain;
		if (loose && r.chance(0.1))
			return plain.padStart(r.between(5, 9), '0');
		return plain.padStart(r.between(1, 4), '0');
	});
	const zeros = [];
	for (let i = 0; i < 8; i++)
		for (let n = 1; i + n <= 8 && groups[i + n - 1] === 0; n++)
			zeros.push([i, n]);

	if (zeros.length > 0 && r.chance(0.8)) {
		const z = longestZeros(groups);
		const [at, n] = z.at !== -1 && r.chance(0.7) ? [z.at, z.n] : r.pick(zeros);
		return hex.slice(0, at).join(':') + '::' + hex.slice(at + n).join(':');
	}
	if (loose && r.chance(0.02)) {
		const at = r.between(0, 8);
		return hex.slice(0, at).join(':') + '::' + hex.slice(at).join(':');
	}
	return hex.join(':');
}

function spell4(r, groups, loose) {
	return groups.map((g) =>
	    loose && r.chance(0.01) ? String(g).padStart(3, '0') : String(g)).join('.');
}

function spell(r, a, loose) {
	return a.family === 4 ? spell4(r, a.groups, loose) : spell6(r, a.groups, loose);
}

module.exports = { canonicalAddress, canonicalPrefix, mask, readLoose, spell, write };
