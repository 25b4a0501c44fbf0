"""One file over HTTP: resumed where an earlier try was cut, checked, moved into place whole."""

import contextlib
import errno
import fcntl
import html.parser
import http.client
import http.cookiejar
import json
import os
import shutil
import urllib.error
import urllib.parse
import urllib.request

from progress import Progress
from published import FetchError, complaint, note_path, noted_hash, sha256_of

CHUNK = 1 << 18
TIMEOUT = 60
PAGE_LIMIT = 1 << 20
NETWORK_ERRORS = (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError)


class NoDowngrade(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, fp, code, msg, headers, newurl):
        if request.type == "https" and urllib.parse.urlsplit(newurl).scheme != "https":
            raise FetchError(f"{request.full_url}: refers to {newurl}, which isn't encrypted")
        return super().redirect_request(request, fp, code, msg, headers, newurl)


class ConfirmForm(html.parser.HTMLParser):
    """The first form of a page that asks whether a large file shall really be fetched."""

    def __init__(self):
        super().__init__()
        self.action, self.fields, self.title, self._in_title = None, {}, "", False

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self._in_title = tag == "title"
        if tag == "form" and self.action is None:
            self.action = values.get("action")
        elif tag == "input" and values.get("type") == "hidden" and values.get("name"):
            self.fields[values["name"]] = values.get("value") or ""

    def handle_data(self, data):
        if self._in_title:
            self.title += data
            self._in_title = False


def same_site(a, b):
    hosts = [urllib.parse.urlsplit(address).hostname or "" for address in (a, b)]
    return hosts[0] == hosts[1] or all(host.endswith((".google.com", ".googleusercontent.com")) for host in hosts)


def confirmed_address(address, page):
    form = ConfirmForm()
    form.feed(page)
    if form.action is None or not form.fields:
        raise FetchError(f"{address}: the publisher answers with a page ('{form.title.strip()}') instead of the file: try later, "
                         "or fetch it by hand")
    target = urllib.parse.urljoin(address, form.action)
    if not same_site(address, target) or urllib.parse.urlsplit(target).scheme != urllib.parse.urlsplit(address).scheme:
        raise FetchError(f"{address}: the publisher's page refers to another site, {target}")
    return target + ("&" if "?" in target else "?") + urllib.parse.urlencode(form.fields)


