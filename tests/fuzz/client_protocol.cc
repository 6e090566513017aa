// SPDX-License-Identifier: MIT
// ws::ClientProtocol from its request to its end: a server's bytes in any chunking, and local
// actions between them, with a clock of the target's own.
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ws/client_protocol.h>

#include "fuzz/support/input.h"
#include "fuzz/support/pieces.h"
#include "fuzz/support/require.h"
#include "fuzz_targets.h"

namespace fuzz {
namespace {

using namespace std::chrono_literals;
using ws::ClientProtocol;

// For the key of sixteen zeros (RFC 6455 section 4.2.2).
constexpr std::string_view kResponse =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n";

void zeros(std::span<std::byte> bytes) {
  std::fill(bytes.begin(), bytes.end(), std::byte{0});
}

// What a byte decides.
struct Choice {
  bool compresses;
  bool opens;  // the response is a good one, and the input is what follows
  bool has_subprotocols;
};

Choice choice_of(unsigned byte) {
  return {(byte & 1U) != 0, (byte & 2U) != 0, (byte & 4U) != 0};
}

ws::Options options_of(const Choice& choice) {
  ws::Options options{.close_timeout = 5s,
                      .ping_interval = 20s,
                      .ping_timeout = 10s,
                      .max_message = 300,
                      .max_empty_fragments = 2,
                      .max_header = 2000};
  options.compression.enabled = choice.compresses;
  if (choice.has_subprotocols) {
    options.subprotocols = {"a", "b"};
  }
  return options;
}

std::string response_of(const Choice& choice) {
  std::string response;
  if (choice.opens) {
    response = kResponse;
    response += choice.has_subprotocols ? "Sec-WebSocket-Protocol: b\r\n" : "";
    response += choice.compresses ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "";
    response += "\r\n";
  }
  return response;
}

// A client, all that it told and sent, and that nothing comes behind its end.
class Client {
 public:
  explicit Client(const Choice& choice)
      : client_("ws://user:secret@host:81/path?query", options_of(choice), zeros) {
    look();
    require(output_.starts_with("GET /path?query HTTP/1.1\r\nHost: host:81\r\n"), "it asks first");
  }

  void receive(std::string_view bytes) {
    client_.receive(bytes, now_);
    look();
  }

  void act(Input& input) {
    switch (input.below(6)) {
      case 0:
        (void)client_.send(input.text());
        break;
      case 1:
        (void)client_.send_binary(std::as_bytes(std::span(input.text())));
        break;
      case 2:
        (void)client_.ping(input.text());
        break;
      case 3: {
        const unsigned code = 995U + input.byte();
        client_.close(static_cast<std::uint16_t>(code), input.text(), now_);
        break;
      }
      case 4:
        now_ += input.below(8) * 7s;
        client_.handle_deadline(now_);
        require(!client_.deadline() || *client_.deadline() > now_, "what was due is done");
        break;
      default:
        if (input.below(4) == 0) {
          client_.receive_eof();
          require(client_.error() || client_.closed(), "an EOF is an end");
        }
    }
    look();
  }

  [[nodiscard]] std::vector<std::string> record() const {
    std::vector<std::string> all{output_,
                                 "state " + std::to_string(static_cast<int>(client_.state()))};
    for (const ws::ProtocolEvent& event : events_) {
      all.push_back(std::to_string(static_cast<int>(event.kind)) + " " + event.data);
    }
    all.push_back(client_.error() ? std::string(to_string(client_.error()->code)) : "no error");
    all.push_back(client_.closed() ? std::to_string(client_.closed()->code) : "not closed");
    all.push_back(client_.subprotocol() + std::to_string(client_.response().headers.size()));
    return all;
  }

 private:
  void look() {
    const std::string output = client_.take_output();
    const auto events = client_.take_events();
    require(!is_over_ || (output.empty() && events.empty()), "nothing comes behind the end");
    for (const ws::ProtocolEvent& event : events) {
      const bool is_first = events_.empty();
      require((event.kind == ws::ProtocolEvent::Kind::kOpen) == is_first, "it opens once, first");
      require(event.data.size() <= 300, "messages keep to max_message");
      events_.push_back(event);
    }
    output_ += output;
    require(!(client_.error() && client_.closed()), "it ends one way");
    is_over_ = client_.error() || client_.closed();
    require(is_over_ == (client_.state() == ws::State::kClosed), "and says so");
    require(!is_over_ || client_.error() || !events_.empty(), "only what was open can be closed");
  }

  ClientProtocol client_;
  ClientProtocol::TimePoint now_{1h};
  std::vector<ws::ProtocolEvent> events_;
  std::string output_;
  bool is_over_ = false;
};

void receive_only(const Choice& choice, unsigned seed, std::string_view bytes) {
  const std::string response = response_of(choice).append(bytes);
  Client whole(choice);
  whole.receive(response);
  for (const Pieces& pieces : cuts(response, seed)) {
    Client cut(choice);
    for (const std::string_view piece : pieces) {
      cut.receive(piece);
    }
    require(cut.record() == whole.record(), "the chunking changes nothing");
  }
}

void with_actions(const Choice& choice, Input& input) {
  Client client(choice);
  client.receive(response_of(choice));
  while (!input.empty()) {
    if (input.flag()) {
      client.act(input);
    } else {
      client.receive(input.text());
    }
  }
}

}  // namespace

void client_protocol(std::string_view bytes) {
  Input input(bytes);
  const Choice choice = choice_of(input.byte());
  const unsigned seed = input.byte();
  if (seed < 128) {
    receive_only(choice, seed, input.rest());
  } else {
    with_actions(choice, input);
  }
}

}  // namespace fuzz
