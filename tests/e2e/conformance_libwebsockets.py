# SPDX-License-Identifier: MIT
"""libws against libwebsockets' server, with and without compression.

Scenario: messages of every size and shape, fragments with pings between, closes from both sides.
Method:   conformance_client drives, lws_duties does as it is told and says how sessions ended.
Why:      what both ends of one library agree on may still be wrong.
"""
from kit.case import main
from kit.conformance import CASES, CLIENT_CODES, ConformanceCase

# libwebsockets 4.1.6 (Debian 12) ends with a failed assertion when it is to compress no bytes.
COMPRESSED_CASES = [case for case in CASES if case != "echo empty"]


class ConformanceLibwebsockets(ConformanceCase):

    def check(self, compression):
        peer = self.peer("lws_duties", *([] if compression == "off" else ["deflate"]))
        cases = CASES if compression == "off" else COMPRESSED_CASES
        self.check_client(peer.url(), compression, cases)
        codes = {end["code"] for end in peer.events("end")}
        self.assertLessEqual(set(CLIENT_CODES), codes)

    # Covers: [OWN-servers] [AB-1] [AB-2.10] [AB-5] [AB-9.7] [RFC6455-5.1-mask]
    def test_without_compression(self):
        self.check("off")

    # Covers: [OWN-servers] [AB-12] [RFC7692-5-offer] [RFC7692-7.1.1.2-client-takeover]
    def test_with_compression(self):
        for compression in ("on", "no-takeover", "window-9"):
            with self.subTest(compression=compression):
                self.check(compression)


if __name__ == "__main__":
    main()
