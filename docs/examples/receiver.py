"""A receiver for tests: listens on port 8000 and prints every POST."""

from http.server import BaseHTTPRequestHandler, HTTPServer


class Receiver(BaseHTTPRequestHandler):
    """Accepts every POST."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print(self.headers["Pulp-Event-Id"], "attempt", self.headers["Pulp-Delivery-Attempt"])
        print(body.decode(), flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


HTTPServer(("127.0.0.1", 8000), Receiver).serve_forever()
