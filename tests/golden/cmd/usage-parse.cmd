status_of fwrule parse --fwrule-version=0 'FROM any TO tag a ALLOW ah'
status_of fwrule parse --debug=everything 'FROM any TO tag a ALLOW ah'
status_of fwrule parse --nothing
