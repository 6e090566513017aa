// SPDX-License-Identifier: MIT
// The conformance server on libwebsockets (see duties.h). Prints its port, and how each session
// ended, as JSON lines.
#include <libwebsockets.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "duties.h"

namespace {

using peers::Outgoing;
using Kind = Outgoing::Kind;

constexpr std::size_t kReceiveBuffer = 65536;

struct Session {
  std::string received;  // of the message under way
  std::deque<Outgoing> queue;
  std::vector<unsigned char> sending;  // libwebsockets compresses out of it until the next turn
  std::vector<std::string> pongs;
  unsigned close_code = 0;  // of the client's Close, when that was the first
};

lws_write_protocol protocol_of(Kind kind) {
  switch (kind) {
    case Kind::kBinary:
      return LWS_WRITE_BINARY;
    case Kind::kFirst:
      return static_cast<lws_write_protocol>(LWS_WRITE_TEXT | LWS_WRITE_NO_FIN);
    case Kind::kMiddle:
      return static_cast<lws_write_protocol>(LWS_WRITE_CONTINUATION | LWS_WRITE_NO_FIN);
    case Kind::kLast:
      return LWS_WRITE_CONTINUATION;
    case Kind::kPing:
      return LWS_WRITE_PING;
    case Kind::kText:
    case Kind::kClose:
      break;
  }
  return LWS_WRITE_TEXT;
}

void receive(lws* connection, Session& session, const void* data, std::size_t size) {
  session.received.append(static_cast<const char*>(data), size);
  if (lws_remaining_packet_payload(connection) != 0 || lws_is_final_fragment(connection) == 0) {
    return;
  }
  const Kind kind = lws_frame_is_binary(connection) != 0 ? Kind::kBinary : Kind::kText;
  auto plan = peers::plan_answer(kind, std::exchange(session.received, {}), session.pongs);
  std::move(plan.begin(), plan.end(), std::back_inserter(session.queue));
  lws_callback_on_writable(connection);
}

// One frame for each time that the connection can take one. Not 0: the connection is to be closed.
int send_next(lws* connection, Session& session) {
  if (session.queue.empty()) {
    return 0;
  }
  const Outgoing frame = std::move(session.queue.front());
  session.queue.pop_front();
  session.sending.resize(LWS_PRE + frame.payload.size());
  unsigned char* const payload = session.sending.data() + LWS_PRE;
  std::copy(frame.payload.begin(), frame.payload.end(), payload);
  if (frame.kind == Kind::kClose) {
    lws_close_reason(connection, static_cast<lws_close_status>(frame.code), payload,
                     frame.payload.size());
    return -1;
  }
  if (lws_write(connection, payload, frame.payload.size(), protocol_of(frame.kind)) < 0) {
    return -1;
  }
  lws_callback_on_writable(connection);
  return 0;
}

int on_event(lws* connection, lws_callback_reasons reason, void* user, void* data,
             std::size_t size) {
  auto** const slot = static_cast<Session**>(user);
  const auto* const bytes = static_cast<const unsigned char*>(data);
  switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
      *slot = new Session;
      break;
    case LWS_CALLBACK_RECEIVE:
      receive(connection, **slot, data, size);
      break;
    case LWS_CALLBACK_RECEIVE_PONG:
      (*slot)->pongs.emplace_back(static_cast<const char*>(data), size);
      break;
    case LWS_CALLBACK_SERVER_WRITEABLE:
      return send_next(connection, **slot);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
      (*slot)->close_code = size < 2 ? 0 : static_cast<unsigned>(bytes[0] << 8 | bytes[1]);
      break;
    case LWS_CALLBACK_CLOSED:
      std::cout << R"({"event": "end", "code": )" << (*slot)->close_code << '}' << std::endl;
      delete *slot;
      break;
    default:
      break;
  }
  return 0;
}

}  // namespace

// lws_duties [deflate]
int main(int argc, char** argv) {
  lws_set_log_level(LLL_ERR | LLL_WARN, nullptr);
  const lws_protocols protocols[] = {
      {peers::kSubprotocol, on_event, sizeof(void*), kReceiveBuffer, 0, nullptr, 0},
      {nullptr, nullptr, 0, 0, 0, nullptr, 0}};
  const lws_extension extensions[] = {
      {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate"},
      {nullptr, nullptr, nullptr}};
  lws_context_creation_info info{};
  info.port = 0;  // the kernel chooses
  info.iface = "127.0.0.1";
  info.protocols = protocols;
  info.extensions = argc > 1 && std::string_view(argv[1]) == "deflate" ? extensions : nullptr;
  info.gid = -1;
  info.uid = -1;
  info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DISABLE_IPV6;
  lws_context* const context = lws_create_context(&info);
  lws_vhost* const host = context == nullptr ? nullptr : lws_create_vhost(context, &info);
  if (host == nullptr) {
    std::cerr << "libwebsockets does not start\n";
    return 1;
  }
  std::cout << R"({"event": "listening", "port": )" << lws_get_vhost_listen_port(host) << '}'
            << std::endl;
  while (lws_service(context, 0) >= 0) {
  }
  lws_context_destroy(context);
  return 1;
}
