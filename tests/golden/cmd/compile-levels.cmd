# -O1 is the default; each level says in its headers what its lines stand for.
one="$web $day --vm 6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c003 --emit=ipf"
fwrule compile $one -O1 > 1
fwrule compile ${one#-O0 } | cmp - 1 && echo "-O1 is the default"
for level in 0 1 2; do
	echo "--- -O$level"
	fwrule compile $one -O$level | grep '^[#pb]' | sed -n '/^# rule/,/^# fwadm/p'
done
