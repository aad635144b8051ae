#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# `fwrule aggregate` beside iprange and python3-netaddr's cidr_merge: text in,
# smallest list out, all in one run.  CPU seconds (user and system) are the least
# of some runs taken in turns; every result is compared with ours.
#
#	tests/bench/aggregate.sh [-n ENTRIES] [-r RUNS] [-s SEED] [--all]
#
# FWRULE names the program (default: ./fwrule), --all puts netaddr to every list
# and not just to the random prefixes.  Nothing is installed: what is missing is
# said and left out.
command -v python3 > /dev/null || { echo "python3 is missing: apt-get install python3"; exit 2; }
exec python3 /dev/fd/3 "$@" 3<<'EOF'
import argparse, os, random, shutil, socket, subprocess, sys, tempfile

ap = argparse.ArgumentParser(prog="aggregate.sh")
ap.add_argument("-n", type=int, default=1000000, help="entries of each random list")
ap.add_argument("-r", type=int, default=5, help="runs of ours and of iprange")
ap.add_argument("-s", type=int, default=1, help="seed of the random lists")
ap.add_argument("--all", action="store_true", help="netaddr for every list")
args = ap.parse_args()

FWRULE = os.path.abspath(os.environ.get("FWRULE", "./fwrule"))
GEOIP = "/usr/share/tor/geoip"
NETADDR = r"""
import sys
from netaddr import IPNetwork, IPRange, cidr_merge
def entry(line):
    return IPRange(*line.split("-")) if "-" in line else IPNetwork(line)
with open(sys.argv[1]) as f:
    for p in cidr_merge([entry(line.rstrip("\n")) for line in f]):
        print(p)
"""


def text(v, bits):
    if bits == 32:
        return socket.inet_ntop(socket.AF_INET, v.to_bytes(4, "big"))
    return socket.inet_ntop(socket.AF_INET6, v.to_bytes(16, "big"))


def random_list(path, bits, low, high, top=0):
    """Addresses under the first `top` bits of 2000::/3, lengths of low to high."""
    r = random.Random("%d %s" % (args.s, path))
    with open(path, "w") as f:
        for _ in range(args.n):
            v, n = r.getrandbits(bits - top), r.randint(low, high)
            v |= (1 << (bits - 3)) if top else 0
            v = v >> (bits - n) << (bits - n)
            f.write(text(v, bits) + ("\n" if n == bits else "/%d\n" % n))


def geoip_list(source, path):
    with open(source) as i, open(path, "w") as o:
        for line in i:
            if line[0] in "#\n":
                continue
            a, b, _ = line.split(",")
            if ":" not in a:
                a, b = text(int(a), 32), text(int(b), 32)
            o.write("%s-%s\n" % (a, b))


def run(argv, out):
    """CPU seconds of a command that writes to a file, and its memory in MB."""
    with open(out, "wb") as f:
        pid = os.posix_spawnp(argv[0], argv, os.environ,
                              file_actions=[(os.POSIX_SPAWN_DUP2, f.fileno(), 1)])
        _, status, use = os.wait4(pid, 0)
    if status != 0:
        sys.exit("%s: wait status %d" % (" ".join(argv), status))
    return use.ru_utime + use.ru_stime, use.ru_maxrss / 1024


def count(path):
    with open(path, "rb") as f:
        return sum(block.count(b"\n") for block in iter(lambda: f.read(1 << 16), b""))


def check(ours, theirs, name):
    with open(ours) as a, open(theirs) as b:
        for x in a:
            y = b.readline()
            if x != y and y != "%s/%d\n" % (x[:-1], 128 if ":" in x else 32):
                sys.exit("%s differs: %r, ours %r" % (name, y, x))
        if b.read(1):
            sys.exit("%s has more lines than ours" % name)


LISTS = [
    # name, what, IPv4, netaddr as well
    ("v4", "random IPv4 prefixes /16 to /32", True, True),
    ("v4-hosts", "random IPv4 addresses", True, False),
    ("v6", "random IPv6 prefixes /16 to /64", False, True),
    ("v6-long", "random IPv6 prefixes /32 to /128", False, False),
    ("v6-hosts", "random IPv6 addresses", False, False),
    ("geoip", "tor-geoipdb, IPv4 ranges", True, False),
    ("geoip6", "tor-geoipdb, IPv6 ranges", False, False),
]


def generate():
    random_list("v4", 32, 16, 32)
    random_list("v4-hosts", 32, 32, 32)
    random_list("v6", 128, 16, 64, 3)
    random_list("v6-long", 128, 32, 128, 3)
    random_list("v6-hosts", 128, 128, 128, 3)
    for name in "geoip", "geoip6":
        source = GEOIP if name == "geoip" else GEOIP + "6"
        if os.path.exists(source):
            geoip_list(source, name)


def has_netaddr(python):
    return subprocess.run([python, "-c", "import netaddr"],
                          stderr=subprocess.DEVNULL).returncode == 0


def main():
    if not os.access(FWRULE, os.X_OK):
        sys.exit("%s is missing: build it, or set FWRULE" % FWRULE)
    iprange = shutil.which("iprange")
    netaddr = next((p for p in (sys.executable, "/usr/bin/python3") if has_netaddr(p)), None)
    if not iprange:
        print("iprange is missing: apt-get install iprange")
    if not netaddr:
        print("netaddr is missing: apt-get install python3-netaddr")
    if not os.path.exists(GEOIP):
        print("tor-geoipdb is missing: apt-get install tor-geoipdb")
    # In a process of its own, so that this one stays small: a child's memory
    # counts its parent's from before exec.
    pid = os.fork()
    if pid == 0:
        generate()
        os._exit(0)
    if os.waitpid(pid, 0)[1] != 0:
        sys.exit("the lists could not be made")

    print("seed %d, %d runs, least CPU seconds; memory in MB" % (args.s, args.r))
    print("%-34s %8s %7s %6s %5s %8s %5s %7s %8s %7s" % ("list", "entries", "out",
          "ours", "MB", "iprange", "MB", "times", "netaddr", "times"))
    for name, what, is_v4, with_netaddr in LISTS:
        if not os.path.exists(name):
            continue
        ours, theirs, mb, their_mb = [], [], 0, 0
        for _ in range(args.r):
            cpu, mb = run([FWRULE, "aggregate", name], "ours")
            ours.append(cpu)
            if iprange and is_v4:
                cpu, their_mb = run([iprange, name], "theirs")
                theirs.append(cpu)
        line = "%-34s %8d %7d %6.3f %5.0f" % (what, count(name), count("ours"), min(ours), mb)
        if theirs:
            check("ours", "theirs", "iprange")
            line += " %8.3f %5.0f %7.1f" % (min(theirs), their_mb, min(theirs) / min(ours))
        else:
            line += " %8s %5s %7s" % ("-", "-", "-")
        if netaddr and (with_netaddr or args.all):
            cpu, _ = run([netaddr, "-c", NETADDR, name], "theirs")
            check("ours", "theirs", "netaddr")
            line += " %8.1f %7.0f" % (cpu, cpu / min(ours))
        print(line, flush=True)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    main()
EOF
