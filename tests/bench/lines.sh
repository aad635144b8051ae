#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# Filter lines at each level beside a lower bound; how the levels and the proof grow
# with the lines; and what they cost on a host of 10,000 rules, 1,000 VMs and 20,000
# remote VMs, in CPU seconds.  Needs python3 and node.
#
# usage: lines.sh [PLOT.svg]      (doc/growth.svg is one)
# FWRULE is the program, srcdir the sources.
set -eu

: "${FWRULE:=./fwrule}" "${srcdir:=.}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

python3 "$srcdir/tests/bench/lines.py" "$FWRULE" "$srcdir"
python3 "$srcdir/tests/bench/lines.py" "$FWRULE" "$srcdir" --growth "$@"

node "$srcdir/tests/bench/gen-host.js" "$dir" 10000 1000 20000
python3 - "$FWRULE" "$dir" <<'END'
import resource, subprocess, sys

fwrule, folder = sys.argv[1:]
files = ['-r', folder + '/rules.json', '-V', folder + '/vms.json', '-R', folder + '/rvms.json']
modes = [['-O0'], ['-O1'], ['-O2'], ['-O3'], ['-O1', '--verify'], ['-O2', '--verify']]
least = [None] * len(modes)


def cpu():
    r = resource.getrusage(resource.RUSAGE_CHILDREN)
    return r.ru_utime + r.ru_stime


for _ in range(3):
    for i, mode in enumerate(modes):
        begin = cpu()
        subprocess.run([fwrule, 'compile', '--date=x', *mode, *files], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds = cpu() - begin
        least[i] = min(seconds, least[i] or seconds)
print('| 10,000 rules | CPU, least of 3 | times -O0 |\n| --- | ---: | ---: |')
for mode, seconds in zip(modes, least):
    print('| %s | %.2f s | %.1f |' % (' '.join(mode), seconds, seconds / least[0]))
END
