#!/usr/bin/env python3
"""Checks that every header of the libraries compiles on its own.

    scripts/check_headers.py --build DIR [--root DIR] [--jobs N]

A header that some source file includes before anything else has been compiled on its own by the build already; only the others are
compiled here, syntax alone, with the flags of DIR/compile_commands.json for a file of the same folder. Prints FILE: errors, exit
status 1 if any.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

from check_layers import includes_of, resolve
from check_tree import ROOT, SOURCE_FOLDERS, files, report


def already_proved(root):
    """Headers that are the first include of a source file."""
    proved = set()
    for path in files(root, (*SOURCE_FOLDERS, "tests"), {".cpp"}):
        includes = includes_of(path)
        if includes and not includes[0][1]:
            proved.add(resolve(root, path, includes[0][2]))
    return proved


def commands_by_folder(build):
    """Compiler and flags by the folder of the source, without launcher, input and output."""
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        start = 1 if os.path.basename(words[0]) == "ccache" else 0
        end = words.index("-o") if "-o" in words else words.index("-c")
        source = pathlib.Path(entry["directory"], entry["file"]).resolve()
        commands.setdefault(source.parent, words[start:end])
    return commands


def command_for(header, root, commands):
    """That of the nearest folder with sources."""
    for folder in header.parents:
        if folder in commands:
            return commands[folder]
        if folder == root:
            break
    return next(iter(commands.values()))


def compile_alone(header, root, commands):
    words = [*command_for(header, root, commands), "-fsyntax-only", "-x", "c++", "-"]
    done = subprocess.run(words, input=f'#include "{header}"\n', capture_output=True, text=True, cwd=root)
    return None if done.returncode == 0 else f"{header.relative_to(root)}: doesn't compile on its own:\n{done.stderr[-3000:]}"


def check(root, build, jobs):
    root = root.resolve()
    commands, proved = commands_by_folder(build), already_proved(root)
    headers = [path.resolve() for path in files(root, SOURCE_FOLDERS, {".h"})]
    left = [header for header in headers if header not in proved]
    print(f"{len(headers)} headers, {len(headers) - len(left)} are some source file's first include, compiling {len(left)}")
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return [problem for problem in pool.map(lambda header: compile_alone(header, root, commands), left) if problem]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    return report(check(options.root, options.build, options.jobs), "headers")


if __name__ == "__main__":
    sys.exit(main())
