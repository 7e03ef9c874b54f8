from flask import Flask

app = Flask(__name__)


@app.route("/")
def hello():
    return "Hello from Flask!\n"


# Slipway asks here whether this instance is well.
@app.route("/ping")
def ping():
    return "OK"
