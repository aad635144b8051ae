# Verdict, line, rules, and what keeps the others from deciding.
www=6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001
db=6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c003
explain() { echo "--- $*"; status_of fwrule explain $web -O1 "$@"; }
explain --vm=$www --in --proto=tcp --port=80 --addr=198.51.100.7
explain --vm=$www --in --proto=tcp --port=22
explain --vm=$www --in --proto=tcp --port=22 --addr=2001:db8::1
explain --vm=$db --out --proto=tcp --port=443 --addr=192.0.2.10
explain --vm=$db --out --proto=tcp --port=80 -O2
explain --vm=$db --out --proto=tcp --port=80 --flags=A -O0
explain --vm=$db --out --proto=esp
explain --vm=$db --out --proto=47 --addr=::1
explain --vm=$www --in --proto=icmp --type=8 --code=1
explain --vm=$www --out --proto=icmp --type=11
explain --vm=$www --in --proto=tcp --port=80 --addr=10.20.0.90 --json
explain --vm=$db --out --proto=tcp --port=443 --addr=192.0.2.10 --json --ipf-tags
