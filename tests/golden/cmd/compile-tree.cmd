# -O3 puts lines into groups where there are enough of them: here what comes in by
# tcp.  What goes out are too few lines, and udp's too few for a head.
rules() {
	i=10
	while [ $i -lt 28 ]; do
		echo "{\"uuid\":\"00000000-0000-4000-8000-0000000000$i\",\"version\":\"1\",\"enabled\":true,\"rule\":\"FROM ip 10.$((i % 2)).0.$((i * 7)) TO all vms ALLOW tcp PORT 80\"}"
		echo "{\"uuid\":\"00000000-0000-4000-8000-0000000001$i\",\"version\":\"1\",\"enabled\":true,\"rule\":\"FROM all vms TO ip 192.0.2.$((i * 7)) BLOCK tcp PORT all\"}"
		i=$((i + 1))
	done
	echo '{"uuid":"00000000-0000-4000-8000-000000000200","version":"1","enabled":true,"rule":"FROM ip 203.0.113.5 TO all vms ALLOW udp PORTS 7 - 13, 53, 99"}'
	echo '{"uuid":"00000000-0000-4000-8000-000000000201","version":"1","enabled":true,"rule":"FROM subnet 198.51.100.0/24 TO all vms ALLOW tcp PORTS 22, 25, 443, 8000 - 8010"}'
}
rules > rules.json
one="-r rules.json -V examples/web/vms.json --vm 6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c003 --date=x --emit=ipf"
fwrule compile $one -O3 --verify | sed 's/^\(# rules=.\{45\}\).*/\1/'
