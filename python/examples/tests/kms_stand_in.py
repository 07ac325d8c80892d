"""A STAND-IN for AWS KMS on this machine: two of its operations, in its own protocol, with a key in memory.

It shows that the example speaks to KMS as KMS is documented, through Amazon's own client. It is not KMS, and no call to
Amazon was ever made by these tests.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

HASHES = {"RSAES_OAEP_SHA_256": hashes.SHA256(), "RSAES_OAEP_SHA_1": hashes.SHA1()}


class Service:
    """The key, and how the service is today."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.trouble: str | None = None
        self.decrypted = 0

    def answer(self, operation: str, request: dict[str, str]) -> dict[str, str]:
        if operation == "TrentService.GetPublicKey":
            form = serialization.PublicFormat.SubjectPublicKeyInfo
            public_key = self.key.public_key().public_bytes(serialization.Encoding.DER, form)
            return {"KeyId": request["KeyId"], "PublicKey": base64.b64encode(public_key).decode()}
        assert operation == "TrentService.Decrypt", operation
        if self.trouble is not None:
            raise Refusal(self.trouble)
        hashed = HASHES[request["EncryptionAlgorithm"]]
        oaep = padding.OAEP(padding.MGF1(hashed), hashed, None)
        try:
            plaintext = self.key.decrypt(base64.b64decode(request["CiphertextBlob"]), oaep)
        except ValueError:
            raise Refusal("InvalidCiphertextException") from None
        self.decrypted += 1
        return {"KeyId": request["KeyId"], "Plaintext": base64.b64encode(plaintext).decode()}


class Refusal(Exception):
    """An error of KMS, by its name."""


@contextmanager
def running() -> Iterator[tuple[Service, str]]:
    """The service, and its address."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                status, answer = 200, service.answer(self.headers["X-Amz-Target"], request)
            except Refusal as refusal:
                status, answer = 400, {"__type": str(refusal), "message": "refused"}
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield service, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
