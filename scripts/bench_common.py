"""What the comparisons in scripts/bench.d share. scripts/bench sets the environment that is read here."""

import json
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


def benchmark_rows(name, repeat, *words):
    """The repetitions of one Google Benchmark of alea_bench, in the benchmark's own units."""
    words = [program("alea_bench"), f"--benchmark_filter=^{name}$", f"--benchmark_repetitions={repeat}", "--benchmark_format=json", *words]
    rows = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)["benchmarks"]
    rows = [row for row in rows if row["run_type"] == "iteration"]
    if not rows:
        give_up(f"alea_bench has no {name}")
    return rows


def best_seconds(rows):
    if {row["time_unit"] for row in rows} != {"ms"}:
        give_up("expected times in ms")
    return min(row["real_time"] for row in rows) / 1000


def print_ratio(ours, peer, unit, higher_is_better, name=NAME):
    """The last line. Both numbers in `unit`."""
    ratio = ours / peer if higher_is_better else peer / ours
    print(f"{name} ratio={ratio:.3f} ours={ours:.4g}{unit} peer={peer:.4g}{unit}")


def give_up(why):
    sys.exit(f"{NAME}: {why}")
