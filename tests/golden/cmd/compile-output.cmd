# -o makes the folders, writes every file and nothing else.
status_of fwrule compile $web $day -o out/deep --emit=ipf,ipf6,fwapi,moray
find out -type f | LC_ALL=C sort
fwrule compile $web $day --vm 6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001 --emit=ipf | tail -n +2 |
    cmp - out/deep/6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001/ipf.conf && echo "the same text"
