// SPDX-License-Identifier: MPL-2.0
/*
 * A seeded source of random choices, the same on every version of node:
 * xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators"), its state filled by splitmix32.
 */
'use strict';

class Random {
	/* Each stream of a seed is independent: case i of a run is stream i. */
	constructor(seed, stream) {
		let x = (seed ^ Math.imul((stream || 0) + 1, 0x9e3779b1)) >>> 0;

		this.s = [0, 0, 0, 0].map(() => {
			x = (x + 0x9e3779b9) >>> 0;
			let z = x;
			z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
			z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
			return (z ^ (z >>> 16)) >>> 0;
		});
	}

	/* 0 to 2^32 - 1 */
	next() {
		const s = this.s;
		const m = Math.imul(s[1], 5);
		const result = Math.imul((m << 7) | (m >>> 25), 9) >>> 0;
		const t = s[1] << 9;

		s[2] ^= s[0];
		s[3] ^= s[1];
		s[1] ^= s[2];
		s[0] ^= s[3];
		s[2] ^= t;
		s[3] = (s[3] << 11) | (s[3] >>> 21);
		return result;
	}

	/* 0 to n - 1 */
	below(n) {
		return Math.floor(this.next() / 4294967296 * n);
	}

	/* a to b, both included */
	between(a, b) {
		return a + this.below(b - a + 1);
	}

	chance(p) {
		return this.next() < p * 4294967296;
	}

	pick(list) {
		return list[this.below(list.length)];
	}

	/* One of [[weight, value], ...]. */
	weighted(list) {
		let total = 0;

		for (const [w] of list)
			total += w;
		let at = this.next() / 4294967296 * total;
		for (const [w, value] of list) {
			at -= w;
			if (at < 0)
				return value;
		}
		return list[list.length - 1][1];
	}

	hex(digits) {
		let s = '';

		while (s.length < digits)
			s += this.below(16).toString(16);
		return s;
	}

	uuid() {
		return [8, 4, 4, 4, 12].map((n) => this.hex(n)).join('-');
	}
}

module.exports = { Random };
