"""How far a download is, for people."""

import sys
import time


def human(n_bytes):
    if n_bytes is None:
        return "?"
    for unit in ("B", "kB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.2f} GB"


def clock(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}" if minutes >= 60 else f"{minutes}:{seconds:02}"


class Progress:
    """A line that is written over on a terminal, a line every 10 seconds elsewhere."""

    def __init__(self, name, done, total, stream=None):
        self.name, self.first, self.total, self.stream = name, done, total, stream or sys.stderr
        self.terminal = self.stream.isatty()
        self.start = self.shown = time.monotonic()

    def text(self, done):
        seconds = max(time.monotonic() - self.start, 1e-9)
        rate = (done - self.first) / seconds
        if self.total is None:
            return f"{self.name}: {human(done)}, {human(rate)}/s"
        eta = f", ETA {clock((self.total - done) / rate)}" if rate > 0 and done < self.total else ""
        return f"{self.name}: {100 * done // max(self.total, 1)}% of {human(self.total)}, {human(rate)}/s{eta}"

    def show(self, done):
        now = time.monotonic()
        if now - self.shown >= (0.2 if self.terminal else 10):
            self.shown = now
            self.write(done, end="" if self.terminal else "\n")

    def finish(self, done):
        self.write(done, end="\n")

    def write(self, done, end):
        print(("\r\033[K" if self.terminal else "") + self.text(done), end=end, file=self.stream, flush=True)
