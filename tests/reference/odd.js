// SPDX-License-Identifier: MPL-2.0
/*
 * The doubtful values that the generator draws from: what stands at the edges
 * of the rule language, valid or not.
 */
'use strict';

/* Whitespace of the language, between tokens and before a prefix. */
const SPACES = [
	' ', '  ', '\t', '\n', '\r\n', '\v', '\f', '\u00a0', '\u1680', '\u2000', '\u2003',
	'\u200a', '\u2028', '\u2029', '\u202f', '\u205f', '\u3000', '\ufeff', ' \t ',
];

const POOL_V4 = ['10.0.0.1', '10.0.0.10', '10.0.0.2', '192.168.1.1', '1.2.3.4', '8.8.8.8',
	'9.9.9.9', '172.16.0.0', '255.255.255.0'];
const POOL_V6 = ['::1', '2001:db8::1', '2001:db8:0:1::', 'fe80::1', 'fd00::', '1::',
	'2001:db8:0:0:1:0:0:1', '1:0:0:2:0:0:0:3', 'ff02::2', 'fd00::a', 'fd00::10'];

const ADDRESSES = [
	'0.0.0.0', '255.255.255.255', '256.1.1.1', '1.2.3.999', '010.1.1.1', '001.2.3.4',
	'00.0.0.0', '1.2.3.4567', '1.2.3', '1.2.3.4.5', '1..2.3', '1.2.3.4a', '0.0.0.1',
	'255.255.255.254', '1.2.3.0000', '1.2.3.4-5', ':::', '1::2::3', '1:2:3:4:5:6:7:8:9',
	'1:2:3', 'fe80::1:', ':1::2', ':1:2:3:4:5:6:7', '::', '::0', '::00000', '12345::',
	'1:2:3:4:5:6:7::', '::2:3:4:5:6:7:8', '1:2:3:4:5:6:7::8', '1::3:4:5:6:7:8',
	'1:2:3:4:5:6:7:8::', '::1:2:3:4:5:6:7:8', '00001::', '::ffff:1.2.3.4',
	'fe80::1%eth0', 'g::1', '1::g', '::ffff:102:304', '1:2', 'a:b', ':', '::1::',
	'ABCD::1', 'Fe80::aB', '1:2:3:4:5:6:7:A', 'A:B:C:D:E:F:0:1', 'FE80::1:', 'ABCD::12345',
	'1::2::A', '1234:1234:1234:1234:' +
	'1234:1234:1234:1234', '00ff:0::', '::fffff', '::1ffff', 'any', 'www', '10',
	'"10.0.0.1"', '1.2.3.4::', '::1.2.3.4', '1:2:3:4:5:6:1.2.3.4',
];

/* What only a subnet may spell so. */
const LOOSE = [
	'010.0.0.0', '000.000.000.000', '1.2.3.04', '10.0.0.256', '00000fd00::', '0000::',
	'::00000001', '1:2:3:4:5:6:7:8::', '::1:2:3:4:5:6:7:8', '1:2:3:4::5:6:7:8',
	'0000000000000000000000000000000000001::', '00000000000000000000000000000000000001::',
	'000000000000000000000000000000000000001::', '00000000000000000000000000000000000fd00::',
	'::0000000000000000000000000000000000000000000000001', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7',
	'0:0:0:0:0:0:0:0', '::10000', '0::0', '0001:0002::00003', '1:2:3:4:5:6:7:8:',
	':1:2:3:4:5:6:7:8', '1::2::', '255.255.255.255', '0.0.0.0',
];

const PREFIXES = [
	'/0', '/00', '/000', '/024', '/032', '/33', '/128', '/129', '/999', '/1234', '/', '/-1',
	'/ 8', '/a', '/8a', '/8/8', '', '/08', '/8.', '/1 2', '/64:',
];

/* Words a tag may be called. */
const WORDS = [
	'www', 'db', 'role', 'a', 'A', 'b_2', '0', '5', '10', '9', '1a', '007', '_', '__',
	'VM-type',
	'porta', 'ports1', 'ip6', 'to_x', 'a-to', 'From', 'aNy', 'tOO', 'x-', 'fromm', 'any1',
	'constructor', 'hasOwnProperty', 'toString', 'valueOf', '__proto__', '__proto',
	'prototype', 'length', 'all_vms', 'tcp4', 'x'.repeat(40), 'beef', 'undefined', 'null',
];

