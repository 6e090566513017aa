// SPDX-License-Identifier: MIT
// An independent WebSocket server (Boost.Beast), ws or wss, one thread: echoes, or sends and checks
// numbered messages, fast or slowly. Prints its port and each session's result as JSON lines.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>

// Before Asio: the awaitable of Boost 1.74 forgets to include it.
#include <utility>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "numbered_lines.h"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::use_awaitable;
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

Settings parse_settings(int argc, char** argv) {
  std::map<std::string, std::string, std::less<>> values;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    values[argument.substr(0, equals)] = argument.substr(equals + 1);
  }
  const auto number = [&](const char* name) {
    return std::strtoull(values[name].c_str(), nullptr, 10);
  };
  return {.echo = values.contains("echo"),
          .receive_count = number("receive"),
          .send_count = number("send"),
          .slow_every = number("slow-every"),
          .slow_ms = number("slow-ms"),
          .receive_buffer = static_cast<int>(number("receive-buffer")),
          .certificate = values["certificate"],
          .key = values["key"]};
}

// What a session saw; printed when it ends, however it ends.
struct Report {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  std::uint64_t wrong = 0;  // messages that were not the expected one
  unsigned close_code = 0;  // of the client's Close frame, 0 without one
  std::string error;

  void print() const {
    std::printf(
        "{\"event\": \"end\", \"received\": %llu, \"sent\": %llu, \"wrong\": %llu, "
        "\"close_code\": %u, \"error\": \"%s\"}\n",
        static_cast<unsigned long long>(received), static_cast<unsigned long long>(sent),
        static_cast<unsigned long long>(wrong), close_code, error.c_str());
    std::fflush(stdout);
  }
};

template <typename Stream>
struct Session {
  Session(Stream connected, const Settings& how)
      : stream(std::move(connected)), settings(how), sender_end(stream.get_executor()) {
    sender_end.expires_at(asio::steady_timer::time_point::max());
  }

  Stream stream;
  const Settings& settings;
  asio::steady_timer sender_end;  // cancelled when everything is sent
  bool is_sending = true;
  Report report;
};

template <typename Stream>
using SessionPointer = std::shared_ptr<Session<Stream>>;

template <typename Stream>
asio::awaitable<void> echo_messages(SessionPointer<Stream> session) {
  beast::flat_buffer buffer;
  for (;;) {
    co_await session->stream.async_read(buffer, use_awaitable);
    ++session->report.received;
    session->stream.text(session->stream.got_text());
    co_await session->stream.async_write(buffer.data(), use_awaitable);
    ++session->report.sent;
    buffer.consume(buffer.size());
  }
}

template <typename Stream>
asio::awaitable<void> receive_messages(SessionPointer<Stream> session) {
  const Settings& settings = session->settings;
  asio::steady_timer pause(session->stream.get_executor());
  beast::flat_buffer buffer;
  std::string expected;
  while (session->report.received < settings.receive_count) {
    co_await session->stream.async_read(buffer, use_awaitable);
    peers::make_line(session->report.received++, peers::Direction::kUp, expected);
    const auto bytes = buffer.data();
    if (std::string_view(static_cast<const char*>(bytes.data()), bytes.size()) != expected) {
      ++session->report.wrong;
    }
    buffer.consume(buffer.size());
    if (settings.slow_every != 0 && session->report.received % settings.slow_every == 0) {
      pause.expires_after(std::chrono::milliseconds(settings.slow_ms));
      co_await pause.async_wait(use_awaitable);
    }
  }
}

template <typename Stream>
asio::awaitable<void> send_messages(SessionPointer<Stream> session) {
  std::string line;
  session->stream.text(true);
  while (session->report.sent < session->settings.send_count) {
    peers::make_line(session->report.sent, peers::Direction::kDown, line);
    co_await session->stream.async_write(asio::buffer(line), use_awaitable);
    ++session->report.sent;
  }
}

// Both directions at once; closes with 1000 when both are complete.
template <typename Stream>
asio::awaitable<void> exchange_messages(SessionPointer<Stream> session) {
  asio::co_spawn(session->stream.get_executor(), send_messages(session),
                 [session](const std::exception_ptr&) {
                   session->is_sending = false;
                   session->sender_end.cancel();
                 });
  co_await receive_messages(session);
  if (session->is_sending) {
    boost::system::error_code cancelled;
    co_await session->sender_end.async_wait(asio::redirect_error(use_awaitable, cancelled));
  }
  co_await session->stream.async_close(websocket::close_code::normal, use_awaitable);
}

template <typename Stream>
asio::awaitable<void> run_session(SessionPointer<Stream> session) {
  try {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      co_await session->stream.next_layer().async_handshake(asio::ssl::stream_base::server,
                                                            use_awaitable);
    }
    co_await session->stream.async_accept(use_awaitable);
    if (session->settings.echo) {
      co_await echo_messages(session);
    } else {
      co_await exchange_messages(session);
    }
  } catch (const boost::system::system_error& failure) {
    if (failure.code() != websocket::error::closed) {
      session->report.error = failure.code().message();
    }
  }
  session->report.close_code = session->stream.reason().code;
  session->report.print();
}

template <typename Stream, typename... Arguments>
void start_session(const Settings& settings, Arguments&&... arguments) {
  auto session =
      std::make_shared<Session<Stream>>(Stream(std::forward<Arguments>(arguments)...), settings);
  session->stream.read_message_max(0);
  asio::co_spawn(session->stream.get_executor(), run_session<Stream>(session), asio::detached);
}

tcp::acceptor open_acceptor(asio::io_context& io, const Settings& settings) {
  tcp::acceptor acceptor(io, tcp::v4());
  // Inherited by what is accepted: the window of a slow reader must be small from the start.
  if (settings.receive_buffer > 0) {
    acceptor.set_option(asio::socket_base::receive_buffer_size(settings.receive_buffer));
  }
  acceptor.bind({asio::ip::address_v4::loopback(), 0});
  acceptor.listen(asio::socket_base::max_listen_connections);
  std::printf("{\"event\": \"listening\", \"port\": %u}\n",
              static_cast<unsigned>(acceptor.local_endpoint().port()));
  std::fflush(stdout);
  return acceptor;
}

asio::awaitable<void> accept_sessions(tcp::acceptor acceptor, const Settings& settings,
                                      asio::ssl::context& tls) {
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(use_awaitable);
    socket.set_option(tcp::no_delay(true));
    if (settings.certificate.empty()) {
      start_session<PlainStream>(settings, std::move(socket));
    } else {
      start_session<TlsStream>(settings, std::move(socket), tls);
    }
  }
}

}  // namespace

// beast_peer [echo] [receive=COUNT] [send=COUNT] [slow-every=MESSAGES slow-ms=MS]
//            [receive-buffer=BYTES] [certificate=PEM key=PEM]
int main(int argc, char** argv) {
  const Settings settings = parse_settings(argc, argv);
  asio::io_context io(1);
  asio::ssl::context tls(asio::ssl::context::tls_server);
  if (!settings.certificate.empty()) {
    tls.use_certificate_chain_file(settings.certificate);
    tls.use_private_key_file(settings.key, asio::ssl::context::pem);
  }
  asio::co_spawn(io, accept_sessions(open_acceptor(io, settings), settings, tls), asio::detached);
  io.run();
  return 0;
}
