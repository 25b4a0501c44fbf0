#!/usr/bin/env python3
"""The worked example of harness/README.md, "Add a sampler", is all that a new sampler needs: it is applied to a copy of the tree, compiled, and
the copy's `alea` lists it and its contract tests pass.

    readme_sampler_test.py BUILD    a Ninja build folder in which `alea` and `test_contract` are built
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "scripts"))

import check_house  # noqa: E402
import check_layers  # noqa: E402
from check_tree import SOURCE_FOLDERS  # noqa: E402


def run(words, cwd):
    done = subprocess.run(words, capture_output=True, text=True, cwd=cwd, shell=isinstance(words, str))
    if done.returncode != 0:
        sys.exit(f"{words if isinstance(words, str) else shlex.join(map(str, words))} ends with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def example():
    """(file, its text, list, its new line): the section's C++ blocks are the file, its plain block is the line."""
    section = re.search(r"^## Add a sampler\n(.*?)^## ", (TREE / "harness/README.md").read_text() + "## ", re.MULTILINE | re.DOTALL).group(1)
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    names = dict.fromkeys(re.findall(r"`(harness/samplers/\w+\.(?:cpp|def))`", section))
    if [name.rsplit(".")[-1] for name in names] != ["cpp", "def"]:
        sys.exit(f"harness/README.md: expected one .cpp and one .def file to be named, found {', '.join(names)}")
    source = "\n".join(text for language, text in blocks if language == "cpp")
    lines = [text for language, text in blocks if not language]
    if not source or len(lines) != 1:
        sys.exit(f"harness/README.md: expected C++ blocks and one plain block, found {len(lines)} plain ones")
    return (*zip(names, (source, lines[0])),)


def copy_with(changes, copy):
    shutil.rmtree(copy, ignore_errors=True)
    for folder in SOURCE_FOLDERS:
        shutil.copytree(TREE / folder, copy / folder, ignore=shutil.ignore_patterns("*.safetensors", "*.png"))
    (source, text), (listing, line) = changes
    (copy / source).write_text(text)
    (copy / listing).write_text((copy / listing).read_text() + line)
    problems = check_layers.check(copy) + check_house.check(copy)
    if problems:
        sys.exit("the example breaks rules of the tree:\n" + "\n".join(problems))
    return [copy / source, copy / "harness/samplers/samplers.cpp"]


def compile_in(copy, source, build):
    """With the flags of the library's own files; headers and the list come from the copy."""
    entries = json.loads((build / "compile_commands.json").read_text())
    entry = next(entry for entry in entries if entry["file"] == str(TREE / "harness/samplers/samplers.cpp"))
    words = shlex.split(entry["command"])
    words = words[:words.index("-o")]
    compiler = 1 if os.path.basename(words[0]) == "ccache" else 0
    words[compiler + 1:compiler + 1] = [f"-I{copy}", f"-I{copy / 'harness'}"]
    out = copy / (source.stem + ".o")
    run([*words, "-o", out, "-c", source], entry["directory"])
    return out


def link(target, objects, out, build):
    """As the build links it, with the copy's objects in front of the libraries: what they define isn't taken from there."""
    command = run(["ninja", "-t", "commands", "-s", target], build).strip().splitlines()[-1]
    linked, count = re.subn(rf" -o {re.escape(target)} ", f" {' '.join(map(str, objects))} -o {out} ", command)
    if count != 1:
        sys.exit(f"{target} isn't linked as expected: {command}")
    run(linked, build)
    return out


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    if not (build / "build.ninja").exists():
        sys.exit(f"{build}: expected a build folder of Ninja, as CMakePresets.json makes it")
    copy = build / "readme_sampler"
    objects = [compile_in(copy, source, build) for source in copy_with(example(), copy)]
    alea = link("alea", objects, copy / "alea", build)
    if not re.search(r"^euler\b", run([alea, "list", "samplers"], build), re.MULTILINE):
        sys.exit("`alea list samplers` doesn't name the example")
    contract = link("tests/test_contract", objects, copy / "test_contract", build)
    answer = run([contract, "--gtest_filter=*SamplerContract.*/euler"], build)
    passed = int(re.search(r"\[  PASSED  \] (\d+) test", answer).group(1))
    if passed < 4:
        sys.exit(f"expected the sampler's contract tests to run on the example, {passed} did:\n{answer}")
    print(f"readme_sampler: {passed} contract tests passed, 0 problems")


if __name__ == "__main__":
    main()
