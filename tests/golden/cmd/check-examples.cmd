# No check fires on the examples but where their text says why; theirs is examples/.fwrule.conf.
for e in web tenant dual-stack; do
	echo "$e"
	status_of fwrule check --format=github -V examples/$e/vms.json -R examples/$e/remote-vms.json \
	    examples/$e/rules.*
done