const STRINGS = [
	'from', 'to', 'any', 'ALL', 'vms', 'tag', 'to-do', 'or-else', 'ip-6', 'any-thing', '-x',
	'--', '-', '"unclosed', '"bad \\x escape"', '"bad \\u12 escape"', '"bad \\u12g4"', '"a"b"',
	'a"b"', '""', "'www'", 'é', '☃', '1.2.3.4', '::1', 'a:b', 'a::b', 'a.b', 'a/8', '/8', 'a=b',
	'"a\\', '"\\"', '\u0000', '"\u0000"', '"\\u0000"', '"\n"', '$x', 'a,b', 'a(b', 'a)b',
	'"a" "b"', 'priority', 'Code', 'ah', 'esp', '#', ';', '"\ud83d\ude00"', '😀',
];

const UUIDS = [
	'0A2D8B14-F25F-40D2-8CA3-043EDAD506EE', '0a2d8b14-f25f-40d2-8ca3-043edad506e',
	'0a2d8b14-f25f-40d2-8ca3-043edad506eee', '0a2d8b14f25f40d28ca3043edad506ee', 'not-a-uuid',
	'1234', 'g0000000-0000-0000-0000-000000000000', '"0a2d8b14-f25f-40d2-8ca3-043edad506ee"',
	'0a2d8b14-f25f-40d2-8ca3', 'to-0a2d8b14', '_', '0a2d8b14-f25f_40d2-8ca3-043edad506ee',
	'1.2.3.4', 'any', 'x', '0a2d8b14-f25f-40d2-8ca3-043edad506ee-', 'www',
];

const PORTS = [
	'0', '65536', '99999', '1a', 'http', '-1', '1-2', '1_0', '80-', '0x50', '000', '1.5',
	'"80"', 'all', '00065535', '4294967376', '99999999999999999999', '1e3', '80,81', '',
];

const RANGES = [
	'1-2', '1 - 2', '1 -2', '1- 2', '1-2 - 3', '1 - 2-3', '1-2-3', '1-', '-1', '-', '1 -',
	'- 1', '2-1', '2 - 1', '080 - 79', '80 - 80', '80-80', '1-65535', '0-5', '1-65536', '0 - 5',
	'1 - 65536', 'a-b', 'a - b', '1-b', '1 - b', '1--2', '1 -- 2', '1 - - 2', 'all', '1-all',
	'1 - all', '5-1-', '1-2-', 'x-y-z', '0', '65536', '1_2', '"80"', '1 2', '1,', ',1', '3-02',
	'0002 - 1', '00001-00002',
];

const TYPES = [
	'256', '999', '-1', 'echo', '0x8', '8:0', '1-2', '00', '0000255', '8_', '"8"', 'all', '1.5',
	'', '300', '99999999999999999999',
];

const PRIORITIES = [
	'101', '1000', '-1', 'high', '0', '00', '100', '0100', '1-', '1.5', '"1"', '1e1', '', 'all',
	'0x10', '1_0',
];

/* What a mutation may put into a sentence. */
const TOKENS = [
	'FROM', 'from', 'TO', 'to', 'IP', 'SUBNET', 'ANY', 'any', 'ALL', 'all', 'TAG', 'tag', 'VM',
	'VMS',
	'vms', 'OR', 'or', 'AND', 'and', 'BLOCK', 'ALLOW', 'allow', 'PORT', 'port', 'PORTS', 'TCP',
	'udp',
	'ICMP', 'icmp6', 'AH', 'esp', 'TYPE', 'CODE', 'code', 'PRIORITY', 'From', 'Any', 'Tcp', '(',
	')',
	',', '-', '=', '/', '/24', '/64', '/24/24', '10.0.0.1', '::1', 'fd00::', '80', '443', '0',
	'1-2',
	'www', '"www"', '"', '\\', '.', ':', '::', '_', '1.2.3.4567', '"a\\u0041"', ';', '%', '☃',
	'\u0000', '0a2d8b14-f25f-40d2-8ca3-043edad506ee', '((', '))', 'all vms', '(any)', 'PORT 80',
	'PRIORITY 5', '- 2', '\u0085', '\u180e', '\u200b',
];

