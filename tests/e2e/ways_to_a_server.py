# SPDX-License-Identifier: MIT
"""libws on its way to a server, past programs that other people wrote.

Scenario: tinyproxy (HTTP) and microsocks (SOCKS5) with passwords, the environment's proxies, and a
          TLS server that wants client certificates and resumes sessions (Python's ssl).
Method: a small client on libws opens, has a text echoed, and tells what it saw or why it failed.
Why: a proxy of one's own understanding says little about the ones in the world.
"""
import ssl

from kit.case import E2eCase, main
from kit.peers import dial
from kit.process import free_ports
from kit.proxies import Proxies
from kit.websockets_server import WebsocketsServer


async def echo(connection):
    async for message in connection:
        await connection.send(message)


class WaysToAServer(Proxies, E2eCase):

    def serve(self, tls=None):
        server = WebsocketsServer(echo, tls=tls, is_named=True, compression=None)
        self.addCleanup(server.close)
        return server

    def dial_one(self, environment=None, **settings):
        outcomes = dial(environment, **settings)
        self.assertEqual(len(outcomes), 1, outcomes)
        return outcomes[0]

    def assert_echoed(self, outcome, port=None):
        self.assertTrue(outcome["open"], outcome)
        self.assertEqual(outcome["echo"], "hello")
        if port is not None:
            self.assertIn(outcome["address"], (f"127.0.0.1:{port}", f"[::1]:{port}"))

    def assert_refused(self, outcome, status=0, text=""):
        self.assertFalse(outcome["open"], outcome)
        self.assertEqual((outcome["phase"], outcome["code"]), ("proxy", "proxy_refused"), outcome)
        self.assertEqual(outcome["status"], status)
        self.assertIn(text, outcome["message"])

    def both_servers(self):
        """The URLs of a plain and of a TLS server, by names that the proxy looks up, and the CA."""
        ca = self.ca()
        return self.serve().port, self.serve(ca.server_context()).port, ca.certificate

    def test_tinyproxy_connects_to_ws_and_wss(self):
        plain, secure, ca = self.both_servers()
        port = self.http_proxy(f"{plain}\nConnectPort {secure}")
        proxy = f"http://me:s3cret@127.0.0.1:{port}"
        self.assert_echoed(self.dial_one(url=f"ws://localhost:{plain}/", proxy=proxy), port)
        self.assert_echoed(self.dial_one(url=f"wss://localhost:{secure}/", proxy=proxy, ca=ca), port)
        self.assert_refused(
            self.dial_one(url=f"ws://localhost:{plain}/", proxy=f"http://me:no@127.0.0.1:{port}"),
            401, "set a user and a password")  # so it says: RFC 9110 would have 407
        self.assert_refused(
            self.dial_one(url=f"ws://localhost:{plain}/", proxy=f"http://127.0.0.1:{port}"), 407)
        self.assert_refused(self.dial_one(url="ws://localhost:9/", proxy=proxy), 403)

    def test_microsocks_connects_to_ws_and_wss_and_looks_names_up(self):
        plain, secure, ca = self.both_servers()
        port = self.socks_proxy()
        proxy = f"socks5://me:s3cret@127.0.0.1:{port}"
        for url in (f"ws://localhost:{plain}/", f"ws://127.0.0.1:{plain}/"):
            self.assert_echoed(self.dial_one(url=url, proxy=proxy), port)
        self.assert_echoed(self.dial_one(url=f"wss://localhost:{secure}/", proxy=proxy, ca=ca), port)
        url = f"ws://localhost:{plain}/"
        self.assert_refused(self.dial_one(url=url, proxy=f"socks5://me:no@127.0.0.1:{port}"),
                            text="refused the user or the password")
        self.assert_refused(self.dial_one(url=url, proxy=f"socks5://127.0.0.1:{port}"),
                            text="wants a user and a password")
        [closed] = free_ports(1)
        self.assert_refused(self.dial_one(url=f"ws://localhost:{closed}/", proxy=proxy),
                            text="connection refused")
        self.assert_refused(self.dial_one(url="ws://nowhere.invalid/", proxy=proxy))

    def test_the_environment_names_proxies_and_exceptions(self):
        plain, secure, ca = self.both_servers()
        port = self.socks_proxy()
        variables = {"wss_proxy": f"socks5h://me:s3cret@127.0.0.1:{port}",
                     "HTTP_PROXY": "http://127.0.0.1:9", "no_proxy": ".example"}
        url = f"wss://localhost:{secure}/"
        self.assert_echoed(self.dial_one(variables, url=url, proxy="env", ca=ca), port)
        self.assert_echoed(self.dial_one(variables, url=url, ca=ca), secure)
        self.assert_echoed(
            self.dial_one({**variables, "no_proxy": "localhost"}, url=url, proxy="env", ca=ca), secure)
        self.assert_echoed(
            self.dial_one(variables, url=f"ws://127.0.0.1:{plain}/", proxy="env"), plain)

    def test_resolve_replaces_the_look_up_and_not_the_name_that_is_verified(self):
        ca = self.ca()
        context = ca.server_context("chat.example")
        port = self.serve(context).port
        url = f"wss://chat.example:{port}/"
        self.assert_echoed(self.dial_one(url=url, resolve=f"chat.example:{port}=127.0.0.1",
                                         ca=ca.certificate), port)
        other = self.dial_one(url=f"wss://other.example:{port}/", ca=ca.certificate,
                              resolve=f"other.example:{port}=127.0.0.1")
        self.assertEqual(other["code"], "certificate_rejected")

    def test_client_certificates_pins_and_resumption_with_python_ssl(self):
        ca = self.ca()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version=version.name):
                context = ca.server_context()
                context.maximum_version = version
                context.load_verify_locations(ca.certificate)
                context.verify_mode = ssl.CERT_REQUIRED
                url = f"wss://localhost:{self.serve(context).port}/"
                certificate, key = ca.issue("client.example")
                settings = {"url": url, "ca": ca.certificate, "cert": certificate, "key": key}
                outcomes = dial(count=4, **settings)
                for outcome in outcomes:
                    self.assert_echoed(outcome)
                self.assertEqual([outcome["resumed"] for outcome in outcomes],
                                 [False, True, True, True])
                pin = outcomes[0]["pin"]
                self.assert_echoed(self.dial_one(pin=pin, **settings))
                wrong = self.dial_one(pin="sha256//" + "A" * 43 + "=", **settings)
                self.assertEqual(wrong["code"], "certificate_rejected")
                self.assertIn(pin, wrong["message"])
                nobody = self.dial_one(url=url, ca=ca.certificate)
                self.assertFalse(nobody["open"])  # asyncio gives no reason, it closes


if __name__ == "__main__":
    main()
