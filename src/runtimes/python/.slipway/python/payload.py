"""What a request brings as the function's payload: query, JSON, form or raw text; at most 10 MB."""

import email.parser
import email.policy
import json
from urllib.parse import parse_qs, urlsplit

MAX_BODY_BYTES = 10 * 1024 * 1024


class RefusedBody(Exception):
    """A body that is refused before the function is called."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def read_body(request):
    if request.headers.get("Transfer-Encoding", "").lower() == "chunked":
        return read_chunked(request)
    length = request.headers.get("Content-Length", "0")
    if not length.isdigit():
        raise RefusedBody(400, "Content-Length is no number")
    refuse_larger(int(length))
    return request.rfile.read(int(length))


def read_chunked(request):
    body = b""
    while True:
        try:
            size = int(request.rfile.readline(100).split(b";")[0], 16)
        except ValueError:
            raise RefusedBody(400, "the chunked body is broken") from None
        refuse_larger(len(body) + size)
        if size == 0:
            while request.rfile.readline(65536).strip():
                pass
            return body
        body += request.rfile.read(size)
        request.rfile.readline(100)


def refuse_larger(size):
    if size > MAX_BODY_BYTES:
        raise RefusedBody(413, "the body is larger than 10 MB")


def read_payload(request, content_type):
    if request.command in ("GET", "HEAD"):
        return lists_of(parse_qs(urlsplit(request.path).query, keep_blank_values=True))
    body = read_body(request)
    if not body:
        return {}
    if content_type == "application/json" or content_type.startswith("application/") and content_type.endswith("+json"):
        try:
            return json.loads(body)
        except ValueError:
            raise RefusedBody(400, "request body is not json") from None
    if content_type == "application/x-www-form-urlencoded":
        return lists_of(parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True))
    if content_type == "multipart/form-data":
        return read_form(request.headers["Content-Type"], body)
    if content_type == "" or content_type.startswith("text/"):
        return body.decode("utf-8", "replace")
    raise RefusedBody(415, f"request body type is not supported: {content_type}")


def read_form(content_type, body):
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    fields = {}
    for part in form.iter_parts():
        name = part.get_param("name", header="content-disposition")
        text = (part.get_payload(decode=True) or b"").decode("utf-8", "replace")
        fields.setdefault(name, []).append(text)
    return lists_of(fields)


def lists_of(fields):
    """One value as a string, several of a name as a list."""
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
