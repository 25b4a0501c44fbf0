"""What the checks of the tree share: which files there are, and C++ without its comments and strings."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCE_FOLDERS = ("harness", "metrics", "data", "protocols", "results")

# Raw strings first: what looks like a comment or a quote inside one is neither.
_NOT_CODE = re.compile(
    r'R"(?P<tag>[^()\\\s]{0,16})\((?:.|\n)*?\)(?P=tag)"|"(?:[^"\\\n]|\\.)*"|(?<![0-9A-Fa-f])\'(?:[^\'\\\n]|\\.)+\'|//[^\n]*|/\*(?:.|\n)*?\*/')


def files(root, folders, endings):
    """Files below the folders by ending, sorted; folders that don't exist hold none."""
    found = (path for folder in folders for path in (root / folder).rglob("*") if path.is_file())
    return sorted(path for path in found if path.suffix in endings and "__pycache__" not in path.parts)


def code_only(text, keep_strings=False):
    """The text with comments (and strings) blanked out; line numbers stay."""
    def blank(match):
        token = match.group(0)
        if keep_strings and not token.startswith("/"):
            return token
        return re.sub(r"[^\n]", " ", token)
    return _NOT_CODE.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def report(problems, what):
    """Prints the problems, one a line; the exit status."""
    for problem in problems:
        print(problem)
    print(f"{what}: {len(problems)} problem{'s' if len(problems) != 1 else ''}")
    return 1 if problems else 0
