# Why FW024 is about ICMP alone: with a BLOCK outbound, what comes in keeps state.
cat > open.fwrule <<'E'
FROM any TO tag "role" = "www" ALLOW tcp PORT 53
FROM any TO tag "role" = "www" ALLOW udp PORT 53
E
cat > closed.fwrule <<'E'
FROM tag "role" = "www" TO any BLOCK tcp PORT all PRIORITY 9
FROM tag "role" = "www" TO any BLOCK udp PORT all PRIORITY 9
E
for level in 0 1 2 3; do
	fwrule compile -O$level -r open.fwrule -V examples/web/vms.json --emit=ipf \
	    --vm 6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001 | grep 'pass in'
	fwrule compile -O$level -r open.fwrule -r closed.fwrule -V examples/web/vms.json --emit=ipf \
	    --vm 6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001 | grep 'pass in'
done
