# How gunicorn serves a function: one process with threads, no timeout of its own (Slipway keeps the time).
import os

bind = "0.0.0.0:" + os.environ.get("PORT", "3000")
workers = 1
threads = 8
worker_class = "gthread"
worker_tmp_dir = "/dev/shm"
timeout = 0
# Slipway has let requests end before it says stop, and grants ten seconds then.
graceful_timeout = 8


def post_request(worker, request, environ, response):
    # A connection that is closed with a body half read cuts the answer off on its way.
    while environ["wsgi.input"].read(65536):
        pass
