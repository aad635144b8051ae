status_of fwrule compile $web $day --ipf-tags --vm 6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c004 --emit=ipf
