// SPDX-License-Identifier: MIT
#include "support/recording_client.h"

#include <algorithm>
#include <utility>

#include "support/run_until.h"
#include "support/test_certs.h"

namespace ws::test {
namespace {

// Made once: a context costs time.
std::shared_ptr<const TlsContext> trusting_context() {
  static const TemporaryFile authority(test_certificates().authority.pem());
  static const auto context = [] {
    TlsOptions options;
    options.ca_file = authority.path();
    return make_tls_context(options).value();
  }();
  return context;
}

template <typename... Arguments>
void pass_on(const std::function<void(Arguments...)>& inner,
             std::type_identity_t<Arguments>... arguments) {
  if (inner) {
    inner(std::forward<Arguments>(arguments)...);
  }
}

}  // namespace

Options trusting_options() {
  Options options;
  options.tls_context = trusting_context();
  return options;
}

RecordingClient::RecordingClient(const std::string& url, Options options) {
  start(url, std::move(options));
}

void RecordingClient::start(const std::string& url, Options options) {
  options.callbacks = recording(options.callbacks);
  websocket = std::make_unique<WebSocket>(loop, url, std::move(options));
}

Callbacks RecordingClient::recording(const Callbacks& inner) {
  return {
      .on_open =
          [this, call = inner.on_open](WebSocket& socket) {
            events.emplace_back("open");
            pass_on(call, socket);
          },
      .on_message =
          [this, call = inner.on_message](WebSocket& socket, const Message& message) {
            const char* type = message.type == MessageType::kText ? "text " : "binary ";
            events.push_back(type + std::string(message.data));
            pass_on(call, socket, message);
          },
      .on_message_chunk = inner.on_message_chunk,
      .on_read_end = inner.on_read_end,
      .on_drain =
          [this, call = inner.on_drain](WebSocket& socket) {
            events.emplace_back("drain");
            pass_on(call, socket);
          },
      .on_pong =
          [this, call = inner.on_pong](WebSocket& socket, std::string_view payload) {
            events.push_back("pong " + std::string(payload));
            pass_on(call, socket, payload);
          },
      .on_round_trip = inner.on_round_trip,
      .on_error =
          [this, call = inner.on_error](WebSocket& socket, const Error& reason) {
            events.emplace_back("error");
            error = reason;
            loop.stop();
            pass_on(call, socket, reason);
          },
      .on_close =
          [this, call = inner.on_close](WebSocket& socket, const CloseInfo& info) {
            events.push_back("close " + std::to_string(info.code));
            closed = info;
            loop.stop();
            pass_on(call, socket, info);
          },
  };
}

bool RecordingClient::run() {
  return run_until([this] { return error.has_value() || closed.has_value(); });
}

bool RecordingClient::run_until(const std::function<bool()>& is_done) {
  return test::run_until(loop, is_done);
}

std::size_t RecordingClient::count(const std::string& entry) const {
  return static_cast<std::size_t>(std::count(events.begin(), events.end(), entry));
}

}  // namespace ws::test
