"""What is published and what of it is here: the manifests that scripts/fetch reads, and the verdict on files on disk."""

import dataclasses
import hashlib
import json
import os
import pathlib
import re
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[1]
PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
HEX = re.compile(r"[0-9a-f]{8,64}")


class FetchError(Exception):
    """What the user can mend: a file, the network, the disk."""


@dataclasses.dataclass(frozen=True)
class File:
    name: str                # path below the folder of weights
    address: str
    size: int | None         # bytes, where it is known
    about: int | None        # bytes of its parameters: what to expect where the size isn't known
    sha256: str | None
    sha256_prefix: str       # the first digits, where the published name carries them
    licence: str
    source: str


@dataclasses.dataclass(frozen=True)
class Network:
    name: str
    what: str
    files: tuple


def safe_name(name):
    """A relative path that stays below the folder it is put into: no .., no hidden file, no other separator."""
    return isinstance(name, str) and all(PART.fullmatch(part) for part in name.split("/"))


def file_of(entry, manifest):
    def wrong(key, expected):
        raise FetchError(f"{manifest}: '{key}' is {entry.get(key)!r}, expected {expected}")
    file = File(entry.get("name"), entry.get("address"), entry.get("size"), entry.get("about"), entry.get("sha256"),
                entry.get("sha256_prefix", ""), entry.get("licence", "?"), entry.get("source", entry.get("address")))
    if not safe_name(file.name):
        wrong("name", "a path of letters, digits and ._+- below the folder of weights")
    if not isinstance(file.address, str) or urllib.parse.urlsplit(file.address).scheme not in ("http", "https"):
        wrong("address", "an http or https address")
    for key in ("size", "about"):
        if getattr(file, key) is not None and not (type(getattr(file, key)) is int and getattr(file, key) > 0):
            wrong(key, "a positive number of bytes or null")
    if file.sha256 is not None and not (HEX.fullmatch(str(file.sha256)) and len(file.sha256) == 64):
        wrong("sha256", "64 hex digits or null")
    if file.sha256_prefix and not HEX.fullmatch(str(file.sha256_prefix)):
        wrong("sha256_prefix", "8 or more hex digits")
    return file


def network_of(path):
    """One manifest; those of feature networks have one file, described at the top level."""
    try:
        json_value = json.loads(path.read_text())
        name, entries = json_value["name"], json_value.get("files") or [{**json_value, "name": json_value["file"]}]
        return Network(name, json_value.get("what") or json_value["title"], tuple(file_of(entry, path) for entry in entries))
    except OSError as error:
        raise FetchError(f"{path}: can't be read: {error.strerror}") from error
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise FetchError(f"{path}: not a manifest of published weights: {type(error).__name__} {error}") from error


def read_published():
    """Networks by name, from $ALEA_SHARE/manifests where that is set, else from data/manifests."""
    manifests = pathlib.Path(os.environ.get("ALEA_SHARE") or ROOT / "data") / "manifests"
    paths = sorted([*manifests.glob("published/*.json"), *manifests.glob("networks/*.json")])
    if not paths:
        raise FetchError(f"{manifests}: no manifests in published/ or networks/; set ALEA_SHARE to alea's data folder")
    return {network.name: network for network in map(network_of, paths)}


def default_folder():
    """$ALEA_WEIGHTS, else alea/weights in the user's data folder."""
    if os.environ.get("ALEA_WEIGHTS"):
        return pathlib.Path(os.environ["ALEA_WEIGHTS"])
    home = os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local" / "share"
    return pathlib.Path(home) / "alea" / "weights"


def sha256_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def note_path(path):
    """Where the hash found at the first fetch is kept, as sha256sum writes it, for files whose publisher states none."""
    return path.with_name(path.name + ".sha256")


def noted_hash(path):
    note = note_path(path)
    if not note.exists():
        return None
    words = note.read_text(errors="replace").split()
    if not words or not re.fullmatch(r"[0-9a-f]{64}", words[0]):
        raise FetchError(f"{note}: expected a line of sha256sum; delete it if the file beside it is to be trusted as it is")
    return words[0]


def complaint(file, path, size, found):
    """Why these bytes aren't the file that `path` should hold; nothing if they may be."""
    if file.size is not None and size != file.size:
        return f"it has {size} bytes, expected {file.size}"
    noted = None if file.sha256 else noted_hash(path)
    for expected, by in ((file.sha256, "by the manifest"), (file.sha256_prefix, "at its beginning, by the published name"),
                         (noted, f"as at the first fetch, by {note_path(path).name}")):
        if expected and not found.startswith(expected):
            return f"its sha256 is {found}, expected {expected} {by}"
    return None


def verdict(file, folder):
    """("here" | "missing" | "damaged", why, sha256 found): reads the whole file."""
    path = folder / file.name
    if not path.exists():
        return "missing", "", None
    size = path.stat().st_size
    found = sha256_of(path) if file.size in (None, size) else ""
    why = complaint(file, path, size, found)
    return ("damaged", why, found) if why else ("here", "", found)
