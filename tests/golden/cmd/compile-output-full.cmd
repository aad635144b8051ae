# No more than 512 bytes a file may be written: the old file stays, whole, and
# nothing is left beside it.
mkdir -p out/6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001
echo old > out/6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001/ipf.conf
(trap '' XFSZ; ulimit -f 1
 status_of fwrule compile $web $day -o out --vm 6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001)
find out -type f
cat out/6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001/ipf.conf
