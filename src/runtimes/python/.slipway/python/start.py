"""Decides what the user's files are (an app that listens by itself, or a function) and runs them."""

import importlib
import os
import sys

sys.path.insert(0, os.getcwd())

FUNCTION_FILES = ("handle.py", "index.py", "handler.py", "function.py")
FUNCTION_NAMES = ("handle", "handler", "main")
APP_FILES = ("app.py", "main.py", "server.py", "wsgi.py")


def find_function():
    """The function to call, or None when the files hold none."""
    named = os.environ.get("HANDLER", "")
    if named:
        module, _, name = named.rpartition(".")
        return getattr(importlib.import_module(module or name), name if module else "handle")
    for file in FUNCTION_FILES:
        if not os.path.exists(file):
            continue
        module = importlib.import_module(file[:-3])
        for name in FUNCTION_NAMES:
            if callable(getattr(module, name, None)):
                return getattr(module, name)
    return None


def main():
    function = find_function()
    if function is not None:
        from serve import serve

        serve(function, int(os.environ.get("PORT", "8080")))
        return
    for file in APP_FILES:
        if os.path.exists(file):
            os.execvp(sys.executable, [sys.executable, file])
    sys.exit("No code found: add handle.py with a function handle(context, payload), or app.py with a server.")


main()
