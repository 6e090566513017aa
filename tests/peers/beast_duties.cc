// SPDX-License-Identifier: MIT
// The conformance server on Boost.Beast (see duties.h): one connection after the other, blocking.
// Prints its port, and how each session ended, as JSON lines.
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include "duties.h"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Stream = websocket::stream<tcp::socket>;
using peers::Outgoing;

constexpr std::size_t kLongest = std::size_t{2} << 20;

void send_frame(Stream& stream, const Outgoing& frame) {
  using Kind = Outgoing::Kind;
  const auto bytes = asio::buffer(frame.payload);
  switch (frame.kind) {
    case Kind::kText:
    case Kind::kBinary:
      stream.text(frame.kind == Kind::kText);
      stream.write(bytes);
      break;
    case Kind::kFirst:
      stream.text(true);
      [[fallthrough]];
    case Kind::kMiddle:
      stream.write_some(false, bytes);
      break;
    case Kind::kLast:
      stream.write_some(true, bytes);
      break;
    case Kind::kPing:
      stream.ping({frame.payload.data(), frame.payload.size()});
      break;
    case Kind::kClose:  // reads on to the client's answer
      stream.close({static_cast<websocket::close_code>(frame.code),
                    {frame.payload.data(), frame.payload.size()}});
      throw boost::system::system_error(websocket::error::closed);
  }
}

// Into one large buffer: Beast takes a message that inflates to one byte more than it has room for
// for incomplete.
std::size_t read_message(Stream& stream, std::vector<char>& buffer) {
  std::size_t size = 0;
  do {
    size += stream.read_some(asio::buffer(buffer.data() + size, buffer.size() - size));
  } while (!stream.is_message_done());
  return size;
}

void answer_messages(Stream& stream) {
  std::vector<std::string> pongs;
  stream.control_callback([&pongs](websocket::frame_type kind, beast::string_view payload) {
    if (kind == websocket::frame_type::pong) {
      pongs.emplace_back(payload.data(), payload.size());
    }
  });
  std::vector<char> received(kLongest);
  for (;;) {
    const std::string message(received.data(), read_message(stream, received));
    const auto kind = stream.got_text() ? Outgoing::Kind::kText : Outgoing::Kind::kBinary;
    for (const Outgoing& frame : peers::plan_answer(kind, message, pongs)) {
      send_frame(stream, frame);
    }
  }
}

void serve_session(tcp::socket socket, bool is_deflating) {
  socket.set_option(tcp::no_delay(true));
  Stream stream(std::move(socket));
  websocket::permessage_deflate deflate;
  deflate.server_enable = is_deflating;
  stream.set_option(deflate);
  stream.auto_fragment(false);
  stream.read_message_max(0);

  beast::flat_buffer buffer;
  beast::http::request<beast::http::string_body> request;
  beast::http::read(stream.next_layer(), buffer, request);
  const auto offered = request[beast::http::field::sec_websocket_protocol];
  if (offered.find(peers::kSubprotocol) != beast::string_view::npos) {
    stream.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
      response.set(beast::http::field::sec_websocket_protocol, peers::kSubprotocol);
    }));
  }
  stream.accept(request);
  std::string failure;
  try {
    answer_messages(stream);
  } catch (const boost::system::system_error& end) {
    if (end.code() != websocket::error::closed) {
      failure = end.code().message();
    }
  }
  std::cout << R"({"event": "end", "code": )" << stream.reason().code << R"(, "failure": ")"
            << failure << R"("})" << std::endl;
}

}  // namespace

// beast_duties [deflate]
int main(int argc, char** argv) {
  try {
    const bool is_deflating = argc > 1 && std::string_view(argv[1]) == "deflate";
    asio::io_context io(1);
    tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    std::cout << R"({"event": "listening", "port": )" << acceptor.local_endpoint().port() << '}'
              << std::endl;
    for (;;) {
      serve_session(acceptor.accept(), is_deflating);
    }
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
}