class Client:
    def __init__(self):
        self.opener = urllib.request.build_opener(NoDowngrade, urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        self.opener.addheaders = [("User-Agent", "alea-fetch")]

    def get(self, address, headers):
        """A response to read from; a page that asks for confirmation is answered once."""
        response = self.opener.open(urllib.request.Request(address, headers=headers), timeout=TIMEOUT)
        if response.headers.get_content_type() != "text/html":
            return response
        with response:
            page = response.read(PAGE_LIMIT).decode(errors="replace")
        confirmed = confirmed_address(response.url, page)
        response = self.opener.open(urllib.request.Request(confirmed, headers=headers), timeout=TIMEOUT)
        if response.headers.get_content_type() == "text/html":
            response.close()
            raise FetchError(f"{address}: the publisher answers with a page even after confirmation; try later, or fetch by hand")
        return response


def explain(address, error):
    if isinstance(error, urllib.error.HTTPError):
        return FetchError(f"{address}: the server answers {error.code} {error.reason}; try later, fetch it by hand, or name a "
                          "mirror with --address-base")
    reason = getattr(error, "reason", None) or error
    host = urllib.parse.urlsplit(address).netloc
    return FetchError(f"{host}: no connection ({reason}); check the network or the proxy's settings; "
                      "the same command goes on where this one stopped")


def range_of(response):
    """(first byte, total) that a 206 answer names; (None, None) where it names none."""
    unit, _, rest = response.headers.get("Content-Range", "").partition(" ")
    span, _, total = rest.partition("/")
    first = span.partition("-")[0]
    if unit != "bytes" or not first.isdigit():
        return None, None
    return int(first), int(total) if total.isdigit() else None


def strong_validator(response):
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else response.headers.get("Last-Modified", "")


def open_rest(client, address, done, validator):
    """(response, first byte, total): from `done` where the server can, else from the beginning."""
    if done > 0:
        headers = {"Range": f"bytes={done}-"} | ({"If-Range": validator} if validator else {})
        try:
            response = client.get(address, headers)
            first, total = range_of(response) if response.status == 206 else (0, None)
            if response.status == 200 or (first == done and response.status == 206):
                return response, first, total if first else length_of(response)
            response.close()
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise
    response = client.get(address, {})
    return response, 0, length_of(response)


def length_of(response):
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else None


class PartFile:
    """What has come so far, beside the file to be, and what it is a part of. Locked: two processes never write one part."""

    def __init__(self, path):
        self.path, self.about = path.with_name(path.name + ".part"), path.with_name(path.name + ".part.json")

    @contextlib.contextmanager
    def open(self):
        with open(self.path, "ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise FetchError(f"{self.path}: another fetch is writing it; wait for that one") from None
            if not self.path.exists() or os.fstat(file.fileno()).st_ino != self.path.stat().st_ino:
                raise FetchError(f"{self.path}: another fetch has just finished it")
            try:
                yield file
            finally:
                if self.path.exists() and self.path.stat().st_size == 0 and file.tell() == 0:
                    self.drop()

    def facts(self):
        try:
            return json.loads(self.about.read_text())
        except (OSError, ValueError):
            return {}  # of unknown origin: fetched from the beginning

    def remember(self, address, validator, total):
        self.about.write_text(json.dumps({"address": address, "validator": validator, "total": total}))

    def drop(self):
        self.path.unlink(missing_ok=True)
        self.about.unlink(missing_ok=True)


def receive(response, file, done, total, name):
    progress = Progress(name, done, total)
    try:
        while chunk := response.read1(CHUNK):
            file.write(chunk)
            file.flush()
            done += len(chunk)
            progress.show(done)
    finally:
        progress.finish(done)
    if total is not None and done < total:
        raise FetchError(f"{name}: the connection ended after {done} of {total} bytes; the same command goes on from there")


def transfer(client, file, address, part, stream, resumable):
    """Brings the part file to its full length."""
    done, facts = stream.seek(0, os.SEEK_END), part.facts()
    validator = facts.get("validator") or ""
    if facts.get("address") != address or not (validator or resumable):
        done = 0
    elif done == facts.get("total"):
        return
    response, first, total = open_rest(client, address, done, validator)
    with response:
        if file.size is not None and total is not None and total != file.size:
            part.drop()
            raise FetchError(f"{address}: the server's file has {total} bytes, expected {file.size}; nothing was kept")
        if first == 0:
            stream.truncate(0)
            stream.seek(0)
            part.remember(address, strong_validator(response), total)
        free = shutil.disk_usage(part.path.parent).free
        if total is not None and total - first > free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        receive(response, stream, first, file.size if total is None else total, file.name)


def put_in_place(file, part, path):
    """Checks what came and gives it its name; what is wrong is deleted."""
    found = sha256_of(part.path)
    why = complaint(file, path, part.path.stat().st_size, found)
    if why:
        part.drop()
        mend = "correct the manifest" if file.sha256 else f"correct the manifest or delete {note_path(path)}"
        raise FetchError(f"{file.name}: not the published file: {why}; nothing was kept. If the publisher has changed it, {mend}")
    with open(part.path, "rb") as whole:
        os.fsync(whole.fileno())
    note_hash(file, path, found)
    os.replace(part.path, path)
    part.about.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def note_hash(file, path, found):
    """Where the publisher states no full hash, the first one found is what later ones are held against."""
    note = note_path(path)
    if file.sha256 is None and not note.exists():
        temporary = note.with_name(f"{note.name}.{os.getpid()}.tmp")
        temporary.write_text(f"{found}  {path.name}\n")
        os.replace(temporary, note)


def fetch_file(file, folder, address, client):
    """Fetches one file into the folder. FetchError says what to do; a part stays for the next try unless it is wrong."""
    path = folder / file.name
    part = PartFile(path)
    known = file.sha256 or file.sha256_prefix or noted_hash(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open() as stream:
            transfer(client, file, address, part, stream, known)
            stream.flush()
            put_in_place(file, part, path)
    except NETWORK_ERRORS as error:
        raise explain(address, error) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise FetchError(f"{path.parent}: the disk is full; make room, or name another folder with --to; "
                             "the same command goes on where this one stopped") from error
        raise FetchError(f"{error.filename or path}: {error.strerror or error}") from error
    return path
