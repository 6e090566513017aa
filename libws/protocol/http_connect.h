// SPDX-License-Identifier: MIT
// Asking an HTTP proxy for a tunnel (CONNECT, RFC 9110 section 9.3.6), without I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/http_response_head.h"
#include "protocol/proxy_dialogue.h"
#include "protocol/refusal_body.h"

namespace ws::protocol {

struct Proxy;

// Memory: at most `max_header`, and 64 KiB of the body of a refusal. A refusal is kProxyRefused
// with the response; what is no HTTP response is kProxyViolation. Interim responses are skipped,
// eight at most.
class HttpConnect final : public ProxyDialogue {
 public:
  HttpConnect(const Proxy& proxy, std::string_view host, std::uint16_t port,
              std::size_t max_header);

  [[nodiscard]] std::string take_output() override;
  [[nodiscard]] Step receive(std::span<const std::byte> bytes) override;
  [[nodiscard]] Progress receive_eof() override;
  [[nodiscard]] Progress give_up() override;

  [[nodiscard]] const Error& error() const override { return error_; }

  [[nodiscard]] const std::string& proxy() const override { return proxy_; }

  [[nodiscard]] const std::string& destination() const override { return destination_; }

 private:
  [[nodiscard]] std::size_t take_head(std::span<const std::byte> bytes);
  void handle_head();
  void refuse();
  void fail(ErrorCode code, std::string message);

  std::string proxy_;
  std::string destination_;
  std::string output_;
  std::size_t max_header_;
  HttpResponseHead head_;
  std::size_t interim_count_ = 0;
  HttpResponse response_;
  std::optional<RefusalBody> body_;  // while the body of a refusal is coming
  Progress progress_ = Progress::kNeedMore;
  Error error_;
};

}  // namespace ws::protocol
