"""subscriber - an HTTP endpoint that keeps every request it gets

    python3 -m harness.subscriber PORT DIRECTORY [CONTROL]

Each request becomes one file, DIRECTORY/NAME.json: when, method, path,
headers, body, `json` (the body parsed), `message` (the Message of an SNS
envelope parsed, or else the body), and `answer`, what it was told.  Names sort in order of
arrival.  A SubscriptionConfirmation is confirmed at once by getting its
SubscribeURL.  Other requests are answered 200, unless the path says

    /fail/STATUS/...    answered with that status
    /hang/SECONDS/...   answered 200 that much later
    /close/...          the connection is closed in the middle of the answer

or CONTROL, a JSON file read at each request, has an entry for a beginning of
the path: {"/hook": {"status": 500}}, {"hang": 30}, {"close": true}.
"""

import http.server
import itertools
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request

LOOPBACK = "127.0.0.1"
MAX_BODY = 16 << 20


def parsed(text):
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return None


class Recorder:
    """Numbered files in a directory, written by many threads."""

    def __init__(self, directory):
        self.directory = directory
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()

    def keep(self, request):
        with self.lock:
            name = "%014d-%06d-%d" % (request["when"] * 1000,
                                      next(self.numbers), os.getpid())
        path = os.path.join(self.directory, name + ".json")
        with open(path + ".new", "w") as file:
            json.dump(request, file, indent=1)
        os.replace(path + ".new", path)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    recorder = None
    control = None

    def behaviour(self):
        """{"status", "hang", "close"} for this path, empty for the usual."""
        words = self.path.split("?")[0].split("/")
        if len(words) > 2 and words[1] == "fail" and words[2].isdigit():
            return {"status": int(words[2])}
        if len(words) > 2 and words[1] == "hang" and words[2].isdigit():
            return {"hang": int(words[2])}
        if words[1:2] == ["close"]:
            return {"close": True}
        try:
            with open(self.control) as file:
                table = json.load(file)
        except (OSError, ValueError, TypeError):
            return {}
        found = [start for start in table if self.path.startswith(start)]
        return table[max(found, key=len)] if found else {}

    def answer(self, status):
        body = b"ok\n" if status < 300 else b"as asked\n"
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self):
        try:
            length = min(int(self.headers.get("Content-Length") or 0),
                         MAX_BODY)
        except ValueError:
            length = 0
        body = self.rfile.read(length).decode("utf-8", "surrogateescape")
        value = parsed(body)
        kind = value.get("Type") if isinstance(value, dict) else None
        todo = {} if kind == "SubscriptionConfirmation" else self.behaviour()
        request = {
            "when": time.time(), "method": self.command, "path": self.path,
            "headers": dict(self.headers.items()),
            "body": body, "json": value,
            "message": parsed(value.get("Message")) if kind else value,
            "answer": "close" if todo.get("close")
                      else todo.get("status", 200),
        }
        if kind == "SubscriptionConfirmation":
            request["confirmed"] = confirm(value.get("SubscribeURL"))
        self.recorder.keep(request)
        if todo.get("hang"):
            time.sleep(todo["hang"])
        if todo.get("close"):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
                             b"not all of it")
            self.close_connection = True
            return
        self.answer(todo.get("status", 200))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any

    def log_message(self, format, *args):
        sys.stderr.write("%s %s\n" % (self.log_date_time_string(),
                                      format % args))


def confirm(url):
    """Get a SubscribeURL on this machine; the status, or what went wrong."""
    if not str(url).startswith("http://%s:" % LOOPBACK):
        return "refused: not on this machine"
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        return str(error)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True


def main():
    port, directory = int(sys.argv[1]), sys.argv[2]
    Handler.recorder = Recorder(directory)
    Handler.control = sys.argv[3] if len(sys.argv) > 3 else None
    Server((LOOPBACK, port), Handler).serve_forever()


if __name__ == "__main__":
    main()
