# The ways to use fmt: on standard input, as a check, as a diff, in place.
cat > good.fwrule <<'END'
FROM any TO tag "www" ALLOW tcp PORT 80
END
cat > loose.fwrule <<'END'
# The site.
from any to tag www allow tcp port 80   # plain

FROM any TO tag "www" ALLOW tcp PORT 443
END
printf 'FROM any TO any ALLOW esp' > wrong.fwrule
echo '{"rule":"FROM any TO all vms ALLOW esp"}' > rule.json
status_of fwrule fmt <loose.fwrule
status_of fwrule fmt --check good.fwrule loose.fwrule wrong.fwrule
status_of fwrule fmt --check good.fwrule examples/*/*.fwrule
status_of fwrule fmt --diff good.fwrule loose.fwrule
# In place: permissions stay, a link stays a link, files with errors stay as they are.
chmod 640 loose.fwrule
ln -s loose.fwrule link.fwrule
status_of fwrule fmt -w good.fwrule link.fwrule wrong.fwrule rule.json
stat -c '%a %F' loose.fwrule link.fwrule
cat loose.fwrule wrong.fwrule
echo
ls
