# What nobody means to write is refused, in few words: a line of a megabyte, groups
# nested 17 deep, a group within itself, bytes that are no text.
awk 'BEGIN { while (n++ < 100000) ones = ones "1234567890"; print "pass in proto tcp from any to any port = " ones }' > long.conf
echo 'block in all' > ok.conf
status_of fwrule equiv long.conf ok.conf > long.out 2>&1
grep -o '\[E0[0-9]*\]' long.out
[ "$(wc -c < long.out)" -lt 6000 ] && echo short
awk 'BEGIN { print "block in all head g1"; while (n++ < 16) print "block in all head g" n + 1 " group g" n; print "pass in all group g17" }' > deep.conf
status_of fwrule equiv deep.conf ok.conf
printf 'block in all head a\nblock in all head b group a\npass in all head a group b\n' > loop.conf
status_of fwrule equiv loop.conf ok.conf
printf 'pass in all\0\n\377\n' > bytes.conf
status_of fwrule equiv bytes.conf ok.conf
