// SPDX-License-Identifier: MIT
// A server's response to the upgrade request: its head, the handshake's judgement of it, the body
// of a refusal, Retry-After, Set-Cookie and redirects, in any chunking.
#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <ws/cookie_jar.h>

#include "daemon/upstream_verdict.h"
#include "fuzz/support/input.h"
#include "fuzz/support/pieces.h"
#include "fuzz/support/require.h"
#include "fuzz_targets.h"
#include "protocol/handshake.h"
#include "protocol/http_field.h"
#include "protocol/http_response_head.h"
#include "protocol/redirect.h"
#include "support/fixed_random.h"

namespace fuzz {
namespace {

using ws::protocol::ClientHandshake;
using ws::protocol::HttpResponseHead;

constexpr std::int64_t kNow = 1'700'000'000;

void check_response(const ws::HttpResponse& response, std::size_t max_header) {
  require(response.status >= 100 && response.status <= 999, "a status has three digits");
  require(response.headers.size() <= ws::protocol::kMaxHeaderFields, "fields are bounded");
  std::size_t size = response.reason.size();
  for (const ws::Header& field : response.headers) {
    require(ws::protocol::is_token(field.name), "a name is a token");
    require(ws::protocol::trim(field.value) == field.value, "a value has no spaces around it");
    require(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
            "a value is one line");
    size += field.name.size() + field.value.size();
  }
  require(size <= max_header, "a head keeps to max_header");
  require(response.body.size() <= ws::protocol::kMaxRefusalBody, "a body is bounded");
}

struct HeadSeen {
  HttpResponseHead::Progress progress = HttpResponseHead::Progress::kNeedMore;
  std::size_t taken = 0;
  std::string violation{};
  std::vector<ws::Header> headers{};
  bool operator==(const HeadSeen&) const = default;
};

HeadSeen read_head(const Pieces& pieces, std::size_t max_header) {
  HttpResponseHead head(max_header);
  HeadSeen seen;
  for (const std::string_view piece : pieces) {
    const auto buffer = exact_copy(piece);
    const auto step = head.receive(buffer);
    require(step.taken <= buffer.size(), "no more is taken than there is");
    seen.progress = step.progress;
    seen.taken += step.taken;
    if (step.progress != HttpResponseHead::Progress::kNeedMore) {
      break;
    }
    require(step.taken == buffer.size(), "all is taken of what goes on");
  }
  seen.violation = head.violation();
  require(seen.violation.empty() == (seen.progress != HttpResponseHead::Progress::kViolation),
          "a violation has its rule");
  require(seen.taken <= max_header + 1, "the head ends at max_header");
  if (seen.progress == HttpResponseHead::Progress::kComplete) {
    const ws::HttpResponse response = head.take();
    check_response(response, max_header);
    seen.headers = response.headers;
  }
  return seen;
}

ws::protocol::HandshakeRequest request_of(unsigned choice) {
  ws::protocol::HandshakeRequest request;
  request.url = {.host = "server.example.com", .target = "/chat", .user = {}, .password = {}};
  request.max_header = (choice & 1U) != 0 ? 200 : 2000;
  if ((choice & 2U) != 0) {
    request.subprotocols = {"chat", "b"};
    request.require_subprotocol = (choice & 4U) != 0;
  }
  request.compression.enabled = (choice & 8U) != 0;
  request.compression.client_max_window_bits = (choice & 16U) != 0 ? 12 : 15;
  return request;
}

struct HandshakeSeen {
  ClientHandshake::Progress progress = ClientHandshake::Progress::kNeedMore;
  std::string subprotocol{};
  std::string rest{};
  std::string error{};
  int status = 0;
  std::string body{};
  bool is_deflated = false;
  bool operator==(const HandshakeSeen&) const = default;
};

enum class End { kNone, kEof, kGiveUp };

// The key that is sent is that of sixteen zeros, so a seed can know the answer to it.
HandshakeSeen shake_hands(const Pieces& pieces, unsigned choice, End end,
                          std::optional<ws::Error>& error) {
  const auto request = request_of(choice);
  support::FixedRandom random = support::zero_random();
  ClientHandshake handshake(request, random);
  HandshakeSeen seen;
  for (const std::string_view piece : pieces) {
    seen.progress = handshake.receive(exact_copy(piece));
  }
  if (end == End::kEof) {
    seen.progress = handshake.receive_eof();
    require(seen.progress != ClientHandshake::Progress::kNeedMore, "an EOF is an end");
  } else if (end == End::kGiveUp) {
    seen.progress = handshake.give_up();
  }
  if (seen.progress == ClientHandshake::Progress::kFailed) {
    error = handshake.error();
    seen.error = error->message;
    require(!seen.error.empty() && error->phase == ws::Phase::kHttp, "a failure has its words");
    if (error->response) {
      check_response(*error->response, request.max_header);
      seen.status = error->response->status;
      seen.body = error->response->body;
    }
  } else if (seen.progress == ClientHandshake::Progress::kOpen) {
    check_response(handshake.response(), request.max_header);
    seen.subprotocol = handshake.subprotocol();
    seen.rest = as_text(handshake.rest());
    seen.is_deflated = handshake.deflate().has_value();
    const auto& offered = request.subprotocols;
    require(seen.subprotocol.empty() ||
                std::find(offered.begin(), offered.end(), seen.subprotocol) != offered.end(),
            "a subprotocol was offered");
    require(!seen.is_deflated || request.compression.enabled, "so was the compression");
  }
  return seen;
}

// What is done with a refusal besides telling it.
void use_refusal(const ws::Error& error) {
  const auto wait = wsbridged::retry_after(
      error, std::chrono::system_clock::time_point(std::chrono::seconds(kNow)));
  require(wait.count() >= 0 && wait <= wsbridged::kLongestRetryAfter, "Retry-After is bounded");
  (void)wsbridged::verdict_on_error(error);
  const auto url = ws::parse_url("wss://server.example.com/a/b?c");
  if (!error.response || !url) {
    return;
  }
  ws::CookieJar jar;
  const std::size_t taken = jar.store(*url, *error.response, kNow);
  require(taken <= error.response->headers.size(), "no more cookies than fields");
  require(jar.header_for(*url, kNow).size() <= std::size_t{8} << 10, "a Cookie header is bounded");
  ws::protocol::RedirectChain chain(*url, 2, {});
  if (chain.concerns(*error.response)) {
    const auto next = chain.follow(*url, "", *error.response);
    require(!next || (next->secure && next->host == url->host && next->port == url->port),
            "a redirect stays with its origin");
  }
}

}  // namespace

void response_head(std::string_view bytes) {
  Input input(bytes);
  const unsigned choice = input.byte();
  const unsigned seed = input.byte();
  const End end = input.pick({End::kNone, End::kEof, End::kGiveUp});
  const std::string_view response = input.rest();
  const std::size_t max_header = request_of(choice).max_header;
  const HeadSeen head = read_head({response}, max_header);
  std::optional<ws::Error> error;
  const HandshakeSeen seen = shake_hands({response}, choice, end, error);
  if (error) {
    use_refusal(*error);
  }
  for (const Pieces& pieces : cuts(response, seed)) {
    require(read_head(pieces, max_header) == head, "a head does not care how it is cut");
    require(shake_hands(pieces, choice, end, error) == seen, "nor does a handshake");
  }
}

}  // namespace fuzz
