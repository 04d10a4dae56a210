#!/usr/bin/env python3
"""Receive webhooks on http://127.0.0.1:9000 and check their signature; needs nothing but Python.

Usage: webhook_receiver.py SECRET [PORT], where SECRET is the 64 hex digits shown when the webhook was made.
"""

import hashlib
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

SECRET = sys.argv[1].encode()
PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 9000


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        stamp = self.headers["X-Webhook-Timestamp"]
        expected = hmac.new(SECRET, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        genuine = hmac.compare_digest(expected, self.headers["X-Webhook-Signature"])
        fresh = abs(time.time() - int(stamp)) < 300
        self.send_response(204 if genuine and fresh else 400)
        self.end_headers()
        event = json.loads(body)
        print("genuine" if genuine and fresh else "FORGED", event["type"], event["id"], flush=True)

    def log_message(self, *_: object) -> None:
        """Say nothing but the events."""


HTTPServer(("127.0.0.1", PORT), Receiver).serve_forever()
