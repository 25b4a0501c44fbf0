#!/usr/bin/env python3
"""Checks that files and functions stay small enough to be read.

    scripts/check_size.py [--root DIR]

Files: a note above 300 lines, an error above 500. Functions: a note above 50 lines, an error above 80; C++ functions are found by
their braces, Python's by its own parser. Exit status 1 for errors only.
"""

import argparse
import ast
import pathlib
import re
import sys

from check_tree import ROOT, SOURCE_FOLDERS, code_only, files, line_of, report

FILE_NOTE, FILE_ERROR = 300, 500
FUNCTION_NOTE, FUNCTION_ERROR = 50, 80
MARK = re.compile(r"[;{}]")
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")
TEMPLATE = re.compile(r"^\s*template\s*<[^{}]*?>\s*(?=\w)")
# `)` and what may follow it up to the body, or a constructor's last initialiser.
FUNCTION = re.compile(r"(\)|\bconst|\bnoexcept|\boverride|\bfinal|\btry|&|\}|->\s*[\w:<>,&*\s]+)\s*$")


def cpp_functions(text):
    """(name, first line, lines) of every function with a body, outermost ones only."""
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), code_only(text), flags=re.MULTILINE)
    found, header, position = [], 0, 0
    while (match := MARK.search(code, position)) is not None:
        at, position = match.start(), match.end()
        if match.group(0) != "{":
            header = position
            continue
        head = code[header:at]
        if is_function(head):
            position = closing(code, at)
            first = line_of(code, header + len(head) - len(head.lstrip()))
            found.append((name_of(head), first, line_of(code, position) - first + 1))
            header = position
        elif SCOPE.search(TEMPLATE.sub("", head)) and "=" not in head:
            header = position
        else:
            position = closing(code, at)  # a braced value: its declaration goes on behind it
    return found


def is_function(head):
    plain = re.sub(r"operator\s*\S+\s*\(", "operator(", head)
    return "(" in plain and FUNCTION.search(plain) is not None and not re.search(r"(?<![=!<>])=(?!=)\s*[^,()]*$", plain)


def name_of(head):
    match = re.search(r"([~\w:]+)\s*\(", head)
    return match.group(1) if match else "?"


def closing(code, opening):
    """Just behind the brace that closes the one at `opening`; the end where none does."""
    depth = 0
    for match in re.finditer(r"[{}]", code[opening:]):
        depth += 1 if match.group(0) == "{" else -1
        if depth == 0:
            return opening + match.end()
    return len(code)


def python_functions(text):
    return [(node.name, node.lineno, node.end_lineno - node.lineno + 1) for node in ast.walk(ast.parse(text))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def judge(relative, text):
    """(errors, notes) of one file."""
    errors, notes = [], []
    n_lines = text.count("\n")
    if n_lines > FILE_NOTE:
        (errors if n_lines > FILE_ERROR else notes).append(f"{relative}:1: {n_lines} lines, aim at {FILE_NOTE}, at most {FILE_ERROR}")
    functions = python_functions(text) if relative.suffix == ".py" else cpp_functions(text)
    for name, line, length in functions:
        if length > FUNCTION_NOTE:
            message = f"{relative}:{line}: {name} has {length} lines, aim at {FUNCTION_NOTE}, at most {FUNCTION_ERROR}"
            (errors if length > FUNCTION_ERROR else notes).append(message)
    return errors, notes


def check(root):
    errors, notes = [], []
    for path in files(root, (*SOURCE_FOLDERS, "tests", "scripts"), {".h", ".cpp", ".py"}):
        more_errors, more_notes = judge(path.relative_to(root), path.read_text())
        errors += more_errors
        notes += more_notes
    return errors, notes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    errors, notes = check(parser.parse_args().root)
    for note in notes:
        print("note:", note)
    return report(errors, "size")


if __name__ == "__main__":
    sys.exit(main())
