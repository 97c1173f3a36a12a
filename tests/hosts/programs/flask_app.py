"""A Flask application that asks the API for whoever its request names."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask, jsonify, request

from hosts.settings import Settings
from hosts.users import Users

users = Users(Settings.from_environment())
WAYS = {"blocking": users.ask_blocking, "sync": users.ask_sync}
app = Flask(__name__)

for way in filter(None, os.environ.get("HOST_WARM_UP", "").split(",")):
    users.warm_up(WAYS[way])  # with gunicorn --preload: before the workers are forked


@app.get("/ask")
def ask() -> Any:
    """Ask, and answer with the text and the user of the API's response."""
    given = request.args
    text, user = WAYS[given["way"]](given["user"], given["text"], given["mutation"] == "True")
    return jsonify(text=text, user=user)


if __name__ == "__main__":
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, app, threaded=True)
    print("listening on", server.server_port, flush=True)  # noqa: T201
    server.serve_forever()
