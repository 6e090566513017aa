// SPDX-License-Identifier: MIT
// The echo client on libwebsockets: its own service loop, writes from the WRITEABLE callback, no
// extensions.
#include <libwebsockets.h>

#include <array>
#include <cstring>
#include <vector>

#include "echo_run.h"

namespace {

class Client {
 public:
  explicit Client(bench::EchoRun& echo) : echo_(echo), frame_(LWS_PRE + echo.payload().size()) {}

  void run() {
    lws_set_log_level(LLL_ERR, nullptr);
    const std::array<lws_protocols, 2> protocols{
        {{"echo", &Client::handle, 0, 4096, 0, this, 0}, {}}};
    lws_context_creation_info info{};
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols.data();
    lws_context* context = lws_create_context(&info);
    lws_client_connect_info dial{};
    dial.context = context;
    dial.address = "127.0.0.1";
    dial.host = dial.address;
    dial.port = echo_.port();
    dial.path = "/";
    dial.protocol = "";
    dial.local_protocol_name = "echo";
    if (lws_client_connect_via_info(&dial) == nullptr) {
      throw std::runtime_error("not connected");
    }
    while (!is_over_ && lws_service(context, 0) >= 0) {
    }
    lws_context_destroy(context);
  }

 private:
  static int handle(lws* wsi, lws_callback_reasons reason, void*, void* data, std::size_t size) {
    const lws_protocols* protocol = lws_get_protocol(wsi);
    auto* self = protocol != nullptr ? static_cast<Client*>(protocol->user) : nullptr;
    switch (reason) {
      case LWS_CALLBACK_CLIENT_ESTABLISHED:
        lws_callback_on_writable(wsi);
        break;
      case LWS_CALLBACK_CLIENT_WRITEABLE:
        return self->write(wsi);
      case LWS_CALLBACK_CLIENT_RECEIVE:
        return self->receive(wsi, {static_cast<const char*>(data), size});
      case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
      case LWS_CALLBACK_CLIENT_CLOSED:
        self->is_over_ = true;
        break;
      default:
        break;
    }
    return 0;
  }

  // As many as the window allows in one callback: cheaper for the library than one each.
  int write(lws* wsi) {
    const std::string_view payload = echo_.payload();
    while (echo_.take_turn()) {
      // Each time: lws_write() masks it where it lies.
      std::memcpy(frame_.data() + LWS_PRE, payload.data(), payload.size());
      if (lws_write(wsi, frame_.data() + LWS_PRE, payload.size(), LWS_WRITE_TEXT) < 0) {
        return -1;
      }
      if (lws_partial_buffered(wsi) != 0) {
        lws_callback_on_writable(wsi);
        break;
      }
    }
    return 0;
  }

  int receive(lws* wsi, std::string_view message) {
    if (!echo_.count_received(message)) {
      echo_.print();
      return -1;
    }
    lws_callback_on_writable(wsi);
    return 0;
  }

  bench::EchoRun& echo_;
  std::vector<unsigned char> frame_;
  bool is_over_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run<Client>(argc, argv);
}
