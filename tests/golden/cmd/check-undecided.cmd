# What was not decided is said in every format, and is a note.
cp "$golden/lint/FW026-undecided.fwrule" .
for format in text json jsonl sarif junit github gitlab; do
	echo "$format: $(fwrule check --select=FW026 --format=$format FW026-undecided.fwrule 2>&1 |
	    grep -c 'not decided: whether')"
done
status_of fwrule check --select=FW026 --format=github FW026-undecided.fwrule
status_of fwrule check --select=FW026 --fail-on=note --format=github FW026-undecided.fwrule
