# SPDX-License-Identifier: MIT
"""`wsbridged check` reports every error of a file in one go, and prints what is in effect.

Scenario: files with many mistakes, with secrets, and good ones.
Method: the command is run; status, places and words of its output are compared.
Why: whoever writes a configuration wants all mistakes with their places, and no secret on a screen.
"""
import re

from kit.case import E2eCase, main
from kit.daemon import write_config

GOOD = """\
bridges:
  - name: chat
    listen: 127.0.0.1:0
    upstream: { url: "ws://127.0.0.1:9/" }
"""
# Every line that ends with '# wrong' must be reported, with its number.
WRONG = """\
lgo: { level: info }                       # wrong
log: { level: loud }                       # wrong
shutdown:
  quiet: 5                                 # wrong
bridges:
  - name: Chat Room                        # wrong
    listen: 127.0.0.1:0
    upstream:
      url: http://127.0.0.1/               # wrong
      require_subprotocol: no              # wrong
      conect_timeout: 1s                   # wrong
      headers: { X-Token: "${env:WSBRIDGED_E2E_ABSENT}" }   # wrong
  - name: second
    listen: 127.0.0.1:0
    listen: 127.0.0.1:0                    # wrong
    upstream: { url: "ws://127.0.0.1:9/" }
    framing:
      max_line: many                       # wrong
      delimiter: ""                        # wrong
    session:
      on_local_eof: stop                   # wrong
      buffer: [1]                          # wrong
"""


class CheckVerb(E2eCase):

    def check(self, text, *arguments, env=None):
        self.file = write_config(self.directory, text)
        return self.run_to_end("check", "-c", self.file, *arguments, env=env)

    def test_a_good_file_is_0(self):
        status, _, _ = self.check(GOOD)
        self.assertEqual(status, 0)

    def test_every_error_is_reported_with_its_place_and_the_status_is_2(self):
        status, out, err = self.check(WRONG)
        self.assertEqual(status, 2)
        places = {int(line) for line in
                  re.findall(re.escape(self.file) + r":(\d+):\d+: ", out + err)}
        wrong = {number for number, line in enumerate(WRONG.splitlines(), 1) if "# wrong" in line}
        self.assertEqual(places, wrong, f"FILE:LINE:COLUMN of all errors, in one go:\n{out}{err}")
        for suggestion in ("'log'", "'connect_timeout'"):
            self.assertIn(f"did you mean {suggestion}?", out + err)

    def test_run_refuses_the_same_file_and_starts_nothing(self):
        path = write_config(self.directory, WRONG)
        status, out, err = self.run_to_end("run", "-c", path)
        self.assertEqual((status, out), (2, ""), "nothing is started, nothing is ready")
        self.assertIn(f"{path}:1:", err)

    def test_files_that_are_no_configuration(self):
        for text in ("bridges: [", "bridges: []\n", "- a\n", "", "{}"):
            with self.subTest(text):
                status, _, err = self.check(text)
                self.assertEqual(status, 2)
                self.assertIn(self.file, err)
        status, _, err = self.run_to_end("check", "-c", self.path("absent.yaml"))
        self.assertEqual(status, 2)
        self.assertIn("absent.yaml", err)

    def test_secrets_never_appear(self):
        with open(self.path("token"), "w", encoding="ascii") as file:
            file.write("file-secret\n")
        text = GOOD + (
            "  - name: secret\n    listen: 127.0.0.1:0\n    upstream:\n"
            "      url: \"ws://user:url-secret@127.0.0.1:9/?key=query-secret\"\n"
            "      headers: { X-Env: \"${env:TOKEN}\", X-File: \"${file:" + self.path("token")
            + "}\", X-Plain: plain-secret }\n")
        status, out, err = self.check(text, "--print", env={"TOKEN": "env-secret"})
        self.assertEqual(status, 0, err)
        self.assertNotRegex(out + err, "(env|file|plain|url|query)-secret")
        self.assertIn("redacted", out)
        _, out, err = self.check(text.replace("listen", "lisen"), env={"TOKEN": "env-secret"})
        self.assertNotRegex(out + err, "(env|file|plain|url|query)-secret", "nor in errors")

    def test_what_print_prints_is_a_good_file(self):
        _, out, _ = self.check(GOOD, "--print")
        self.assertIn("ping_interval: 25s", out, "defaults are shown, in the units of the file")
        status, again, err = self.check(out, "--print")
        self.assertEqual((status, again), (0, out), err)


if __name__ == "__main__":
    main()
