# A folder that cannot be made, a file where a folder must be, a folder where a file must be.
echo text > file
status_of fwrule compile $web $day -o file
status_of fwrule compile $web $day -o file/below
mkdir -p out/6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001/ipf.conf
status_of fwrule compile $web $day -o out --vm 6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001
find out -type f
