printf 'pass in from 10.0.0.1 to any\n' > four.conf
printf 'pass in from ::1 to any\n' > six.conf
printf 'pass in from 10.0.0.1\nand more\n\033[2J\n' > bad.conf
printf '' > empty.conf
status_of fwrule equiv
status_of fwrule equiv four.conf
status_of fwrule equiv four.conf six.conf four.conf
status_of fwrule equiv --family=5 four.conf six.conf
status_of fwrule equiv --max=many four.conf six.conf
status_of fwrule equiv --max=-1 four.conf six.conf
status_of fwrule equiv - -
status_of fwrule equiv --nothing four.conf six.conf
status_of fwrule equiv four.conf nothing.conf
status_of fwrule equiv four.conf .
status_of fwrule equiv four.conf six.conf
status_of fwrule equiv --family=6 four.conf six.conf
status_of fwrule equiv four.conf bad.conf
status_of fwrule equiv empty.conf four.conf
