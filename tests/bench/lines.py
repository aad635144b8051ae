#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""
Filter lines at each level, and what the levels and the proof cost, as Markdown
for doc/performance.md.

usage: lines.py FWRULE SRCDIR [--growth [PLOT.svg]]

Lines are those of the rules: the six that each file ends with are left out.  The
bound is `compile -v`'s: the longest optimal list for one port or type alone.
All input is generated from fixed seeds.
"""
import glob
import json
import math
import os
import random
import re
import resource
import subprocess
import sys
import tempfile

FALLBACKS = 6
OWNER = 'b6d9d8a2-0f4c-4f7e-8a55-0e4d1c9f7a10'


def uuid(kind, n):
    return '%08x-0000-4000-8000-%012x' % (kind, n)


def local_vm(n, tags, addrs):
    u = uuid(1, n)
    return dict(uuid=u, owner_uuid=OWNER, firewall_enabled=True, state='running',
                zonepath='/zones/' + u, tags=tags, nics=[dict(ips=[a]) for a in addrs])


def remote_vm(n, tags, addrs):
    return dict(uuid=uuid(2, n), owner_uuid=OWNER, tags=tags,
                ips=[a.split('/')[0] for a in addrs])


def rule(n, text):
    return dict(uuid=uuid(3, n), version='1', enabled=True, owner_uuid=OWNER, rule=text)


def at(base, n):
    """The n-th address of 10.base.0.0/22 and of fd00:base::/64."""
    return ['10.%d.%d.%d/22' % (base, n >> 8, n & 255), 'fd00:%x::%x/64' % (base, n)]


def tags_dense(n, keep=1.0):
    """Roles over VMs with consecutive addresses in shared networks; keep: not all are ours."""
    r = random.Random(n)
    roles = ['web', 'app', 'db', 'cache']
    vms, remote = [], []
    for i in range(n):
        role = roles[i * len(roles) // n]
        if r.random() > keep:
            continue
        if i % (n // len(roles)) == 1:
            vms.append(local_vm(i, dict(role=role), at(1, i + 4)))
        else:
            remote.append(remote_vm(i, dict(role=role), at(1, i + 4)))
    ports = dict(app='(PORT 8080 AND PORT 8443)', db='PORT 5432', cache='PORTS 6379 - 6380, 11211')
    rules = [rule(0, 'FROM any TO tag role = web ALLOW tcp (PORT 80 AND PORT 443)')]
    for a, b in (('web', 'app'), ('app', 'db'), ('app', 'cache'), ('web', 'cache')):
        rules.append(rule(len(rules), 'FROM tag role = %s TO tag role = %s ALLOW tcp %s' %
                          (a, b, ports[b])))
    rules.append(rule(len(rules), 'FROM tag role TO all vms ALLOW icmp TYPE 8'))
    rules.append(rule(len(rules), 'FROM tag role TO all vms ALLOW udp PORT 123'))
    return vms, remote, rules


def block_lists(n):
    """A block list of prefixes with exceptions of a higher priority, in and out."""
    r = random.Random(n)
    vms = [local_vm(i, dict(role='web'), at(2, i + 4)) for i in range(2)]
    rules = [rule(0, 'FROM any TO tag role = web ALLOW tcp (PORT 80 AND PORT 443)')]

    def lists(count, length, text):
        while count > 0:
            some = ' OR '.join('subnet %d.%d.%d.0/%d' % (
                r.choice((5, 31, 45)), r.randrange(16), r.randrange(256) &
                (255 << max(0, 24 - length) & 255), length) for _ in range(min(24, count)))
            rules.append(rule(len(rules), text % ('(%s)' % some)))
            count -= 24

    lists(n, 24, 'FROM %s TO all vms BLOCK tcp PORT all PRIORITY 10')
    lists(n // 4, 26, 'FROM %s TO all vms ALLOW tcp PORT 443 PRIORITY 20')
    lists(n, 24, 'FROM all vms TO %s BLOCK tcp PORT all')
    lists(n // 4, 26, 'FROM all vms TO %s ALLOW tcp PORT 443 PRIORITY 10')
    return vms, [], rules


def port_lists(n):
    """Many services, each with its ports, for overlapping sets of clients."""
    r = random.Random(n)
    vms = [local_vm(i, dict(svc='s%d' % (i % 4)), at(3, i + 4)) for i in range(4)]
    remote = [remote_vm(i, dict(site='x%d' % (i * 8 // n)), at(4, i + 4)) for i in range(n)]
    rules = []
    for svc in range(4):
        for _ in range(4):
            ports = sorted(r.sample(range(8000, 8040), 8))
            sites = ' OR '.join('tag site = x%d' % s for s in r.sample(range(8), 3))
            rules.append(rule(len(rules), 'FROM (%s) TO tag svc = s%d ALLOW tcp (%s)' % (
                sites, svc, ' AND '.join('PORT %d' % p for p in ports))))
    return vms, remote, rules


def save(folder, host):
    vms, remote, rules = host
    for name, what in (('vms', vms), ('rvms', remote), ('rules', rules)):
        with open(os.path.join(folder, name + '.json'), 'w') as f:
            json.dump(what, f)
    return ['-r', folder + '/rules.json', '-V', folder + '/vms.json', '-R', folder + '/rvms.json']


def compile_host(fwrule, args, *more):
    """Lines of the rules, bound or 0."""
    run = subprocess.run([fwrule, 'compile', '-v', *more, *args], stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, text=True)
    found = re.search(r'(\d+) files, (\d+) filter lines', run.stderr)
    if run.returncode or not found:
        sys.exit('fwrule compile %s: %s' % (' '.join(more), run.stderr[-400:]))
    bound = re.search(r'take (\d+) lines or more', run.stderr)
    return (int(found[2]) - FALLBACKS * int(found[1]), int(bound[1]) if bound else 0)


def corpus_hosts(fwrule, src, folder):
    """All hosts of the corpus without tags, as one sum."""
    total = [0, 0, 0, 0, 0]
    with open(os.path.join(src, 'tests/corpus/hosts.jsonl')) as f:
        for line in f:
            case = json.loads(line)
            if case['ipfTags']:
                continue
            host = case['host']
            args = save(folder, (host['vms'], host['remoteVMs'], host['rules']))
            for level in range(4):
                n, bound = compile_host(fwrule, args, '-O%d' % level)
                total[level] += n
            total[4] += bound
    return total


def row(name, lines):
    print('| %s | %s | %.1f |' % (name, ' | '.join('{:,}'.format(n) for n in lines),
                                 lines[0] / max(1, lines[2])))


def table(fwrule, src, folder):
    print('| host | -O0 | -O1 | -O2 | -O3 | bound | -O0 / -O2 |\n'
          '| --- | ---: | ---: | ---: | ---: | ---: | ---: |')
    row('corpus, all hosts', corpus_hosts(fwrule, src, folder))
    for example in sorted(glob.glob(os.path.join(src, 'examples/*/'))):
        if not (glob.glob(example + 'rules.*') and os.path.exists(example + 'remote-vms.json')):
            continue
        args = ['-r', glob.glob(example + 'rules.*')[0], '-V', example + 'vms.json', '-R',
                example + 'remote-vms.json']
        runs = [compile_host(fwrule, args, '-O%d' % level) for level in range(4)]
        row('example ' + os.path.basename(example[:-1]), [r[0] for r in runs] + [runs[2][1]])
    for name, host in (
            ('tags, 800 consecutive VMs', tags_dense(800)),
            ('tags, 900 of 1,000 VMs', tags_dense(1000, 0.9)),
            ('tags, half of 1,000 VMs', tags_dense(1000, 0.5)),
            ('block list of 480 with exceptions', block_lists(480)),
            ('block list of 4,800 with exceptions', block_lists(4800)),
            ('port lists, 400 clients', port_lists(400))):
        args = save(folder, host)
        runs = [compile_host(fwrule, args, '-O%d' % level) for level in range(4)]
        row(name, [r[0] for r in runs] + [runs[2][1]])


MODES = (['-O0'], ['-O1'], ['-O2'], ['-O3'], ['-O1', '--verify'], ['-O2', '--verify'])
SHAPES = (('tags, half of n VMs', lambda n: tags_dense(n, 0.5), (1000, 2000, 4000)),
          ('block list of n', block_lists, (1200, 4800, 19200)))


def cpu(fwrule, args, mode):
    """CPU seconds of a compile, least of 3."""
    least = None
    for _ in range(3):
        begin = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([fwrule, 'compile', *mode, *args], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime
        least = min(seconds, least or seconds)
    return least


def growth(fwrule, folder):
    """For each shape its name and, for each size, n, lines at -O0 and seconds by mode."""
    shapes = []
    print('| host | lines at -O0 | %s |' % ' | '.join(' '.join(m) for m in MODES))
    print('| --- | ---: |%s' % (' ---: |' * len(MODES)))
    for name, make, sizes in SHAPES:
        points = []
        for n in sizes:
            args = save(folder, make(n))
            lines = compile_host(fwrule, args, '-O0')[0]
            points.append((lines, [cpu(fwrule, args, mode) for mode in MODES]))
            print('| %s, n = %s | %s | %s |' % (name, '{:,}'.format(n), '{:,}'.format(lines),
                  ' | '.join('%.0f ms' % (t * 1000) for t in points[-1][1])))
        shapes.append((name, points))
    return shapes


def plot(shapes, path):
    """Log-log, a panel for each shape; in grey what is proportional to the lines."""
    colour = ('#000', '#2a6', '#27c', '#84b', '#c80', '#c33')
    side, left, top = 300, 60, 40
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
           'font-family="sans-serif" font-size="11">' %
           (left + len(shapes) * (side + left) + 70, top + side + 50),
           '<rect width="100%" height="100%" fill="#fff"/>']

    def text(x, y, what, more=''):
        out.append('<text x="%.1f" y="%.1f" %s>%s</text>' % (x, y, more, what))

    def line(points, look):
        out.append('<polyline fill="none" points="%s" %s/>' %
                   (' '.join('%.1f,%.1f' % p for p in points), look))

    for k, (name, points) in enumerate(shapes):
        x0 = left + k * (side + left)
        lo, hi = math.log10(points[0][0]) - 0.1, math.log10(points[-1][0]) + 0.1
        ms = [t * 1000 for p in points for t in p[1]]
        bottom, high = math.log10(min(ms)) - 0.2, math.log10(max(ms)) + 0.2

        def at(lines, millis):
            return (x0 + (math.log10(lines) - lo) / (hi - lo) * side,
                    top + side - (math.log10(millis) - bottom) / (high - bottom) * side)

        out.append('<rect x="%d" y="%d" width="%d" height="%d" fill="none" stroke="#888"/>' %
                   (x0, top, side, side))
        text(x0, top - 12, name + ': CPU ms over lines at -O0')
        for power in range(math.ceil(bottom), math.floor(high) + 1):
            y = at(points[0][0], 10 ** power)[1]
            line([(x0, y), (x0 + side, y)], 'stroke="#ddd"')
            text(x0 - 6, y + 4, 10 ** power, 'text-anchor="end"')
        for lines, _ in points:
            text(at(lines, 1)[0], top + side + 16, '{:,}'.format(lines), 'text-anchor="middle"')
        for i, mode in enumerate(MODES):
            first = points[0][1][i] * 1000
            line([at(p[0], first * p[0] / points[0][0]) for p in points],
                 'stroke="#bbb" stroke-dasharray="3,3"')
            line([at(p[0], p[1][i] * 1000) for p in points],
                 'stroke="%s" stroke-width="1.5"' % colour[i])
            if k + 1 == len(shapes):
                text(x0 + side + 8, top + 14 + 16 * i, ' '.join(mode), 'fill="%s"' % colour[i])
    out.append('</svg>')
    with open(path, 'w') as f:
        f.write('\n'.join(out) + '\n')


def main():
    if len(sys.argv) not in (3, 4, 5) or sys.argv[3:4] not in ([], ['--growth']):
        sys.exit(__doc__)
    fwrule, src = os.path.abspath(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        if sys.argv[3:]:
            shapes = growth(fwrule, folder)
            if sys.argv[4:]:
                plot(shapes, sys.argv[4])
        else:
            table(fwrule, src, folder)


main()
