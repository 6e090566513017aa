// SPDX-License-Identifier: MIT
// An independent WebSocket server (Boost.Beast), ws or wss, one thread: echoes, or sends and checks
// numbered messages, fast or slowly. Prints its port and each session's result as JSON lines.
#include <iostream>
#include <memory>
#include <utility>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "arguments.h"
#include "numbered_lines.h"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using PlainStream = websocket::stream<tcp::socket>;
using TlsStream = websocket::stream<beast::ssl_stream<tcp::socket>>;

struct Settings {
  bool echo = false;
  std::uint64_t receive_count = 0;  // messages to check
  std::uint64_t send_count = 0;     // messages to send
  std::uint64_t slow_every = 0;     // a pause of slow_ms after so many received messages
  std::uint64_t slow_ms = 0;
  int receive_buffer = 0;
  std::string certificate;  // PEM; empty: ws
  std::string key;
};

Settings parse_settings(const peers::Arguments& arguments) {
  return {.echo = arguments.has("echo"),
          .receive_count = arguments.number("receive"),
          .send_count = arguments.number("send"),
          .slow_every = arguments.number("slow-every"),
          .slow_ms = arguments.number("slow-ms"),
          .receive_buffer = static_cast<int>(arguments.number("receive-buffer")),
          .certificate = arguments.text("certificate"),
          .key = arguments.text("key")};
}

// What a session saw; printed when it ends, however it ends.
struct Report {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  std::uint64_t wrong = 0;  // messages that were not the expected one
  unsigned close_code = 0;  // of the client's Close frame, 0 without one
  std::string error;

  void print() const {
    std::cout << R"({"event": "end", "received": )" << received << R"(, "sent": )" << sent
              << R"(, "wrong": )" << wrong << R"(, "close_code": )" << close_code
              << R"(, "error": ")" << error << R"("})" << std::endl;
  }
};

// One connection. Its functions below keep it alive: every handler holds a pointer to it.
template <typename Stream>
struct Session {
  Session(Stream connected, const Settings& how)
      : stream(std::move(connected)), settings(how), pause(stream.get_executor()) {}

  Stream stream;
  const Settings& settings;
  asio::steady_timer pause;
  beast::flat_buffer received;
  std::string expected;
  std::string sending;
  Report report;
};

template <typename Stream>
using SessionPointer = std::shared_ptr<Session<Stream>>;

// The last handler of a session's reading side comes here: whatever happens, once.
template <typename Stream>
void end_session(const SessionPointer<Stream>& session, const error_code& cause) {
  if (cause && cause != websocket::error::closed) {
    session->report.error = cause.message();
  }
  session->report.close_code = session->stream.reason().code;
  session->report.print();
}

template <typename Stream>
void echo_next(const SessionPointer<Stream>& session) {
  session->stream.async_read(session->received, [session](error_code failure, std::size_t) {
    if (failure) {
      end_session(session, failure);
      return;
    }
    ++session->report.received;
    session->stream.text(session->stream.got_text());
    session->stream.async_write(session->received.data(), [session](error_code error, std::size_t) {
      if (error) {
        end_session(session, error);
        return;
      }
      ++session->report.sent;
      session->received.consume(session->received.size());
      echo_next(session);
    });
  });
}

// Both directions complete: the server's Close, and the client's answer.
template <typename Stream>
void close_when_complete(const SessionPointer<Stream>& session) {
  const Report& report = session->report;
  if (report.received == session->settings.receive_count &&
      report.sent == session->settings.send_count) {
    session->stream.async_close(websocket::close_code::normal,
                                [session](error_code failure) { end_session(session, failure); });
  }
}

template <typename Stream>
void check_message(Session<Stream>& session) {
  peers::make_line(session.report.received++, peers::Direction::kUp, session.expected);
  const auto bytes = session.received.data();
  if (std::string_view(static_cast<const char*>(bytes.data()), bytes.size()) != session.expected) {
    ++session.report.wrong;
  }
  session.received.consume(session.received.size());
}

