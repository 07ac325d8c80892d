"""Python's side of what is measured: pyca/cryptography, and plistlib of the standard library.

The protocol of all harnesses (benches/src/main.rs): one argument, the folder of the material; a line
"<case> <times>" is answered by the nanoseconds that it took, or by "error: <why>".

cryptography reads DER with AES alone, so it is given the same key sealed with AES-256-CBC.
"""

import pathlib
import plistlib
import sys
import time

import cryptography
from cryptography import x509
from cryptography.hazmat.backends.openssl import backend
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7

FOLDER = pathlib.Path(sys.argv[1])


def read(name):
    return (FOLDER / name).read_bytes()


def hold(it_does):
    if not it_does:
        raise ValueError("the result is wrong")


def open_message():
    message, expected = read("filevault-aes.der"), read("key.txt")
    certificate = x509.load_pem_x509_certificate(read("rsa.pem"))
    key = serialization.load_pem_private_key(read("rsa.key.pem"), None)
    return lambda: hold(pkcs7.pkcs7_decrypt_der(message, certificate, key, []) == expected)


def render():
    profile = plistlib.loads(read("profile.plist"))
    return lambda: hold(len(plistlib.dumps(profile)) > 1000)


CASES = {"open": open_message, "render": render}


def timed(name, times):
    work = CASES[name]()
    work()
    start = time.perf_counter_ns()
    for _ in range(times):
        work()
    return time.perf_counter_ns() - start


for line in sys.stdin:
    name, times = line.split()
    if name == "version":
        answer = f"Python {sys.version.split()[0]}, cryptography {cryptography.__version__} with {backend.openssl_version_text()}"
    else:
        try:
            answer = timed(name, int(times))
        except Exception as error:  # whatever it is, the driver is told
            answer = f"error: {name}: {error!r}"
    print(answer, flush=True)
