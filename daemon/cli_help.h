// SPDX-License-Identifier: MIT
// What --help prints, for the program and for each verb.
#pragma once

#include <string_view>

namespace wsbridged {

inline constexpr std::string_view kHelp =
    R"(wsbridged lets programs that speak lines over TCP or Unix sockets use WebSocket servers.

Usage:
  wsbridged [run] [-c FILE]                        run in the foreground
  wsbridged [run] --listen ADDR --upstream URL     the same for one bridge, without a file
  wsbridged check [-c FILE] [--print]              validate the configuration
  wsbridged probe [-c FILE] [BRIDGE | URL]         dial step by step, say what is wrong
  wsbridged cat [-c FILE] BRIDGE | URL             a session on stdin and stdout
  wsbridged ctl ps | kill ID | tap ID | …          look at a running one, and steer it
  wsbridged healthcheck [--live]                   is it ready? exits with 0 or 1
  wsbridged demo                                   an echo server and a bridge to it, to try
  wsbridged --version | --help

Examples:
  wsbridged run -c chat.yaml
  wsbridged --listen 127.0.0.1:7001 --upstream wss://chat.example.com/socket
  wsbridged check -c chat.yaml --print
  wsbridged probe -c chat.yaml chat
  echo hello | wsbridged cat wss://chat.example.com/socket
  wsbridged demo

'wsbridged VERB --help' tells more. Without -c the file is /etc/wsbridged/wsbridged.yaml.
)";

inline constexpr std::string_view kRunHelp =
    R"(Runs the bridges in the foreground; logs on stderr, prints 'ready: NAME on ADDR' on stdout.

Usage:
  wsbridged run [-c FILE]
  wsbridged run --listen ADDR --upstream URL [OPTIONS]

Options, each with its environment variable (a flag beats it):
  -c FILE             configuration file                          WSBRIDGED_CONFIG
                      (default: /etc/wsbridged/wsbridged.yaml)
                      a whole configuration as text               WSBRIDGED_CONFIG_YAML
  --listen ADDR       HOST:PORT, [V6]:PORT, :PORT, unix:PATH,     WSBRIDGED_LISTEN
                      unix:@NAME or systemd:NAME
  --upstream URL      ws:// or wss:// server                      WSBRIDGED_UPSTREAM
  --subprotocol P     offered in order; may be repeated           WSBRIDGED_SUBPROTOCOL
  --cookie-jar FILE   Netscape cookie file                        WSBRIDGED_COOKIE_JAR
  --header 'N: V'     sent with the handshake; may be repeated    WSBRIDGED_HEADER
  --allow-remote      listen on other than loopback addresses     WSBRIDGED_ALLOW_REMOTE
                                                                  (true or false)
  --admin ADDR        admin listener: unix:PATH or loopback       WSBRIDGED_ADMIN
  --no-landlock       let all threads change files                WSBRIDGED_NO_LANDLOCK
                                                                  (true or false)
  -h, --help          this text

In a variable, lists have one item per line. -c and --upstream exclude each other.

Example:
  wsbridged run --listen 127.0.0.1:7001 --upstream wss://chat.example.com/socket \
    --subprotocol chat.v2 --header 'Authorization: Bearer ${file:/run/secrets/token}'
)";

inline constexpr std::string_view kCheckHelp =
    R"(Validates the configuration that 'run' would use, and starts nothing. Exits with 0 or 2.

Usage:
  wsbridged check [-c FILE] [--print]

Options:
  -c FILE       configuration file (default: /etc/wsbridged/wsbridged.yaml)
  --print       print the effective configuration, secrets redacted
  -h, --help    this text

Example:
  wsbridged check -c chat.yaml --print
)";

inline constexpr std::string_view kProbeHelp =
    R"(Dials the upstream of a bridge, or of each one in turn, and tells of every step how it went:
