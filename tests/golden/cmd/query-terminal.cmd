# On a terminal the table fits its width and nothing is lost.
cat >r.fwrule <<'END'
@uuid 00000000-0000-4000-8000-000000000001
@owner 00000000-0000-4000-8000-00000000000f
FROM (ip 10.1.2.3 OR ip 10.1.2.4 OR ip 10.1.2.5 OR ip 10.1.2.6 OR ip 10.1.2.7) TO all vms ALLOW tcp PORT 80
@uuid 00000000-0000-4000-8000-000000000002
@disabled
FROM tag "a_tag_that_is_longer_than_the_terminal_is_wide_by_far_and_has_no_space_to_break_at" TO any BLOCK udp PORT all
END
for columns in 60 150; do
	script -qec "stty cols $columns; $FWRULE query -r r.fwrule" /dev/null | tr -d '\r'
done
