// SPDX-License-Identifier: MIT
#include "protocol/socks5.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "protocol/host.h"
#include "protocol/proxy.h"

namespace ws::protocol {
namespace {

constexpr unsigned kSocksVersion = 5;
constexpr unsigned kCredentialsVersion = 1;  // RFC 1929 section 2
constexpr unsigned kNoMethod = 0xFF;
constexpr std::size_t kMaxLength = 255;
constexpr std::size_t kPortSize = 2;

enum Method : std::uint8_t { kNoAuthentication = 0, kUserAndPassword = 2 };

enum AddressType : std::uint8_t { kIpv4 = 1, kDomainName = 3, kIpv6 = 4 };

char to_char(std::size_t byte) {
  return static_cast<char>(static_cast<unsigned char>(byte));
}

std::string counted(std::string_view text) {
  assert(text.size() <= kMaxLength);
  return to_char(text.size()) + std::string(text);
}

// CONNECT (RFC 1928 section 4). A literal goes as an address, so that nobody looks it up.
std::string connect_request(std::string_view host, std::uint16_t port) {
  std::string message = {to_char(kSocksVersion), 1, 0};
  if (const auto address = address_bytes(host)) {
    message += to_char(address->size() == 4 ? kIpv4 : kIpv6);
    message += *address;
  } else {
    message += to_char(kDomainName);
    message += counted(host);
  }
  message += to_char(port >> 8U);
  message += to_char(port & 0xFFU);
  return message;
}

// RFC 1928 section 6.
std::string reply_text(unsigned reply) {
  constexpr std::array<const char*, 9> texts = {"",
                                                "general failure",
                                                "not allowed by its rules",
                                                "network unreachable",
                                                "host unreachable",
                                                "connection refused",
                                                "TTL expired",
                                                "command not supported",
                                                "address type not supported"};
  return reply < texts.size() ? texts[reply] : "reply " + std::to_string(reply);
}

}  // namespace

Socks5::Socks5(const Proxy& proxy, std::string_view host, std::uint16_t port)
    : proxy_(proxy.authority()),
      destination_(host_and_port(host, port)),
      request_(connect_request(host, port)) {
  output_ = {to_char(kSocksVersion), 1, to_char(kNoAuthentication)};
  if (proxy.has_credentials()) {
    credentials_ = to_char(kCredentialsVersion) + counted(proxy.user) + counted(proxy.password);
    output_ = {to_char(kSocksVersion), 2, to_char(kNoAuthentication), to_char(kUserAndPassword)};
  }
}

std::string Socks5::take_output() {
  return std::exchange(output_, {});
}

ProxyDialogue::Step Socks5::receive(std::span<const std::byte> bytes) {
  std::size_t taken = 0;
  while (progress_ == Progress::kNeedMore && taken < bytes.size()) {
    const std::size_t size = std::min(missing_, bytes.size() - taken);
    input_.append(reinterpret_cast<const char*>(bytes.data()) + taken, size);
    taken += size;
    missing_ -= size;
    if (missing_ == 0) {
      take_part();
    }
  }
  return {progress_, taken};
}

void Socks5::take_part() {
  switch (part_) {
    case Part::kMethod:
      take_method();
      break;
    case Part::kVerdict:
      take_verdict();
      break;
    case Part::kReply:
      take_reply();
      break;
    case Part::kNameLength:
      expect(Part::kBoundAddress, byte_at(0) + kPortSize);
      break;
    case Part::kBoundAddress:  // where the proxy connected from: of no interest
      progress_ = Progress::kDone;
      break;
  }
}

void Socks5::expect(Part part, std::size_t size) {
  part_ = part;
  missing_ = size;
  input_.clear();
}

void Socks5::take_method() {
  const unsigned method = byte_at(1);
  if (byte_at(0) != kSocksVersion) {
    fail(ErrorCode::kProxyViolation, "proxy " + proxy_ + " does not speak SOCKS5");
  } else if (method == kNoAuthentication) {
    send_request();
  } else if (method == kUserAndPassword && !credentials_.empty()) {
    output_ = std::move(credentials_);
    expect(Part::kVerdict, 2);
  } else if (method == kNoMethod) {
    fail(
        ErrorCode::kProxyRefused,
        "proxy " + proxy_ +
            (credentials_.empty() ? " wants a user and a password: set them in the URL of the proxy"
                                  : " takes no user and password"));
  } else {
    fail(ErrorCode::kProxyViolation,
         "proxy " + proxy_ + " chose a way to authenticate that was not offered");
  }
}

void Socks5::take_verdict() {
  if (byte_at(1) != 0) {  // the version before it is wrong in too many servers to be judged
    fail(ErrorCode::kProxyRefused, "proxy " + proxy_ + " refused the user or the password");
    return;
  }
  send_request();
}

void Socks5::send_request() {
  output_ += std::exchange(request_, {});
  expect(Part::kReply, 4);
}

void Socks5::take_reply() {
  if (byte_at(0) != kSocksVersion) {
    fail(ErrorCode::kProxyViolation, "proxy " + proxy_ + " sent a reply that is not SOCKS5");
  } else if (byte_at(1) != 0) {
    refuse(reply_text(byte_at(1)));
  } else if (byte_at(3) == kDomainName) {
    expect(Part::kNameLength, 1);
  } else if (byte_at(3) == kIpv4 || byte_at(3) == kIpv6) {
    expect(Part::kBoundAddress, (byte_at(3) == kIpv4 ? 4U : 16U) + kPortSize);
  } else {
    fail(ErrorCode::kProxyViolation, "proxy " + proxy_ + " sent an unknown type of address");
  }
}

ProxyDialogue::Progress Socks5::receive_eof() {
  if (progress_ != Progress::kNeedMore) {
    return progress_;
  }
  if (part_ == Part::kReply && input_.size() >= 2 && byte_at(1) != 0) {  // enough of a refusal
    refuse(reply_text(byte_at(1)));
  } else {
    fail(ErrorCode::kConnectionLost, "proxy " + proxy_ + " closed the connection");
  }
  return progress_;
}

void Socks5::refuse(const std::string& reason) {
  fail(ErrorCode::kProxyRefused,
       "proxy " + proxy_ + " cannot connect to " + destination_ + ": " + reason);
}

void Socks5::fail(ErrorCode code, std::string message) {
  error_ = {.phase = Phase::kProxy, .code = code, .message = std::move(message)};
  progress_ = Progress::kFailed;
}

}  // namespace ws::protocol
