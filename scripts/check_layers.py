#!/usr/bin/env python3
"""Checks the arrows between the libraries: who may include whom, and who may see the tensor library.

    scripts/check_layers.py [--root DIR]

Every #include "..." of ours must follow an arrow of ALLOWED; ALLOWED itself may hold no cycle. Headers may not include each other
in a circle, and the files of one plug-in may not include those of another. Prints FILE:LINE: problem, exit status 1 if any.
"""

import argparse
import graphlib
import pathlib
import re
import sys

from check_tree import ROOT, SOURCE_FOLDERS, code_only, files, line_of, report

NETWORK_SIDE = {"core", "formats", "models", "samplers", "uncertainty", "trajectory"}
ALLOWED = {
    "core": set(),
    "formats": {"core"},
    "hdf5": {"core", "formats"},
    "metrics": {"core"},
    "data": {"core", "formats", "hdf5"},
    "store": {"core", "formats", "hdf5"},
    "results": {"core", "formats", "hdf5", "metrics"},
    "models": {"core", "formats", "hdf5"},
    "samplers": {"core", "models"},
    "uncertainty": {"core", "models", "samplers"},
    "trajectory": {"core", "models", "samplers", "uncertainty"},
    "train": NETWORK_SIDE | {"data", "metrics"},
    "protocols": NETWORK_SIDE | {"hdf5", "data", "metrics", "store", "results"},
    "run": NETWORK_SIDE | {"hdf5", "data", "metrics", "store", "results", "protocols"},
    "cli": NETWORK_SIDE | {"hdf5", "data", "metrics", "store", "results", "protocols", "run", "train"},
}
WITHOUT_TORCH = {"core", "formats", "hdf5", "metrics", "data", "store", "results"}
GENERATED = {"alea_git_revision.h"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
TORCH_HEADER = re.compile(r"(ATen|torch|c10|caffe2)/")


def library_of(relative):
    parts = relative.parts
    return parts[1] if parts[0] == "harness" else parts[0]


def includes_of(path):
    """(line, True for <...>, name, True for a header's second half) of every include."""
    text = code_only(path.read_text(), keep_strings=True)
    return [(line_of(text, match.start()), match[1] == "<", match[2], is_second_half(text, match)) for match in INCLUDE.finditer(text)]


def is_second_half(text, match):
    """The bodies of a header's templates are included as its last line and may include the header in turn."""
    return not text[match.end():].strip() and text[:match.start()].rstrip().endswith("}")


def resolve(root, path, name):
    """The file of ours that #include "name" means, None where there is none."""
    for folder in (root, root / "harness", path.parent):
        if (folder / name).is_file():
            return (folder / name).resolve()
    return None


def plugins_of(folder):
    """Kinds that the folder's .def lists name: "ddim" for ALEA_SAMPLER(ddim), "filtering" for ALEA_PROTOCOL(filtering_protocol)."""
    text = "".join(code_only(path.read_text()) for path in folder.glob("*.def"))
    return re.findall(r"^\s*ALEA_\w+\((\w+?)(?:_protocol)?\)", text, re.MULTILINE)


def plugin_of(path):
    """The plug-in that a file belongs to (KIND.cpp, KIND_part.h), None for the family's own files."""
    owners = [kind for kind in plugins_of(path.parent) if path.stem == kind or path.stem.startswith(kind + "_")]
    return max(owners, key=len, default=None)


def check_torch(library, relative, name):
    if name == "torch/torch.h":
        return "<torch/torch.h> costs half a minute a file: include the least of ATen"
    if library in WITHOUT_TORCH and TORCH_HEADER.match(name):
        return f"{library} must not see the tensor library's headers, found <{name}>"
    if relative.suffix == ".h" and name == "ATen/ATen.h":
        return "<ATen/ATen.h> in a header costs every file that sees it 9 seconds: include the operators"
    return None


def check_arrow(root, path, relative, target):
    source, to = library_of(relative), library_of(target.relative_to(root))
    if source not in ALLOWED or to not in ALLOWED:
        return f"library {source if source not in ALLOWED else to} has no place in scripts/check_layers.py: add it with its arrows"
    if to != source and to not in ALLOWED[source]:
        return f"{source} must not include {to} ({target.relative_to(root)}); it may include {', '.join(sorted(ALLOWED[source])) or 'nothing'}"
    mine, theirs = plugin_of(path), plugin_of(target)
    if mine and theirs and path.parent == target.parent and mine != theirs:
        return f"plug-in {mine} must not include plug-in {theirs} ({target.name}): move what they share into the family"
    return None


def problem_of(root, path, relative, system, name):
    """(problem or None, included file of ours or None)."""
    if system:
        return check_torch(library_of(relative), relative, name), None
    if name in GENERATED:
        return None, None
    target = resolve(root, path, name)
    if target is None:
        return f'"{name}" is no file of this tree: write <{name}> for what others installed', None
    return check_arrow(root, path, relative, target), target


def cycle_in(graph, root, what):
    try:
        graphlib.TopologicalSorter(graph).prepare()
        return []
    except graphlib.CycleError as error:
        names = [str(node.relative_to(root)) if isinstance(node, pathlib.Path) else node for node in error.args[1]]
        return [f"{names[0]}:1: {what} include each other in a circle: {' <- '.join(names)}"]


def check(root):
    root = root.resolve()
    problems, graph = cycle_in(ALLOWED, root, "libraries"), {}
    for path in files(root, SOURCE_FOLDERS, {".h", ".cpp", ".def"}):
        relative = path.relative_to(root)
        for line, system, name, second_half in includes_of(path):
            problem, target = problem_of(root, path, relative, system, name)
            if problem:
                problems.append(f"{relative}:{line}: {problem}")
            if target is not None and path.suffix == ".h" and not second_half:
                graph.setdefault(path.resolve(), set()).add(target)
    for path in files(root, ["tests"], {".h", ".cpp"}):
        problems += [f"{path.relative_to(root)}:{line}: <torch/torch.h> costs half a minute a file" for line, _, name, _ in includes_of(path)
                     if name == "torch/torch.h"]
    return problems + cycle_in(graph, root, "headers")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    return report(check(parser.parse_args().root), "layers")


if __name__ == "__main__":
    sys.exit(main())
