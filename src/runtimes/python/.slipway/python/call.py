"""One call of the function: what it prints is captured, what it raises is given a type, its deadline is kept."""

import contextvars
import datetime
import json
import sys
import threading
import time
import traceback

INPUT_ERRORS = (ValueError, TypeError)
current_logs = contextvars.ContextVar("current_logs", default=None)


class Tee:
    """A standard stream that also keeps what the running call writes."""

    def __init__(self, stream, name):
        self.stream = stream
        self.name = name

    def write(self, text):
        logs = current_logs.get()
        if logs is not None:
            logs[self.name] += text
        return self.stream.write(text)

    def __getattr__(self, attribute):
        return getattr(self.stream, attribute)


sys.stdout = Tee(sys.stdout, "stdout")
sys.stderr = Tee(sys.stderr, "stderr")


def call_function(function, context, payload):
    written = {"stdout": "", "stderr": ""}
    deadline = deadline_of(context.get("deadline"))
    if deadline is not None and time.time() >= deadline:
        return failure("FunctionError", "Did not invoke, already exceeded timeout", [], written, True)
    result = {}
    worker = threading.Thread(target=run, args=(function, context, payload, written, result), daemon=True)
    worker.start()
    worker.join(None if deadline is None else max(0.0, deadline - time.time()))
    if worker.is_alive():
        return failure("FunctionError", "Function execution exceeded the timeout", [], written, True)
    if "error" in result:
        return failure(*result["error"], written, False)
    return {"error": None, "logs": lines_of(written), "payload": result["payload"], "is_late": False}


def run(function, context, payload, written, result):
    current_logs.set(written)
    try:
        output = function(context, payload)
    except Exception as raised:
        kind = "InputError" if isinstance(raised, INPUT_ERRORS) else "FunctionError"
        result["error"] = (kind, str(raised), traceback.format_exc().splitlines())
        return
    try:
        json.dumps(output)
        result["payload"] = output
    except (TypeError, ValueError) as raised:
        result["error"] = ("FunctionError", f"the returned value can't be sent as JSON: {raised}", [])


def failure(kind, message, stacktrace, written, is_late):
    logs = lines_of(written)
    logs["stderr"] += stacktrace
    error = {"type": kind, "message": message, "stacktrace": stacktrace}
    return {"error": error, "logs": logs, "payload": None, "is_late": is_late}


def lines_of(written):
    return {name: text.splitlines() for name, text in written.items()}


def deadline_of(value):
    """Seconds since 1970 of a deadline given as milliseconds or ISO time."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value / 1000
    if isinstance(value, str):
        try:
            return datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
        except ValueError:
            return None
    return None
