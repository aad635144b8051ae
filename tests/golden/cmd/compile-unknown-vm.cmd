status_of fwrule compile $web $day --vm 6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c0ff
# A remote VM has no file.
status_of fwrule compile $web $day --vm c2a7d6b0-9d5e-4d53-8f6e-1f3a52b7d101
# A VM whose firewall is off has none either.
status_of fwrule compile $web $day --vm 6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c005
