#!/bin/sh
# How the app is served; a run.sh of the function takes the place of this one.
[ -x venv/bin/python ] && python=venv/bin/python || python=python3
exec "$python" -m gunicorn --config /opt/slipway/gunicorn.conf.py funko:app
