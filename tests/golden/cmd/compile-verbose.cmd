# -v: lines and bytes after the passes and before them, and a bound from -O2 on.
for level in 0 1 2 3; do
	fwrule compile $web $day -v -O$level >/dev/null
done
fwrule compile $web $day -v -O2 --ipf-tags >/dev/null
fwrule compile $web $day -v --emit=fwapi >/dev/null
