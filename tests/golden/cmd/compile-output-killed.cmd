# Killed in the middle of a file, by the signal of the same limit: the old file stays.
mkdir -p out/6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001
echo old > out/6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001/ipf.conf
(ulimit -c 0; ulimit -f 1
 fwrule compile $web $day -o out --vm 6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001) 2>/dev/null
[ $? -gt 128 ] && echo "killed"
cat out/6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001/ipf.conf
# The next run replaces it.
status_of fwrule compile $web $day -o out --vm 6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001 --emit=ipf
grep -c 'port = 443' out/6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001/ipf.conf