template <typename Stream>
void receive_next(const SessionPointer<Stream>& session) {
  if (session->report.received == session->settings.receive_count) {
    close_when_complete(session);
    return;
  }
  session->stream.async_read(session->received, [session](error_code failure, std::size_t) {
    if (failure) {
      end_session(session, failure);
      return;
    }
    check_message(*session);
    const Settings& settings = session->settings;
    if (settings.slow_every == 0 || session->report.received % settings.slow_every != 0) {
      receive_next(session);
      return;
    }
    session->pause.expires_after(std::chrono::milliseconds(settings.slow_ms));
    session->pause.async_wait([session](error_code) { receive_next(session); });
  });
}

template <typename Stream>
void send_next(const SessionPointer<Stream>& session) {
  if (session->report.sent == session->settings.send_count) {
    close_when_complete(session);
    return;
  }
  peers::make_line(session->report.sent, peers::Direction::kDown, session->sending);
  session->stream.async_write(
      asio::buffer(session->sending), [session](error_code failure, std::size_t) {
        if (!failure) {
          ++session->report.sent;
          send_next(session);
        } else if (session->report.received == session->settings.receive_count) {
          end_session(session, failure);  // else the reading side sees it, and tells
        }
      });
}

template <typename Stream>
void accept_handshake(const SessionPointer<Stream>& session) {
  session->stream.read_message_max(0);
  session->stream.async_accept([session](error_code failure) {
    if (failure) {
      end_session(session, failure);
    } else if (session->settings.echo) {
      echo_next(session);
    } else {
      session->stream.text(true);
      send_next(session);
      if (session->settings.receive_count != 0) {
        receive_next(session);
      }
    }
  });
}

void start_session(const Settings& settings, tcp::socket socket, asio::ssl::context& tls) {
  if (settings.certificate.empty()) {
    const auto session =
        std::make_shared<Session<PlainStream>>(PlainStream(std::move(socket)), settings);
    accept_handshake(session);
    return;
  }
  const auto session =
      std::make_shared<Session<TlsStream>>(TlsStream(std::move(socket), tls), settings);
  session->stream.next_layer().async_handshake(asio::ssl::stream_base::server,
                                               [session](error_code failure) {
                                                 if (failure) {
                                                   end_session(session, failure);
                                                 } else {
                                                   accept_handshake(session);
                                                 }
                                               });
}

tcp::acceptor open_acceptor(asio::io_context& io, const Settings& settings) {
  tcp::acceptor acceptor(io, tcp::v4());
  // Inherited by what is accepted: the window of a slow reader must be small from the start.
  if (settings.receive_buffer > 0) {
    acceptor.set_option(asio::socket_base::receive_buffer_size(settings.receive_buffer));
  }
  acceptor.bind({asio::ip::address_v4::loopback(), 0});
  acceptor.listen(asio::socket_base::max_listen_connections);
  std::cout << R"({"event": "listening", "port": )" << acceptor.local_endpoint().port() << '}'
            << std::endl;
  return acceptor;
}

void accept_next(tcp::acceptor& acceptor, const Settings& settings, asio::ssl::context& tls) {
  acceptor.async_accept([&](error_code failure, tcp::socket socket) {
    if (!failure) {
      socket.set_option(tcp::no_delay(true), failure);
      start_session(settings, std::move(socket), tls);
    }
    accept_next(acceptor, settings, tls);
  });
}

void serve(const Settings& settings) {
  asio::io_context io(1);
  asio::ssl::context tls(asio::ssl::context::tls_server);
  if (!settings.certificate.empty()) {
    tls.use_certificate_chain_file(settings.certificate);
    tls.use_private_key_file(settings.key, asio::ssl::context::pem);
  }
  tcp::acceptor acceptor = open_acceptor(io, settings);
  accept_next(acceptor, settings, tls);
  io.run();
}

}  // namespace

// beast_peer [echo] [receive=COUNT] [send=COUNT] [slow-every=MESSAGES slow-ms=MS]
//            [receive-buffer=BYTES] [certificate=PEM key=PEM]
int main(int argc, char** argv) {
  try {
    serve(parse_settings({argc, argv}));
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
  return 0;
}
