"""A small HTTP server on a loopback address, run in a thread: what the registries and the token issuer share."""

import sys
import threading
from http.server import ThreadingHTTPServer


class LoopbackServer(ThreadingHTTPServer):
    """Serves until `stop`. `owner` is what the handler works for."""

    def __init__(self, address: str, handler, owner):
        host, port = address.split(":")
        super().__init__((host, int(port)), handler)
        self.owner = owner
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        """Close the port."""
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        """A cosign that ends leaves its connections open; the reset that follows is no error."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)
