"""A publisher of one file with the faults that real ones have."""

import http.server
import socketserver
import threading

CONFIRM = """<html><head><title>Large file</title></head><body><form id="download-form" action="/confirmed" method="get">
<input type="submit" value="Download anyway"><input type="hidden" name="id" value="7">
<input type="hidden" name="confirm" value="t&amp;u"></form>"""


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        server, sent = self.server, self.headers.get("Range")
        server.seen.append((self.path, sent, self.headers.get("If-Range")))
        if self.path in server.pages:
            return self.answer(200, server.pages[self.path].encode(), {"Content-Type": "text/html; charset=utf-8"})
        if self.path.startswith("/missing"):
            return self.answer(404, b"no", {})
        first = int(sent.removeprefix("bytes=").removesuffix("-")) if sent and server.ranges else 0
        if self.headers.get("If-Range") not in (None, server.etag):
            first = 0
        first += server.shift if first else 0
        if first >= len(server.content) > 0:
            return self.answer(416, b"", {"Content-Range": f"bytes */{len(server.content)}"})
        headers = {"Content-Type": "application/octet-stream"} | ({"ETag": server.etag} if server.etag else {})
        if first:
            headers["Content-Range"] = f"bytes {first}-{len(server.content) - 1}/{len(server.content)}"
        self.answer(206 if first else 200, server.content[first:], headers)

    def answer(self, status, body, headers):
        self.send_response(status)
        for key, value in (headers | {"Content-Length": len(body)}).items():
            self.send_header(key, str(value))
        self.end_headers()
        cut = self.server.cuts.pop(0) if self.server.cuts and body else None
        self.wfile.write(body[:cut])
        if cut is not None and self.server.hold:
            self.wfile.flush()
            self.server.hold.wait(20)


class WeightsServer(http.server.ThreadingHTTPServer):
    """On a free port of the loopback. Set by the test: content, etag, ranges (does it know them?), shift (how far behind the
    first byte asked for a part begins), pages by path, cuts (bytes after which one body after the other ends) and hold (an
    event to wait for where a body is cut). Seen: path, Range and If-Range of each request."""

    daemon_threads = True

    def __init__(self, content):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.etag, self.ranges = content, '"one"', True
        self.pages, self.cuts, self.hold, self.shift, self.seen = {}, [], None, 0, []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # HTTPServer's own asks a name server for its name
