"""What the comparisons in scripts/bench.d share. scripts/bench sets the environment that is read here."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
NAME = os.environ["ALEA_BENCH_NAME"]
THREADS = int(os.environ["ALEA_BENCH_THREADS"])
PEER_PYTHON = ROOT / ".deps/peers/bin/python"


def program(target):
    """Path of a program of ours, built as it should be by now."""
    build = ROOT / os.environ["ALEA_BUILD"]
    subprocess.run(["cmake", "--build", build, "--target", target, "--parallel", str(os.cpu_count())], check=True, stdout=sys.stderr)
    return build / "tests" / target


def print_ratio(ours, peer, unit, higher_is_better):
    """The last line. Both numbers in `unit`."""
    ratio = ours / peer if higher_is_better else peer / ours
    print(f"{NAME} ratio={ratio:.3f} ours={ours:.4g}{unit} peer={peer:.4g}{unit}")


def give_up(why):
    sys.exit(f"{NAME}: {why}")
