#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# `fwrule equiv` of files with the same lines in another order where that changes nothing,
# and with ports in another spelling; and how it grows: CPU (user and system), least of
# three runs.
#
#	one kind    single addresses on a port each, all let in
#	blocked     networks that are blocked, single addresses in them let in on a port
#	crossed     half of the lines are blocked addresses on all ports, half are ports open
#	            to all: each address meets each port
#	in turns    the same, but each address stands before another port, so that all
#	            lines are exceptions from one another
#
# usage: equiv.sh [LINES...]   (default: 5000 10000 20000)
# FWRULE is the program.  Needs python3.
set -eu

: "${FWRULE:=./fwrule}"
[ $# -gt 0 ] || set -- 5000 10000 20000
python3 - "$FWRULE" "$@" <<'END'
import os, random, re, resource, subprocess, sys, tempfile

fwrule, sizes = os.path.abspath(sys.argv[1]), [int(n) for n in sys.argv[2:]]
PORTS = (22, 25, 53, 80, 443, 3306, 5432, 8080)


def line(verb, address, port=None):
    return '%s in quick proto tcp from %s to any%s' % (
        verb, address, ' port %d : %d' % (port, port) if port else '')


def address(r):
    return '%d.%d.%d.%d' % (r.randint(1, 223), r.getrandbits(8), r.getrandbits(8),
                            r.getrandbits(8))


def one_kind(n):
    r = random.Random(n)
    return [[line('pass', address(r), r.choice(PORTS)) for _ in range(n)]]


def blocked(n):
    r = random.Random(n)
    nets = [address(r).rsplit('.', 1)[0] for _ in range(n // 2)]
    return [[line('pass', '%s.%d' % (a, r.getrandbits(8)), r.choice(PORTS)) for a in nets],
            [line('block', a + '.0/24') for a in nets]]


def crossed(n):
    r = random.Random(n)
    return [[line('block', address(r)) for _ in range(n // 2)],
            [line('pass', 'any', p) for p in r.sample(range(1, 65536), n // 2)]]


def in_turns(n):
    return [[one] for pair in zip(*crossed(n)) for one in pair]


def write(path, parts, seed):
    r = random.Random(seed)
    with open(path, 'w') as f:
        for part in parts:
            lines = sorted(set(part))
            r.shuffle(lines)
            text = '\n'.join(lines) + '\n'
            f.write(text if seed else re.sub(r'port (\d+) : \d+', r'port = \1', text))
        f.write('block in all\npass out all\n')


def cpu(a, b):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run([fwrule, 'equiv', a, b], stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode:
        sys.exit('fwrule equiv: %s and %s: exit status %d' % (a, b, run.returncode))
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


KINDS = (one_kind, blocked, crossed, in_turns)
print('| lines | one kind | blocked | crossed | in turns |\n| ---: | ---: | ---: | ---: | ---: |')
with tempfile.TemporaryDirectory() as folder:
    a, b = os.path.join(folder, 'a.conf'), os.path.join(folder, 'b.conf')
    for n in sizes:
        row = []
        for kind in KINDS:
            for i, path in enumerate((a, b)):
                write(path, kind(n), i)
            row.append(min(cpu(a, b) for _ in range(3)))
        print('| %s | %s |' % ('{:,}'.format(n), ' | '.join('%.0f ms' % (t * 1000) for t in row)))
END
