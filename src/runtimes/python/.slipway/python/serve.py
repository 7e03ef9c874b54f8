"""The HTTP side of a function: health, messages, plain web requests; finishes accepted calls on SIGTERM."""

import json
import signal
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from call import call_function
from payload import RefusedBody, lists_of, read_body, read_payload

MESSAGE_TYPE = "application/vnd.slipway.message+json"
LINGER_SECONDS = 5
STATUS_BY_ERROR = {"InputError": 400, "FunctionError": 502, "SystemError": 500}


class Handler(BaseHTTPRequestHandler):
    """Answers one connection's requests."""

    protocol_version = "HTTP/1.1"
    function = None
    # One small answer must not wait for the client's delayed acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1

    is_busy = False

    def setup(self):
        super().setup()
        self.server.handlers.add(self)

    def finish(self):
        self.server.handlers.discard(self)
        super().finish()

    def answer(self):
        self.is_busy = True
        try:
            self.answer_or_raise()
        except RefusedBody as refused:
            self.close_connection = True
            self.send_json(refused.status, {"error": "InputError", "message": str(refused)})
            self.linger()
        finally:
            self.is_busy = False
            self.close_connection = self.close_connection or self.server.is_stopping

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def answer_or_raise(self):
        if self.path == "/healthz":
            self.send_json(200, {})
            return
        content_type = self.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if content_type == MESSAGE_TYPE:
            self.answer_message()
            return
        payload = read_payload(self, content_type)
        context = {"secrets": {}, "serviceBindings": {}, "httpContext": self.http_context()}
        call = call_function(self.function, context, payload)
        error = call["error"]
        if error is not None:
            status = 504 if call["is_late"] else STATUS_BY_ERROR[error["type"]]
            self.send_json(status, {"error": error["type"], "message": error["message"]})
            return
        self.send_output(call["payload"])

    def linger(self):
        """Reads on for a while: to close with a body half read would cut the answer off on its way."""
        deadline = time.monotonic() + LINGER_SECONDS
        try:
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(LINGER_SECONDS)
            while time.monotonic() < deadline and self.connection.recv(65536):
                pass
        except OSError:
            pass  # The client is gone, or silent: nothing is left to be kept.

    def answer_message(self):
        try:
            message = json.loads(read_body(self))
        except ValueError:
            refusal = {"type": "SystemError", "message": "the message is not JSON", "stacktrace": []}
            self.send_message(refusal, {"stdout": [], "stderr": []}, None)
            return
        call = call_function(self.function, message.get("context") or {}, message.get("payload"))
        self.send_message(call["error"], call["logs"], call["payload"])

    def send_message(self, error, logs, payload):
        self.send_json(200, {"context": {"error": error, "logs": logs}, "payload": payload})

    def http_context(self):
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = lists_of(parse_qs(url.query, keep_blank_values=True))
        return {"method": self.command, "path": url.path, "query": query, "headers": headers}

    def send_output(self, output):
        if output is None or output == "":
            self.send_bytes(200, None, b"")
        elif isinstance(output, str):
            self.send_bytes(200, "text/plain; charset=utf-8", output.encode())
        else:
            self.send_json(200, output)

    def send_json(self, status, value):
        self.send_bytes(status, "application/json", json.dumps(value).encode())

    def send_bytes(self, status, content_type, body):
        self.send_response(status)
        if content_type:
            self.send_header("Content-Type", content_type)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_):
        """The gateway keeps the access log."""


class Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address, handler):
        self.handlers = set()
        self.is_stopping = False
        super().__init__(address, handler)

    def stop(self, *_):
        """Takes no new connection, ends idle ones; busy ones end with their answer."""
        self.is_stopping = True
        threading.Thread(target=self.shutdown).start()
        for handler in list(self.handlers):
            if not handler.is_busy:
                handler.connection.shutdown(socket.SHUT_RD)


def serve(function, port):
    Handler.function = staticmethod(function)
    server = Server(("0.0.0.0", port), Handler)
    signal.signal(signal.SIGTERM, server.stop)
    server.serve_forever()
    server.server_close()
