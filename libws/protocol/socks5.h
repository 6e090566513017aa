// SPDX-License-Identifier: MIT
// Asking a SOCKS5 proxy for a connection (RFC 1928, and RFC 1929 for user and password), without
// I/O. Names are sent as they are: the proxy looks them up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/proxy_dialogue.h"

namespace ws::protocol {

struct Proxy;

// Memory: the longest message, 262 bytes. A refusal is kProxyRefused in the RFC's words; what is no
// SOCKS5 answer is kProxyViolation.
class Socks5 final : public ProxyDialogue {
 public:
  // Preconditions: user and password have at most 255 bytes each, as has `host`.
  Socks5(const Proxy& proxy, std::string_view host, std::uint16_t port);

  [[nodiscard]] std::string take_output() override;
  [[nodiscard]] Step receive(std::span<const std::byte> bytes) override;
  [[nodiscard]] Progress receive_eof() override;

  [[nodiscard]] const Error& error() const override { return error_; }

  [[nodiscard]] const std::string& proxy() const override { return proxy_; }

  [[nodiscard]] const std::string& destination() const override { return destination_; }

 private:
  // What is being waited for: the choice of a method, the verdict on user and password, and the
  // parts of the reply.
  enum class Part : std::uint8_t { kMethod, kVerdict, kReply, kNameLength, kBoundAddress };

  void take_part();
  void take_method();
  void take_verdict();
  void take_reply();
  void expect(Part part, std::size_t size);
  void send_request();
  void refuse(const std::string& reason);
  void fail(ErrorCode code, std::string message);

  [[nodiscard]] unsigned byte_at(std::size_t index) const {
    return static_cast<unsigned char>(input_[index]);
  }

  std::string proxy_;
  std::string destination_;
  std::string credentials_;  // the message of RFC 1929, empty: none to offer
  std::string request_;
  std::string output_;
  std::string input_;  // of the part that is coming
  Part part_ = Part::kMethod;
  std::size_t missing_ = 2;
  Progress progress_ = Progress::kNeedMore;
  Error error_;
};

}  // namespace ws::protocol
