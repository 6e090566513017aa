// SPDX-License-Identifier: MIT
// The echo client on Boost.Beast: asynchronous, one buffer that is used again, no deflate compiled
// in, a plain socket without the time-outs of beast::tcp_stream.
#include <utility>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

#include "echo_run.h"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::error_code;
using tcp = asio::ip::tcp;

class Client {
 public:
  explicit Client(bench::EchoRun& echo) : echo_(echo) {}

  void run() {
    stream_.next_layer().connect({asio::ip::address_v4::loopback(), echo_.port()});
    stream_.next_layer().set_option(tcp::no_delay(true));
    stream_.handshake("127.0.0.1:" + std::to_string(echo_.port()), "/");
    stream_.text(true);
    send_more();
    read();
    io_.run();
  }

 private:
  static void check(error_code failure) {
    if (failure) {
      throw boost::system::system_error(failure);
    }
  }

  void read() {
    stream_.async_read(received_, [this](error_code failure, std::size_t) {
      check(failure);
      const auto bytes = received_.cdata();
      const bool goes_on =
          echo_.count_received({static_cast<const char*>(bytes.data()), bytes.size()});
      received_.consume(received_.size());
      if (!goes_on) {
        echo_.print();
        stream_.async_close(websocket::close_code::normal, check);
        return;
      }
      send_more();
      read();
    });
  }

  // One write at a time: Beast allows no more.
  void send_more() {
    if (is_writing_ || !echo_.take_turn()) {
      return;
    }
    is_writing_ = true;
    stream_.async_write(asio::buffer(echo_.payload()), [this](error_code failure, std::size_t) {
      check(failure);
      is_writing_ = false;
      send_more();
    });
  }

  bench::EchoRun& echo_;
  asio::io_context io_{1};
  websocket::stream<tcp::socket, false> stream_{io_};
  beast::flat_buffer received_;
  bool is_writing_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run<Client>(argc, argv);
}
