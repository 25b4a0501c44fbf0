#!/usr/bin/env python3
"""Says in one line how the tests went.

    scripts/test_summary.py JUNIT.xml

Reads what `ctest --output-junit` wrote, where every GoogleTest case is a case of its own. Prints each failed test, each skipped one
with its reason, and last "N passed, N failed, N skipped". Exit status 1 if a test failed or none ran.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree


def skip_reason(case):
    """What GTEST_SKIP() said, between "Skipped" and the line that names the skipped test, or a script after "skipped: "."""
    output = case.findtext("system-out") or ""
    match = re.search(r": Skipped\n(.*?)\n*\[  SKIPPED \]", output, re.DOTALL) or re.search(r"^skipped: (.*)$", output, re.MULTILINE)
    return " ".join(match.group(1).split()) if match and match.group(1).strip() else "no reason given"


def verdict(case):
    """(passed | failed | skipped, why). A test that could not be run has failed: only one that says so itself is skipped."""
    status = case.get("status")
    if status == "run":
        return "passed", ""
    skipped = case.find("skipped")
    message = "" if skipped is None else skipped.get("message", "")
    if status == "disabled":
        return "skipped", "disabled"
    if status == "notrun" and message.startswith("SKIP_"):
        return "skipped", skip_reason(case)
    failure = case.find("failure")
    return "failed", message or ("" if failure is None else failure.get("message", "")) or "failed"


def summarise(path):
    """(lines to print, exit status)."""
    counts, lines = {"passed": 0, "failed": 0, "skipped": 0}, []
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        outcome, why = verdict(case)
        counts[outcome] += 1
        if outcome != "passed":
            lines.append(f"{outcome}: {case.get('name')}: {why}")
    lines.append(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    return lines, 1 if counts["failed"] or not counts["passed"] else 0


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    lines, status = summarise(sys.argv[1])
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main())