/* What a change of one character may put there. */
const CHARACTERS = [
	' ', '\t', '\n', '(', ')', ',', '-', '=', '/', '"', '\\', '.', ':', '0', '1', '9', 'a', 'f',
	'g',
	'A', 'F', 'Z', '_', '\u0000', '\u0085', '\u00a0', '\u180e', '\u200b', '\u2028', '\ufeff',
	'é', '😀', "'", '#', '%', '\u007f', '\u001f', '\u0008',
];

/* Whole sentences. */
const WHOLE = [
	' ', '\n', 'FROM', 'x', '"', '(', '\u0000', 'FROM any TO any', '\ufeff', '1', '::', '/8',
	'FROM any TO all vms ALLOW tcp PORT 80 FROM any TO all vms ALLOW tcp PORT 80',
	'FROM any TO all vms ALLOW tcp PORTS ALL', 'FROM any TO all vms ALLOW tcp (PORT all)',
	'FROM any TO all vms ALLOW tcp (PORT all AND PORT 1)', 'FROM vm abc', 'FROM vm abc TO',
	'FROM vm abc )', 'FROM (vm abc OR', 'FROM any TO vm abc ALLOW', 'FROM any TO vm abc tcp',
	'FROM any TO (vm abc', 'FROM (vm abc', 'FROM any TO all vms ALLOW tcp PORT 0',
	'FROM any TO all vms ALLOW tcp PORT 0 PRIORITY', 'FROM any TO all vms ALLOW tcp PORT 0 x',
	'FROM any TO all vms ALLOW tcp PORTS 0', 'FROM any TO all vms ALLOW tcp PORTS 0,',
	'FROM any TO all vms ALLOW tcp PORTS 0 x', 'FROM any TO all vms ALLOW tcp PORTS 5-1',
	'FROM any TO all vms ALLOW icmp TYPE 256', 'FROM any TO all vms ALLOW icmp TYPE 256 CODE',
	'FROM any TO all vms ALLOW icmp TYPE 256 x',
	'FROM any TO all vms ALLOW icmp TYPE 1 CODE 256',
	'FROM any TO all vms ALLOW icmp (TYPE 1 CODE 256',
	'FROM any TO all vms ALLOW icmp TYPE ALL x',
	'FROM any TO all vms ALLOW ah', 'FROM any TO all vms ALLOW ah x',
	'FROM any TO all vms ALLOW esp PRIORITY 101',
	'FROM any TO all vms ALLOW esp PRIORITY 101 x',
	'FROM any TO all vms ALLOW esp PRIORITY 1 x', 'FROM any TO all vms ALLOW ah PORT 80',
	'FROM (all vms OR any) TO all vms ALLOW esp', 'FROM (tag a OR any) TO all vms ALLOW esp',
	'FROM ((tag a)) TO all vms ALLOW esp', 'FROM () TO all vms ALLOW esp',
	'FROM tag a OR tag b TO all vms ALLOW esp', 'FROM subnet 1.2.3.4 TO all vms ALLOW esp',
	'FROM ip 1.2.3.4/24 TO all vms ALLOW esp', 'FROM ip 1.2.3.4/24',
	'FROM subnet 1.2.3.999/99', 'FROM subnet 1.2.3.999/99 TO', 'FROM subnet 1.2.3.4/99 x',
	'FROM any TO ip ::ALLOW tcp PORT 80', 'FROM ip ::TO all vms ALLOW tcp PORT 80',
	'FROM tag a TO ip ::ALLOW tcp PORT 80', 'FROM tag a TO ip 1::BLOCK tcp PORT 80',
	'FROM tag a TO (ip 1::OR tag b) ALLOW tcp PORT 80',
	'FROM tag a TO subnet 1::/8ALLOW tcp PORT 80',
	'FROM tag a TO ip 1::B ALLOW tcp PORT 80', 'FROM tag a TO ip 1.2.3.4ALLOW tcp PORT 80',
	'FROM(any)TO(all vms)ALLOW tcp(PORT 80)PRIORITY 1', 'FROM(any)TO"a"ALLOW tcp PORT 80',
	'FROM any TO tag"a"="b"ALLOW tcp PORTS 1,2-3,4', 'FROM any TO tag a=b ALLOW tcp PORT 80',
];

