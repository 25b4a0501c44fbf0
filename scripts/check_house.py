#!/usr/bin/env python3
"""Checks the rules of the house that a compiler doesn't know.

    scripts/check_house.py [--root DIR]

Randomness comes from core/philox.h alone, so that a sample's identity decides its numbers: no generator of the C or C++ library and
none of the tensor library outside of tests/, but for the one file that draws the paper's start points as the paper did. Every header
starts with #pragma once. Products and sums are never fused or reordered behind our back: no -ffast-math; -fopenmp for single files
only, which join the tensor library's threads. Prints FILE:LINE: problem, exit status 1 if any.
"""

import argparse
import pathlib
import re
import sys

from check_tree import ROOT, SOURCE_FOLDERS, code_only, files, line_of, report

RANDOM = {
    r"\bstd::random_device\b": "std::random_device gives other numbers in each run",
    r"\bstd::(mt19937(_64)?|minstd_rand0?|default_random_engine|\w+_distribution)\b": "generators with a state depend on the order of calls",
    r"(?<![\w.:>])(std::)?s?rand\s*\(": "rand() depends on the order of calls",
}
TORCH_RANDOM = {
    r"\b(at|torch)::(rand|randn|randint|randperm|rand_like|randn_like|randint_like|bernoulli|normal|multinomial|poisson|dropout)\b":
        "torch's generator depends on the order of calls",
    r"(\.|->)(normal_|uniform_|bernoulli_|bernoulli|random_|exponential_|cauchy_|log_normal_|geometric_)\s*\(":
        "torch's generator depends on the order of calls",
}
# The paper's start points are what torch's generator draws, so nothing else can make them.
PEER_START_POINTS = pathlib.PurePath("harness/samplers/paper_start.cpp")
FLAGS = re.compile(r"-ffast-math|-funsafe-math-optimizations|-fassociative-math|-Ofast|-ffp-contract=fast|"
                   r"^(?!set_source_files_properties\()[^\n]*-fopenmp", re.MULTILINE)


def check_random(relative, code):
    patterns = RANDOM if relative == PEER_START_POINTS else RANDOM | TORCH_RANDOM
    return [f"{relative}:{line_of(code, match.start())}: {match.group(0).strip()}: {why}; draw from core/philox.h instead"
            for pattern, why in patterns.items() for match in re.finditer(pattern, code)]


def check_pragma(relative, code):
    if relative.suffix != ".h" or re.match(r"\s*#pragma once\s", code):
        return []
    return [f"{relative}:1: a header starts with #pragma once"]


def check_flags(root):
    listed = [path for path in [root / "CMakeLists.txt", root / "CMakePresets.json"] if path.is_file()]
    listed += files(root, ["tests", "scripts"], {".cmake", ".txt"})
    problems = []
    for path in listed:
        text = re.sub(r"#[^\n]*", "", path.read_text())
        problems += [f"{path.relative_to(root)}:{line_of(text, match.start())}: {match.group(0).split()[-1]} changes results or threads behind our back"
                     for match in FLAGS.finditer(text)]
    return problems


def check(root):
    problems = check_flags(root)
    for path in files(root, SOURCE_FOLDERS, {".h", ".cpp", ".def"}):
        relative, code = path.relative_to(root), code_only(path.read_text())
        problems += check_random(relative, code) + check_pragma(relative, code)
    for path in files(root, ["tests"], {".h"}):
        problems += check_pragma(path.relative_to(root), code_only(path.read_text()))
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    return report(check(parser.parse_args().root), "house")


if __name__ == "__main__":
    sys.exit(main())
