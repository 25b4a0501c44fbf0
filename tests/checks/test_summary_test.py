"""The last line of scripts/test must count what happened and nothing else."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))

import test_summary  # noqa: E402

PASSED = '<testcase name="A.Passes" status="run"/>'
FAILED = '<testcase name="A.Fails" status="fail"><failure message=""/><system-out>boom</system-out></testcase>'
SKIPPED = ('<testcase name="A.Skips" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/><system-out>[ RUN      ] A.Skips\n'
           '/a/b.cpp:3: Skipped\nneeds a\n  second device\n\n[  SKIPPED ] A.Skips (0 ms)\n</system-out></testcase>')
SCRIPT = ('<testcase name="a.script" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/><system-out>looking\nskipped: no compiler\n'
          '</system-out></testcase>')
MISSING = '<testcase name="test_a_NOT_BUILT" status="notrun"><skipped message="Unable to find executable: test_a"/></testcase>'


class TestSummaryTest(unittest.TestCase):
    def summarise(self, *cases):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write('<?xml version="1.0"?><testsuite>' + "".join(cases) + "</testsuite>")
            file.flush()
            return test_summary.summarise(file.name)

    def test_counts_and_names_what_did_not_pass(self):
        lines, status = self.summarise(PASSED, PASSED, FAILED, SKIPPED)
        self.assertEqual(lines, ["failed: A.Fails: failed", "skipped: A.Skips: needs a second device", "2 passed, 1 failed, 1 skipped"])
        self.assertEqual(status, 1)

    def test_a_script_says_why_it_was_skipped(self):
        self.assertEqual(self.summarise(PASSED, SCRIPT), (["skipped: a.script: no compiler", "1 passed, 0 failed, 1 skipped"], 0))

    def test_all_well_is_status_zero(self):
        self.assertEqual(self.summarise(PASSED, SKIPPED)[1], 0)

    def test_a_test_that_could_not_be_run_has_failed(self):
        lines, status = self.summarise(PASSED, MISSING)
        self.assertEqual((lines[-1], status), ("1 passed, 1 failed, 0 skipped", 1))

    def test_no_test_at_all_is_a_failure(self):
        self.assertEqual(self.summarise()[1], 1)


if __name__ == "__main__":
    unittest.main()
