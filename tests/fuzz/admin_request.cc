// SPDX-License-Identifier: MIT
// Requests to the admin listener, up to the route or the refusal: in any chunking the same, nothing
// done for strangers, and nothing of theirs in the head of an answer.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "config/config.h"
#include "daemon/admin_gate.h"
#include "daemon/admin_response.h"
#include "daemon/http_request.h"
#include "fuzz/support/input.h"
#include "fuzz/support/pieces.h"
#include "fuzz/support/require.h"
#include "fuzz_targets.h"

namespace fuzz {
namespace {

using wsbridged::AdminAction;
using wsbridged::AdminDoor;
using wsbridged::AdminResponse;
using wsbridged::AdminRoute;
using wsbridged::HttpRequest;
using wsbridged::HttpRequestReader;
using State = HttpRequestReader::State;

// A file in memory that holds the token, for the life of the process.
const std::string& token_path() {
  static const std::string path = [] {
    const int descriptor = memfd_create("token", 0);
    constexpr std::string_view kToken = "0123456789abcdef\n";
    require(
        descriptor >= 0 && fchmod(descriptor, 0600) == 0 &&
            write(descriptor, kToken.data(), kToken.size()) == static_cast<ssize_t>(kToken.size()),
        "there is a token");
    return "/proc/self/fd/" + std::to_string(descriptor);
  }();
  return path;
}

struct Read {
  State state = State::kNeedMore;
  HttpRequest request{};
  int status = 0;

  bool operator==(const Read& other) const {
    return state == other.state && status == other.status &&
           request.method == other.request.method && request.path == other.request.path &&
           request.query == other.request.query && request.fields == other.request.fields;
  }
};

Read read_in(const Pieces& pieces) {
  HttpRequestReader reader;
  State before = State::kNeedMore;
  for (const std::string_view piece : pieces) {
    const State state = reader.receive(exact_copy(piece));
    require(before == State::kNeedMore || state == before, "an end is one");
    before = state;
  }
  Read read{.state = reader.state()};
  if (read.state == State::kRefused) {
    read.status = reader.refusal().status;
    require(read.status >= 400 && read.status < 600 && !reader.refusal().reason.empty(),
            "says why");
  } else if (read.state == State::kComplete) {
    read.request = reader.request();
  }
  return read;
}

void check_request(const HttpRequest& request) {
  require(request.path.starts_with('/') && request.path.find('?') == std::string::npos, "a path");
  require(request.count("host") == 1 && request.find("transfer-encoding") == nullptr, "one Host");
  std::size_t size = request.method.size() + request.path.size() + request.query.size();
  for (const auto& [name, value] : request.fields) {
    require(!name.empty() && name.find_first_of(" \t:") == std::string::npos, "a name is one");
    require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a line");
    size += name.size() + value.size();
  }
  require(size <= HttpRequestReader::kMaxHead, "a head is bounded");
}

void check_refusal(const AdminResponse& response) {
  require(response.status >= 400 && response.status < 600, "a refusal is one");
  const std::string head = wsbridged::head_to_wire(response);
  require(head.ends_with("\r\n\r\n") && head.find("\r\n\r\n") == head.size() - 4, "one head");
  std::size_t line_ends = 0;
  for (const char c : head) {
    require(c == '\r' || c == '\n' || (c >= ' ' && c < 0x7f), "of visible characters");
    line_ends += c == '\n' ? 1 : 0;
  }
  require(line_ends == static_cast<std::size_t>(std::count(head.begin(), head.end(), '\r')),
          "CRLF");
}

bool is_verb(AdminAction action) {
  return action >= AdminAction::kKill;
}

void check_route(const HttpRequest& request, const AdminRoute& route, const AdminDoor& door) {
  if (is_verb(route.action)) {
    require(request.method == "POST", "GET changes nothing");
    require(door.serves == AdminDoor::Serves::kAll, "the metrics' listener has no verbs");
    const std::string* shown = request.find("authorization");
    require(door.is_unix || (shown != nullptr && shown->ends_with("0123456789abcdef")),
            "verbs over TCP need the token");
    require(door.is_unix || route.action != AdminAction::kTap, "tap is for Unix");
  } else {
    require(request.method == "GET" || request.method == "HEAD", "reading is GET");
    require(door.serves == AdminDoor::Serves::kAll || route.action <= AdminAction::kReadyz,
            "metrics");
  }
  const std::string* origin = request.find("origin");
  require(origin == nullptr || origin->starts_with("http://"), "no other site asks");
}

void admit(const HttpRequest& request) {
  wsbridged::config::Admin settings;
  settings.listen = wsbridged::config::TcpAddress{.host = "Admin.Example", .port = 9843};
  settings.token_file = token_path();
  const wsbridged::AdminGate gate(settings);
  for (const AdminDoor& door : {AdminDoor{.is_unix = true}, AdminDoor{},
                                AdminDoor{.serves = AdminDoor::Serves::kMetrics}}) {
    const auto admitted = gate.admit(request, door);
    if (const auto* route = std::get_if<AdminRoute>(&admitted)) {
      check_route(request, *route, door);
    } else {
      check_refusal(std::get<AdminResponse>(admitted));
    }
  }
}

}  // namespace

void admin_request(std::string_view bytes) {
  Input input(bytes);
  const unsigned seed = input.byte();
  const std::string_view text = input.rest();
  const Read whole = read_in({text});
  for (const Pieces& pieces : cuts(text, seed)) {
    require(read_in(pieces) == whole, "the chunking changes nothing");
  }
  if (whole.state == State::kComplete) {
    check_request(whole.request);
    admit(whole.request);
  }
}

}  // namespace fuzz
