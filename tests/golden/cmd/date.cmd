# SOURCE_DATE_EPOCH makes the output reproducible, --date is taken as it is, but on one line.
head_of() { fwrule compile $web --vm 6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001 --emit=ipf "$@" | grep -A1 generated; }
SOURCE_DATE_EPOCH=0 head_of
SOURCE_DATE_EPOCH=1717200000 head_of
SOURCE_DATE_EPOCH=1717200000 head_of --date 'some day'
head_of --date "a day
pass in all"
