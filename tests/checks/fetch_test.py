"""scripts/fetch against a server of its own: nothing wrong is ever kept, nothing that came is fetched twice."""

import contextlib
import errno
import hashlib
import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import unittest.mock

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

import download  # noqa: E402
import progress  # noqa: E402
import published  # noqa: E402
from weights_server import CONFIRM, WeightsServer  # noqa: E402

loader = importlib.machinery.SourceFileLoader("fetch_program", str(SCRIPTS / "fetch"))  # it has no ending that import knows
fetch_program = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
loader.exec_module(fetch_program)

CONTENT = bytes(range(256)) * 1000 + b"end"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class FetchTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)
        self.folder = self.root / "weights"
        self.server = WeightsServer(CONTENT)
        self.addCleanup(self.server.stop)
        self.address = self.server.address
        self.environment = {"ALEA_SHARE": str(self.root / "share"), "ALEA_WEIGHTS": str(self.folder), "no_proxy": "127.0.0.1"}

    def publish(self, name="net.pt", path="/net.pt", **keys):
        file = {"name": name, "address": self.address + path, "size": None, "sha256": None, "licence": "MIT"} | keys
        manifest = self.root / "share/manifests/published/net.json"
        manifest.parent.mkdir(parents=True, exist_ok=True)
        manifest.write_text(json.dumps({"name": "net", "what": "a network", "files": [file]}))

    def spawn(self, *words):
        return subprocess.Popen([sys.executable, SCRIPTS / "fetch", *words], env=os.environ | self.environment,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def fetch(self, *words, status=0):
        """(stdout, stderr) of scripts/fetch with these words, in this process: a new one takes longer than a test."""
        out, err = io.StringIO(), io.StringIO()
        environment = unittest.mock.patch.dict(os.environ, self.environment)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), environment:
            try:
                found = fetch_program.main(list(words))
            except SystemExit as ended:
                found = ended.code
        self.assertEqual(found, status, out.getvalue() + err.getvalue())
        return out.getvalue(), err.getvalue()

    def assert_fetched(self, *extra):
        self.assertEqual((self.folder / "net.pt").read_bytes(), CONTENT)
        self.assertEqual({path.name for path in self.folder.iterdir()}, {"net.pt", *extra})

    def assert_nothing_kept(self):
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_file_comes_whole_and_only_once(self):
        self.publish(size=len(CONTENT), sha256=SHA256)
        process = self.spawn("net")
        out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, out), (0, f"{self.folder}/net.pt\n"), err)
        self.assertIn("100% of 256 kB", err)
        self.assert_fetched()
        self.assertEqual(self.fetch("net.pt")[0], out)
        self.assertEqual(len(self.server.seen), 1)

    def test_two_cuts_are_gone_on_from(self):
        self.publish(sha256=SHA256)
        self.server.cuts = [100_000, 50_000]
        for bytes_here in (100_000, 150_000):
            self.assertIn(f"after {bytes_here} of {len(CONTENT)} bytes", self.fetch("net", status=4)[1])
            self.assertFalse((self.folder / "net.pt").exists())
        self.fetch("net")
        self.assert_fetched()
        self.assertEqual(self.server.seen, [("/net.pt", None, None), ("/net.pt", "bytes=100000-", '"one"'),
                                            ("/net.pt", "bytes=150000-", '"one"')])

    def test_an_interrupt_keeps_what_came(self):
        self.publish(sha256=SHA256)
        self.server.cuts, self.server.hold = [90_000, 60_000], threading.Event()
        for bytes_here in (90_000, 150_000):
            process = self.spawn("net")
            part, deadline = self.folder / "net.pt.part", time.monotonic() + 20
            while not (part.exists() and part.stat().st_size == bytes_here) and time.monotonic() < deadline:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            err = process.communicate(timeout=20)[1]
            self.assertEqual((process.returncode, part.stat().st_size), (130, bytes_here), err)
        self.server.hold.set()
        self.fetch("net")
        self.assert_fetched()
        self.assertEqual([sent for _, sent, _ in self.server.seen], [None, "bytes=90000-", "bytes=150000-"])

    def test_a_server_without_ranges_is_asked_again_for_all(self):
        self.publish(sha256=SHA256)
        self.server.cuts, self.server.ranges = [100_000], False
        self.fetch("net", status=4)
        self.fetch("net")
        self.assert_fetched()

    def test_a_file_that_changed_in_between_is_fetched_from_the_beginning(self):
        self.publish()
        self.server.content, self.server.etag, self.server.cuts = b"old" * len(CONTENT), '"old"', [100_000]
        self.fetch("net", status=4)
        self.server.content, self.server.etag = CONTENT, '"new"'
        self.fetch("net")
        self.assert_fetched("net.pt.sha256")

    def test_without_strong_validator_and_hash_nothing_is_pieced_together(self):
        for etag in (None, 'W/"weak"'):
            self.publish(name=f"{etag is None}.pt")
            self.server.cuts, self.server.etag, self.server.seen = [100_000], etag, []
            self.fetch("net", status=4)
            self.fetch("net")
            self.assertEqual([sent for _, sent, _ in self.server.seen], [None, None])

    def test_an_answer_that_begins_elsewhere_is_not_pieced_together(self):
        self.publish(sha256=SHA256)
        self.server.cuts, self.server.shift = [100_000], 5
        self.fetch("net", status=4)
        self.fetch("net")
        self.assertEqual([sent for _, sent, _ in self.server.seen], [None, "bytes=100000-", None])
        self.assert_fetched()

    def test_a_part_that_is_complete_or_too_long_ends_well(self):
        self.publish(sha256=SHA256)
        for extra, requests in ((b"", 1), (b"more", 3)):
            self.server.cuts, self.server.seen = [1000], []
            self.fetch("net", status=4)
            (self.folder / "net.pt.part").write_bytes(CONTENT + extra)
            self.fetch("net")
            self.assert_fetched()
            self.assertEqual(len(self.server.seen), requests)
            (self.folder / "net.pt").unlink()

    def test_a_wrong_hash_is_refused_with_both_and_nothing_is_kept(self):
        self.publish(sha256="0" * 64)
        err = self.fetch("net", status=4)[1]
        self.assertIn("net.pt: not the published file", err)
        self.assertIn(SHA256, err)
        self.assertIn("0" * 64, err)
        self.assert_nothing_kept()

    def test_the_prefix_in_a_published_name_is_a_hash_too(self):
        self.publish(sha256_prefix=SHA256[:8])
        self.fetch("net")
        self.assert_fetched("net.pt.sha256")
        self.publish(name="other.pt", sha256_prefix="01234567")
        self.assertIn("01234567", self.fetch("net", status=4)[1])
        self.assert_fetched("net.pt.sha256")

    def test_a_wrong_size_is_refused_before_it_is_fetched(self):
        self.publish(size=len(CONTENT) + 1)
        self.assertIn(f"server's file has {len(CONTENT)} bytes, expected {len(CONTENT) + 1}", self.fetch("net", status=4)[1])
        self.assert_nothing_kept()

    def test_the_first_hash_found_holds_from_then_on(self):
        self.publish()
        self.fetch("net")
        self.assertEqual((self.folder / "net.pt.sha256").read_text(), f"{SHA256}  net.pt\n")
        (self.folder / "net.pt").unlink()
        self.server.content = b"another" * 1000
        err = self.fetch("net", status=4)[1]
        self.assertIn(SHA256, err)
        self.assertIn("delete", err)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["net.pt.sha256"])

    def test_404_and_no_server_are_said(self):
        self.publish(path="/missing.pt")
        self.assertIn("/missing.pt: the server answers 404", self.fetch("net", status=4)[1])
        self.assert_nothing_kept()
        self.publish()
        self.assertIn("no connection", self.fetch("net", "--address-base", "http://127.0.0.1:1/mirror", status=4)[1])
        self.assert_nothing_kept()

    def test_a_mirror_is_asked_by_file_name(self):
        self.publish(name="sub/net.pt", path="/missing", sha256=SHA256)
        self.fetch("net", "--address-base", self.address + "/mirror/", "--to", str(self.root / "there"))
        self.assertEqual(self.server.seen[0][0], "/mirror/sub/net.pt")
        self.assertEqual((self.root / "there" / "sub" / "net.pt").read_bytes(), CONTENT)

    def test_a_page_that_asks_for_confirmation_is_answered_and_resumed_behind(self):
        self.publish(path="/uc?id=7", sha256=SHA256)
        self.server.pages = {"/uc?id=7": CONFIRM}
        self.server.cuts = [len(CONFIRM.encode()), 100_000, len(CONFIRM.encode())]
        self.fetch("net", status=4)
        self.fetch("net")
        self.assert_fetched()
        self.assertEqual([seen[:2] for seen in self.server.seen],
                         [("/uc?id=7", None), ("/confirmed?id=7&confirm=t%26u", None),
                          ("/uc?id=7", "bytes=100000-"), ("/confirmed?id=7&confirm=t%26u", "bytes=100000-")])

    def test_any_other_page_is_not_a_file(self):
        self.publish(path="/uc")
        for page, words in ((CONFIRM.replace("/confirmed", "http://elsewhere.invalid/x"), "another site"),
                            ("<title>Quota exceeded</title>", "'Quota exceeded'")):
            self.server.pages = {"/uc": page}
            self.assertIn(words, self.fetch("net", status=4)[1])
            self.assert_nothing_kept()

    def test_list_says_what_is_here(self):
        self.publish(size=len(CONTENT), sha256=SHA256)
        self.assertRegex(self.fetch("--list")[0], r"net +net\.pt +256 kB +MIT +missing\n")
        self.fetch("--all")
        self.assertRegex(self.fetch("--list", "net")[0], r"net +net\.pt +256 kB +MIT +here\n")
        (self.folder / "net.pt").write_bytes(CONTENT[:-1] + b"x")
        self.assertRegex(self.fetch("--list")[0], r"MIT +damaged: its sha256 is")

    def test_check_fails_for_damaged_and_for_named_missing_files(self):
        self.publish()
        self.fetch("--check")
        self.assertIn("net.pt: missing", self.fetch("--check", "net", status=4)[0])
        self.fetch("net")
        self.assertIn(f"net.pt: here sha256 {SHA256}", self.fetch("--check")[0])
        (self.folder / "net.pt").write_bytes(CONTENT[:-1])
        self.assertIn("net.pt: damaged", self.fetch("--check", status=4)[0])
        self.fetch("net")
        self.assert_fetched("net.pt.sha256")

    def test_names_that_leave_the_folder_are_refused(self):
        for name in ("../net.pt", "/etc/net.pt", "a/../../net.pt", "a\\..\\net.pt", ".hidden", "a//b", "", "a\n", None):
            self.publish(name=name)
            self.assertIn("net.json: 'name' is", self.fetch("net", status=4)[1], name)
        self.publish()
        self.assertIn("unknown name '../net.pt'", self.fetch("../net.pt", status=2)[1])
        self.publish(address="file:///etc/passwd")
        self.assertIn("expected an http or https address", self.fetch("net", status=4)[1])
        self.assertEqual(self.server.seen, [])

    def test_usage(self):
        self.publish()
        self.assertTrue(self.fetch("--help")[0].startswith("usage: scripts/fetch adm64\n"))
        for words in ([], ["nett"], ["--all", "net"], ["--list", "--all"], ["net", "--address-base", "here"]):
            self.fetch(*words, status=2)
        self.assertIn("near it: net", self.fetch("nett", status=2)[1])

    def test_a_full_disk_is_said_before_and_while_it_fills(self):
        self.publish(sha256=SHA256)
        usage = unittest.mock.Mock(free=len(CONTENT) - 1)
        full = OSError(errno.ENOSPC, "No space left on device")
        for name, effect in (("shutil.disk_usage", {"return_value": usage}), ("receive", {"side_effect": full})):
            with unittest.mock.patch(f"download.{name}", **effect):
                self.assertIn("disk is full", self.fetch("net", status=4)[1])
            self.assert_nothing_kept()

    def test_two_fetches_never_write_one_part(self):
        self.publish(sha256=SHA256)
        self.folder.mkdir()
        with download.PartFile(self.folder / "net.pt").open():
            self.assertIn("another fetch is writing it", self.fetch("net", status=4)[1])
        self.assert_nothing_kept()

    def test_an_encrypted_address_never_becomes_an_open_one(self):
        request = unittest.mock.Mock(type="https", full_url="https://a/x")
        with self.assertRaisesRegex(published.FetchError, "isn't encrypted"):
            download.NoDowngrade().redirect_request(request, None, 302, "", {}, "http://a/x")


class ProgressTest(unittest.TestCase):
    def test_rate_and_time_left(self):
        with unittest.mock.patch("progress.time.monotonic", side_effect=[0.0, 10.0]):
            line = progress.Progress("a.pt", 500_000_000, 2_000_000_000, io.StringIO()).text(1_000_000_000)
        self.assertEqual(line, "a.pt: 50% of 2.00 GB, 50 MB/s, ETA 0:20")


class ManifestsTest(unittest.TestCase):
    def test_those_of_alea_can_be_read_and_have_distinct_files(self):
        with unittest.mock.patch.dict(os.environ, {"ALEA_SHARE": ""}):
            networks = published.read_published()
        self.assertLessEqual({"adm64", "adm128", "adm64-classifier", "adm128-classifier", "uvit256", "uvit512", "autoencoder-kl",
                              "ddpm-cifar10-32", "inception", "vgg16"}, networks.keys())
        files = [file for network in networks.values() for file in network.files]
        self.assertEqual(len({file.name for file in files}), len(files))
        for file in files:
            self.assertTrue(file.address.startswith("https://"), file)
            self.assertTrue(not file.sha256 or file.sha256.startswith(file.sha256_prefix), file)


if __name__ == "__main__":
    unittest.main()