name, TCP, proxy, TLS, upgrade, cookies, ping, close. Sends no line and keeps no cookie. Exits
with 0 when all went well, else with 1.

Usage:
  wsbridged probe [-c FILE] [--json] [BRIDGE]
  wsbridged probe [--json] URL [OPTIONS]

Options:
  -c FILE             configuration file (default: /etc/wsbridged/wsbridged.yaml)
  --json              one JSON object a line for each upstream
  --subprotocol P     with a URL: offered in order; may be repeated
  --cookie-jar FILE   with a URL: Netscape cookie file
  --header 'N: V'     with a URL: sent with the handshake; may be repeated
  -h, --help          this text

Examples:
  wsbridged probe -c chat.yaml chat
  wsbridged probe wss://chat.example.com/socket --cookie-jar cookies.txt
)";

inline constexpr std::string_view kCatHelp =
    R"(A session of a bridge on stdin and stdout: each line becomes a message, each message a line. At
the end of stdin replies are still written as on_local_eof and drain_timeout of the bridge say.
Exits with 0 after a normal end, with 1 after an error.

Usage:
  wsbridged cat [-c FILE] BRIDGE
  wsbridged cat URL [OPTIONS]

Options:
  -c FILE             configuration file (default: /etc/wsbridged/wsbridged.yaml)
  --subprotocol P     with a URL: offered in order; may be repeated
  --cookie-jar FILE   with a URL: Netscape cookie file
  --header 'N: V'     with a URL: sent with the handshake; may be repeated
  -h, --help          this text

Examples:
  wsbridged cat -c chat.yaml chat < lines.txt
  echo hello | wsbridged cat ws://127.0.0.1:8080/
)";

inline constexpr std::string_view kCtlHelp =
    R"(Talks to a running wsbridged. Exits with 0, or with 1 and the reason.

Usage:
  wsbridged ctl [OPTIONS] ps               live sessions, with rates, buffers and round trips
  wsbridged ctl [OPTIONS] kill ID          end a session; the second time at once
  wsbridged ctl [OPTIONS] tap ID           show a session's lines as they pass (Unix only)
  wsbridged ctl [OPTIONS] drain            stop, as SIGTERM does
  wsbridged ctl [OPTIONS] reload           read the configuration again, as SIGHUP does
  wsbridged ctl [OPTIONS] log-level LEVEL  debug, info, warn or error

Options:
  --admin ADDR  its admin listener, as unix:PATH or 127.0.0.1:PORT (WSBRIDGED_ADMIN; default:
                that of the configuration, else unix:/run/wsbridged/admin.sock)
  -c FILE       the configuration (default: /etc/wsbridged/wsbridged.yaml)
  --json        print the answer as it came
  -h, --help    this text

Over TCP all but ps need the token in the configuration's admin.token_file.

Example:
  wsbridged ctl --admin unix:/run/wsbridged/admin.sock ps
)";

inline constexpr std::string_view kHealthcheckHelp =
    R"(Asks a running wsbridged whether it is ready: configuration loaded, listeners bound, not
draining. Exits with 0, or with 1 and the reason.

Usage:
  wsbridged healthcheck [--live] [--admin ADDR] [-c FILE]

Options:
  --live        ask whether it is alive (all threads answer) instead
  --admin ADDR  its admin listener, as unix:PATH or 127.0.0.1:PORT (WSBRIDGED_ADMIN; default:
                that of the configuration, else unix:/run/wsbridged/admin.sock)
  -c FILE       the configuration (default: /etc/wsbridged/wsbridged.yaml)
  -h, --help    this text

Example:
  wsbridged healthcheck --admin unix:/run/wsbridged/admin.sock
)";

inline constexpr std::string_view kDemoHelp =
    R"(Starts an echo server and a bridge to it on loopback, and prints how to talk to it.

Usage:
  wsbridged demo

Options:
  -h, --help    this text

Example:
  wsbridged demo
)";

}  // namespace wsbridged
