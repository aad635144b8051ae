# No command, unknown ones, help.
(status_of fwrule 2>&1) | sed -n '1,3p;$p'
status_of fwrule complie
status_of fwrule xyzzy
status_of fwrule --version
status_of fwrule --nothing
status_of fwrule help nothing
