"""scripts/gpu-check must not call a machine proved that has no GPU, or whose tests were skipped."""

import importlib.machinery
import importlib.util
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))
LOADER = importlib.machinery.SourceFileLoader("gpu_check", str(SCRIPTS / "gpu-check"))
gpu_check = importlib.util.module_from_spec(importlib.util.spec_from_loader("gpu_check", LOADER))
LOADER.exec_module(gpu_check)

SKIPPED = ('<testcase name="B" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/><system-out>[ RUN      ] B\n'
           "/a/b.cpp:3: Skipped\nno GPU\n\n[  SKIPPED ] B (0 ms)\n</system-out></testcase>")


class GpuCheckTest(unittest.TestCase):
    def run_with(self, nvidia_smi):
        """gpu-check where nvidia-smi is this shell script, or isn't there."""
        with tempfile.TemporaryDirectory() as folder:
            if nvidia_smi is not None:
                program = pathlib.Path(folder, "nvidia-smi")
                program.write_text(f"#!/bin/sh\n{nvidia_smi}\n")
                program.chmod(program.stat().st_mode | stat.S_IXUSR)
            out = pathlib.Path(folder, "gpu.json")
            done = subprocess.run([sys.executable, SCRIPTS / "gpu-check", "--out", out], env=os.environ | {"PATH": folder}, capture_output=True, text=True)
            return done, out.exists()

    def test_without_a_gpu_it_says_so_and_ends_with_4(self):
        for nvidia_smi, reason in [(None, "isn't installed"), ("echo the driver sleeps >&2; exit 9", "the driver sleeps"), ("exit 0", "says: nothing")]:
            done, wrote = self.run_with(nvidia_smi)
            self.assertEqual((done.returncode, done.stdout, wrote), (4, "", False), done.stderr)
            self.assertIn("no NVIDIA GPU here", done.stderr)
            self.assertIn(reason, done.stderr)

    def test_a_step_that_fails_ends_with_4_and_names_itself(self):
        done, _ = self.run_with("echo 'NVIDIA H100, 580.1, 81559 MiB, 9.0'")  # PATH has no shell tools, so setup can't run
        self.assertEqual(done.returncode, 4)
        self.assertIn("setup", done.stderr)

    def test_counts_tests_and_keeps_reasons(self):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write(f'<?xml version="1.0"?><testsuite><testcase name="A" status="run"/>{SKIPPED}</testsuite>')
            file.flush()
            report = gpu_check.test_report(file.name)
        self.assertEqual(report, {"passed": 1, "failed": 0, "skipped": 1, "not_passed": [{"test": "B", "outcome": "skipped", "why": "no GPU"}]})

    def test_help_opens_with_an_example(self):
        done = subprocess.run([sys.executable, SCRIPTS / "gpu-check", "--help"], capture_output=True, text=True)
        self.assertTrue(done.stdout.startswith("Example: scripts/gpu-check"), done.stdout)


if __name__ == "__main__":
    unittest.main()
