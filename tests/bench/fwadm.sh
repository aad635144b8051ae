#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# fwadm on a host of 10,000 rules, 1,000 VMs and 20,000 remote VMs (HOST: three other
# numbers), files on disk and synced, ipf run for every VM but replaced by a program that
# does nothing, linked statically where that can be, for the dynamic linker's start is
# most of such a one; the reference's figures have no ipf in them.  Measured: the
# whole host written anew, one rule added that touches one VM, from a cold start and
# through a running rpc, and 2,000 remote VMs in one payload.  Beside what the
# reference was measured to take, its files in memory.  Needs python3 and node.
#
# FWRULE is fwrule's program, with fwadm beside it; srcdir the sources; TMPDIR the disk.
set -eu

: "${FWRULE:=./fwrule}" "${srcdir:=.}" "${HOST:=10000 1000 20000}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

printf 'int main(void) { return 0; }\n' >"$dir/ipf.c"
"${CC:-cc}" -O1 -static -o "$dir/ipf" "$dir/ipf.c" 2>/dev/null || ln -s /bin/true "$dir/ipf"

# HOST is a list of words.
# shellcheck disable=SC2086
node "$srcdir/tests/bench/gen-host.js" "$dir" $HOST
python3 - "$FWRULE" "$(dirname "$FWRULE")/fwadm" "$dir" <<'END'
import json, os, resource, statistics, subprocess, sys, time

fwrule, fwadm, folder = sys.argv[1:]
root = folder + '/root'
vms_file = folder + '/vms.json'
REPEATS = 5


def load(name):
    with open(folder + '/' + name) as f:
        return json.load(f)


def add(payload, *options, op='add'):
    """Seconds and CPU seconds of one run."""
    text = json.dumps(payload).encode()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    subprocess.run([fwadm, op, '-f', '-', '--root', root, '--vms', vms_file, '--ipf', folder + '/ipf',
                    *options], input=text, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    seconds = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rule_for(vm, i):
    return {'rules': [{'rule': 'FROM any TO vm %s ALLOW tcp PORT %d' % (vm['uuid'], 1000 + i),
                       'owner_uuid': vm['owner_uuid'], 'enabled': True}]}


def row(name, runs, reference, aim):
    wall = [r[0] for r in runs]
    cpu = [r[1] for r in runs if r[1] is not None]
    print('| %s | %.3f (%.3f to %.3f) s | %s | %s | %.0f | %s |' % (
        name, statistics.median(wall), min(wall), max(wall),
        '%.2f s' % statistics.median(cpu) if cpu else '', reference[0],
        reference[1] / statistics.median(wall), aim))


rules, vms, remote = load('rules.json'), load('vms.json'), load('rvms.json')
for vm in vms:
    os.makedirs(root + vm['zonepath'] + '/config')
os.makedirs(root + '/var/fw')
locals_ = [{'uuid': vm['uuid']} for vm in vms]
first = add({'rules': rules, 'remoteVMs': remote[2000:], 'localVMs': locals_})
on = [vm for vm in vms if vm.get('firewall_enabled')]

print('| | wall, median of %d (range) | CPU | reference, CPU | times | aim |' % REPEATS)
print('| --- | --- | --- | --- | --- | --- |')
print('| the first add of everything | %.2f s | %.2f s | | | |' % first)
row('2,000 remote VMs in one payload', [add({'remoteVMs': remote[:2000]})], ('66 s', 66), '1 s')
row('whole host, every file written', [add({'localVMs': locals_}, '--force', op='update')
                                       for _ in range(REPEATS)], ('67 s', 67), '1.5 s')
row('one rule that touches one VM, cold', [add(rule_for(on[i], i)) for i in range(REPEATS)],
    ('4.1 s', 4.1), '0.2 s')

rpc = subprocess.Popen([fwrule, 'rpc', '--root', root, '--ipf', folder + '/ipf'],
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def ask(i):
    line = json.dumps({'jsonrpc': '2.0', 'id': i, 'method': 'add',
                       'params': dict(rule_for(on[i % len(on)], 100 + i), vms=vms)}) + '\n'
    begin = time.monotonic()
    rpc.stdin.write(line.encode())
    rpc.stdin.flush()
    answer = json.loads(rpc.stdout.readline())
    assert 'result' in answer, answer
    return time.monotonic() - begin, None


ask(0)
row('the same through a running rpc', [ask(1 + i) for i in range(4 * REPEATS)], ('4.1 s', 4.1),
    '0.01 s')
rpc.stdin.close()
rpc.wait()
print('\nMost memory of any of them: %d MB.' %
      (resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024))
END
