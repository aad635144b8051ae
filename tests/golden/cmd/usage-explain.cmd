vm=6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001
explain() { status_of fwrule explain "$@"; }
explain
explain -r examples/web/rules.fwrule
explain $web
explain $web --vm=$vm
explain $web --vm=$vm --in
explain $web --vm=$vm --in --out --proto=tcp --port=1
explain $web --vm=web0 --in --proto=tcp --port=1
explain $web --vm=8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c21 --in --proto=tcp --port=1
explain $web --vm=$vm --in --proto=tcp
explain $web --vm=$vm --in --proto=tcp --port=65536
explain $web --vm=$vm --in --proto=tcp --port=1 --type=1
explain $web --vm=$vm --in --proto=tcp --port=1 --flags=SX
explain $web --vm=$vm --in --proto=udp --port=1 --flags=S
explain $web --vm=$vm --in --proto=icmp
explain $web --vm=$vm --in --proto=icmp --type=256
explain $web --vm=$vm --in --proto=icmp --type=1 --code=-1
explain $web --vm=$vm --in --proto=icmp --type=1 --addr=::1
explain $web --vm=$vm --in --proto=icmp6 --type=1 --addr=10.0.0.1
explain $web --vm=$vm --in --proto=esp --port=1
explain $web --vm=$vm --in --proto=quic --port=1
explain $web --vm=$vm --in --proto=tcp --port=1 --addr=10.0.0.0/8
explain $web --vm=$vm --in --proto=tcp --port=1 -O7
explain $web --vm=$vm --in --proto=tcp --port=1 more
explain $web --vm=$vm --in --proto=tcp --port=1 -R nothing.json
