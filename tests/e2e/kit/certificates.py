# SPDX-License-Identifier: MIT
"""A certificate authority of the test's own, made with the openssl command; EC keys are quick."""
import os
import ssl
import subprocess

CA_CONFIG = """[ca]
default_ca = test
[test]
dir = {directory}
database = $dir/index.txt
serial = $dir/serial
new_certs_dir = $dir
policy = any
default_md = sha256
unique_subject = no
[any]
commonName = supplied
"""


def openssl(*arguments):
    run = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"openssl {arguments[0]}: {run.stderr}"


def private_key(path):
    """The arguments of `openssl req` that make a key into this file, without a password."""
    return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path)


class TestCa:
    """Signs server certificates; `certificate` is what a client trusts."""

    def __init__(self, directory, name="Test CA"):
        self.directory = os.path.join(directory, name.replace(" ", "-"))
        os.mkdir(self.directory)
        self.certificate = self._path("ca.pem")
        self.key = self._path("ca.key")
        openssl("req", "-x509", *private_key(self.key), "-out", self.certificate, "-days", "2",
                "-subj", f"/CN={name}")
        self._write("ca.cnf", CA_CONFIG.format(directory=self.directory))
        self._write("index.txt", "")
        self._write("serial", "1000\n")
        self.issued = {}

    def issue(self, name="localhost", end="20991231235959Z"):
        """(certificate, key) for a DNS name, valid from 2020 until `end`; made once."""
        if (name, end) not in self.issued:
            self.issued[name, end] = self._issue(name, end)
        return self.issued[name, end]

    def _issue(self, name, end):
        stem = f"{name}-{end}"
        return self.issue_odd(stem, f"subjectAltName=DNS:{name}", stem, end=end)

    def issue_odd(self, stem, extensions, common_name, start="20200101000000Z",
                  end="20991231235959Z"):
        """(certificate, key) with these lines of extensions, in files of that name."""
        certificate, key, request = (
            self._path(stem + suffix) for suffix in (".pem", ".key", ".csr"))
        openssl("req", *private_key(key), "-out", request, "-subj", f"/CN={common_name}")
        extensions = self._write(stem + ".ext", extensions + "\n")
        openssl("ca", "-batch", "-notext", "-config", self._path("ca.cnf"), "-cert",
                self.certificate, "-keyfile", self.key, "-in", request, "-out", certificate,
                "-startdate", start, "-enddate", end, "-extfile", extensions)
        return certificate, key

    def server_context(self, name="localhost", end="20991231235959Z"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(name, end))
        return context

    def _path(self, name):
        return os.path.join(self.directory, name)

    def _write(self, name, text):
        with open(self._path(name), "w", encoding="ascii") as file:
            file.write(text)
        return self._path(name)
