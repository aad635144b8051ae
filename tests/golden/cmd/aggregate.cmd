# Both families, ranges, comments; the sets of options; what is counted.
cat > list <<EOF
# offices
192.0.2.0/25
192.0.2.128 - 192.0.2.255   ; the other half
198.51.100.77/24
2001:db8::1
::ffff:192.0.2.1
EOF
status_of fwrule aggregate list
grep -v ffff list > good
status_of fwrule aggregate good
printf '192.0.2.7\n2001:db8::/64\n' | status_of fwrule aggregate good --exclude -
printf '192.0.2.7\n192.0.2.8-192.0.3.1\n' | status_of fwrule aggregate good --intersect=-
status_of fwrule aggregate --count good
echo 0.0.0.0/0 | status_of fwrule aggregate --count - good --exclude good
