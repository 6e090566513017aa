// SPDX-License-Identifier: MIT
// A WebSocket client on libws for tests against programs that are not ours: opens a URL as often as
// it is told, one after the other, has a text echoed each time, and prints one JSON object for
// each.
//
// Settings, key=value: url, proxy, resolve (host:port=address), ca, cert, key, pin, count.
#include <chrono>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include <ws/event_loop.h>
#include <ws/websocket.h>

namespace {

constexpr const char* kText = "hello";

using Settings = std::map<std::string, std::string>;

Settings parse_arguments(int count, char** arguments) {
  Settings settings{{"count", "1"}};
  for (int i = 1; i < count; ++i) {
    const std::string text = arguments[i];
    const std::size_t equals = text.find('=');
    settings[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return settings;
}

ws::Options make_options(Settings& settings) {
  ws::Options options;
  options.proxy = settings["proxy"];
  if (const std::string& entry = settings["resolve"]; !entry.empty()) {
    const std::size_t equals = entry.find('=');
    options.resolve[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  options.tls.ca_file = settings["ca"];
  options.tls.cert_file = settings["cert"];
  options.tls.key_file = settings["key"];
  if (!settings["pin"].empty()) {
    options.tls.pin_sha256 = {settings["pin"]};
  }
  return options;
}

const char* text_of(bool value) {
  return value ? "true" : "false";
}

void print_opened(const ws::WebSocket& socket, std::string_view echoed) {
  const auto tls = socket.tls_info();
  std::cout << R"({"open": true, "echo": )" << std::quoted(echoed) << R"(, "address": )"
            << std::quoted(socket.remote_address()) << R"(, "resumed": )"
            << text_of(tls && tls->resumed) << R"(, "version": )"
            << std::quoted(tls ? tls->version : "") << R"(, "pin": )"
            << std::quoted(tls ? tls->pin : "") << "}" << std::endl;
}

void print_failed(const ws::Error& error) {
  std::cout << R"({"open": false, "phase": )" << std::quoted(ws::to_string(error.phase))
            << R"(, "code": )" << std::quoted(ws::to_string(error.code)) << R"(, "status": )"
            << (error.response ? error.response->status : 0) << R"(, "message": )"
            << std::quoted(error.message) << "}" << std::endl;
}

void dial(ws::EventLoop& loop, const std::string& url, ws::Options options) {
  options.callbacks = {
      .on_open = [](ws::WebSocket& socket) { (void)socket.send(kText); },
      .on_message =
          [](ws::WebSocket& socket, const ws::Message& message) {
            print_opened(socket, message.data);
            socket.close();
          },
      .on_error = [](ws::WebSocket&, const ws::Error& error) { print_failed(error); },
      .on_close = [](ws::WebSocket&, const ws::CloseInfo&) {},
  };
  const ws::WebSocket socket(loop, url, std::move(options));
  loop.run();
}

}  // namespace

int main(int count, char** arguments) {
  Settings settings = parse_arguments(count, arguments);
  ws::Options options = make_options(settings);
  auto context = ws::make_tls_context(options.tls);
  if (!context) {
    print_failed(context.error());
    return 1;
  }
  options.tls_context = *context;
  ws::EventLoop loop;
  for (int left = std::stoi(settings["count"]); left > 0; --left) {
    dial(loop, settings["url"], options);
  }
  return 0;
}