const LONG = { units255: 'é'.repeat(255), units256: 'é'.repeat(256) };

/* Values of each field of a payload; undefined stands for itself in no JSON. */
const BOOLEANS = [true, false, 'true', 'false', null, 0, 1, '', 'TRUE', 'yes', [], {}, [true]];
const FIELDS = {
	rule: [null, '', ' ', 'FROM any TO any ALLOW tcp PORT 80', 'nonsense', 0, 1, true, false,
	[], {},
		['FROM any TO all vms ALLOW tcp PORT 80']],
	uuid: [null, '', 'x', 7, true, [], {}, UUIDS[0], UUIDS[1], UUIDS[2],
		'0a2d8b14-f25f-40d2-8ca3-043edad506ee', '0a2d8b14-f25f-40d2-8ca3-043edad506ee\n'],
	version: [null, '', 0, false, 'x', '\u0000', '1\n2', '"'],
	owner_uuid: [null, '', 'x', 7, false, [], {}, UUIDS[0], UUIDS[1],
		'0a2d8b14-f25f-40d2-8ca3-043edad506ee', ' 0a2d8b14-f25f-40d2-8ca3-043edad506ee'],
	global: BOOLEANS,
	enabled: BOOLEANS,
	log: BOOLEANS,
	created_by: [null, '', 7, true, [], {}, 'x'.repeat(255), 'x'.repeat(256), LONG.units255,
		LONG.units256, '\u0000'],
	description: [null, '', 0, false, [], {}, 'x'.repeat(256), LONG.units255, LONG.units256,
		'😀'.repeat(127), '😀'.repeat(127) + 'x', '😀'.repeat(128), 'a\u0000b'],
	unknown: [null, 1, 'x', {}],
};

/* The inside of a quoted string, with every escape and every sort of character. */
function quotedText(r) {
	let text = '';

	for (let n = r.weighted([[6, r.between(1, 4)], [1, 0], [1, r.between(5,
	20)]]); n > 0; n--) {
		text += r.weighted([
			[8, r.pick(WORDS)],
			[4, r.pick(['\\"', '\\\\', '\\/', '\\(', '\\)', '\\b', '\\f', '\\n', '\\r',
			    '\\t'])],
			[2, '\\u' + r.hex(4)],
			[2, '\\u' + r.pick(['0000', '0041', '00e9', '00E9', '2028', '007f', '0085',
			    'd83d\\ude00', 'D83D\\uDE00', 'd800', 'dc00', 'ude00', 'dfff\\ud800',
			    'ffff', 'feff', '180e', '200b', '2060', '001f', '000a'])],
			[3, r.pick([' ', '(', ')', '/', '=', ',', '.', ':', "'", '#', '-', '\t',
			'\n',
			    '\r', '\u0001', '\u007f', '\u0000'])],
			[2, r.pick(['é', '😀', '☃', '\u0085', '\u00a0', '\u1680', '\u180e', '\u200b',
			    '\u200d', '\u200e', '\u2028', '\u202f', '\u2060', '\u3000', '\ufeff',
			    '\uffff', '\ue000', '\ufffd', '\u{10ffff}', '\u{10000}'])],
			[1, r.pick(['from', 'TO', 'any', 'all vms', '10.0.0.1', '::1'])],
		]);
	}
	return text;
}

/* A description: anything of at most 255 units, mostly. */
function freeText(r) {
	return r.pick(['', 'web servers', 'café 😀', 'a"b\\c', 'line\nline', '\u0000',
	'\u007f\u0001',
		'x'.repeat(255), '😀'.repeat(127), '\u2028', '</script>', '\ufeff']);
}

module.exports = {
	ADDRESSES, CHARACTERS, FIELDS, LOOSE, POOL_V4, POOL_V6, PORTS, PREFIXES, PRIORITIES, RANGES,
	SPACES, STRINGS, TOKENS, TYPES, UUIDS, WHOLE, WORDS, freeText, quotedText,
};
