// SPDX-License-Identifier: MIT
#include "daemon/demo.h"

#include <string_view>
#include <utility>

namespace wsbridged {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";

// Where `address` splits into host and port for programs that take them as two words.
std::pair<std::string, std::string> split_tcp(const std::string& address) {
  const auto colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[')) {
    host = host.substr(1, host.size() - 2);
  }
  return {std::move(host), address.substr(colon + 1)};
}

std::string commands_for(const std::string& address) {
  if (address.starts_with(kUnixPrefix)) {
    const std::string path = address.substr(kUnixPrefix.size());
    return "  printf 'hello\\n' | nc -N -U " + path + "\n  socat - UNIX-CONNECT:" + path + "\n";
  }
  const auto [host, port] = split_tcp(address);
  return "  printf 'hello\\n' | nc -N " + host + " " + port + "\n  socat - TCP:" + address + "\n";
}

}  // namespace

config::Config demo_config(const std::string& echo_url, const std::string& directory,
                           const config::TcpAddress& tcp) {
  config::Listen on_tcp;
  on_tcp.address = tcp;
  config::Listen on_unix;
  on_unix.address = config::UnixAddress{.path = directory + "/demo.sock"};
  config::Bridge bridge;
  bridge.name = "demo";
  bridge.listen = {std::move(on_tcp), std::move(on_unix)};
  bridge.upstream.url = echo_url;
  config::Config config;
  config.threads = 1;
  config.bridges.push_back(std::move(bridge));
  return config;
}

std::string demo_text(const std::string& echo_url, const std::vector<std::string>& addresses) {
  std::string text = "An echo server runs on " + echo_url +
                     ", and the bridge \"demo\" leads to it.\n"
                     "Each line that you send it becomes a WebSocket message; each message that\n"
                     "comes back becomes a line. From another terminal:\n\n";
  for (const std::string& address : addresses) {
    text += commands_for(address);
  }
  return text + "\n(nc is in Debian's netcat-openbsd.) Ctrl-C ends the demo.\n";
}

}  // namespace wsbridged
