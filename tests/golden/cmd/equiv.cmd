# Two files of ipfilter: equal in what they decide, and not.
cat > a.conf <<'END'
pass in quick proto tcp from 10.0.0.0/8 to any port = 22 keep state
pass in quick proto tcp from 10.0.0.0/9 to any port = 22 keep state
block in all
pass out all
END
cat > b.conf <<'END'
pass in quick proto tcp from 10.0.0.0/9 to any port = 22 keep state
pass in quick proto tcp from 10.128.0.0/9 to any port = 22 keep state
block in proto udp all
block in all
pass out quick all
END
cat > c.conf <<'END'
pass in quick proto tcp from 10.0.0.0/9 to any port 22 : 23 keep state
pass in quick proto icmp from any to any keep state
block in all
END
printf 'pass in from 2001:db8::/32 to any\n' > six.conf
printf 'pass in all\n' > any.conf
status_of fwrule equiv a.conf b.conf
status_of fwrule equiv --json a.conf b.conf
status_of fwrule equiv a.conf c.conf
status_of fwrule equiv --max=1 a.conf c.conf
status_of fwrule equiv --json a.conf c.conf
# Files that do not say which family they are for are compared for both.
printf 'pass in proto icmp all\n' > icmp.conf
status_of fwrule equiv any.conf icmp.conf
status_of fwrule equiv --family=6 any.conf six.conf
status_of fwrule equiv - any.conf < any.conf
# What the filter reads otherwise than one may think.
printf 'pass in quick proto icmp from any to any keep state\nblock in all\n' > state.conf
printf 'pass in quick proto icmp from any to any\nblock in all\n' > nostate.conf
status_of fwrule equiv --max=0 state.conf nostate.conf
