// SPDX-License-Identifier: MIT
#include "protocol/http_connect.h"

#include <utility>

#include "protocol/basic_auth.h"
#include "protocol/proxy.h"
#include "protocol/version.h"

namespace ws::protocol {
namespace {

constexpr int kProxyAuthenticationRequired = 407;
constexpr int kUnauthorized = 401;  // tinyproxy's, when the password is wrong

std::string connect_request(const Proxy& proxy, const std::string& destination) {
  std::string text = "CONNECT " + destination + " HTTP/1.1\r\nHost: " + destination + "\r\n";
  if (proxy.has_credentials()) {
    text += "Proxy-Authorization: " + basic_authorization(proxy.user, proxy.password) + "\r\n";
  }
  return text.append("User-Agent: ").append(kUserAgent).append("\r\n\r\n");
}

}  // namespace

HttpConnect::HttpConnect(const Proxy& proxy, std::string_view host, std::uint16_t port,
                         std::size_t max_header)
    : proxy_(proxy.authority()),
      destination_(host_and_port(host, port)),
      output_(connect_request(proxy, destination_)),
      max_header_(max_header),
      head_(max_header) {}

std::string HttpConnect::take_output() {
  return std::exchange(output_, {});
}

ProxyDialogue::Step HttpConnect::receive(std::span<const std::byte> bytes) {
  std::size_t taken = 0;
  while (progress_ == Progress::kNeedMore && taken < bytes.size()) {
    if (!body_) {
      taken += take_head(bytes.subspan(taken));
    } else {
      if (body_->receive(bytes.subspan(taken), response_.body)) {
        refuse();
      }
      taken = bytes.size();
    }
  }
  return {progress_, taken};
}

std::size_t HttpConnect::take_head(std::span<const std::byte> bytes) {
  const auto step = head_.receive(bytes);
  if (step.progress == HttpResponseHead::Progress::kViolation) {
    fail(ErrorCode::kProxyViolation,
         "proxy " + proxy_ + " does not answer in HTTP: " + std::string(head_.violation()));
  } else if (step.progress == HttpResponseHead::Progress::kComplete) {
    handle_head();
  }
  return step.taken;
}

void HttpConnect::handle_head() {
  response_ = head_.take();
  if (response_.status >= 200 && response_.status < 300) {
    progress_ = Progress::kDone;  // it has no body, whatever its headers say (9.3.6)
  } else if (response_.status >= 200) {
    body_.emplace(response_);
    if (body_->is_complete()) {
      refuse();
    }
  } else if (++interim_count_ > kMaxInterimResponses) {
    fail(ErrorCode::kProxyViolation, "proxy " + proxy_ + " sends more than 8 interim responses");
  } else {
    head_ = HttpResponseHead(max_header_);
  }
}

ProxyDialogue::Progress HttpConnect::receive_eof() {
  if (body_) {
    refuse();
  } else if (progress_ == Progress::kNeedMore) {
    fail(ErrorCode::kConnectionLost, "proxy " + proxy_ + " closed the connection " +
                                         (head_.is_begun() ? "within its" : "without a") +
                                         " response");
  }
  return progress_;
}

ProxyDialogue::Progress HttpConnect::give_up() {
  if (body_) {
    refuse();
  }
  return progress_;
}

void HttpConnect::refuse() {
  body_.reset();
  std::string message = "proxy " + proxy_ + " answered " + std::to_string(response_.status) +
                        " to CONNECT " + destination_;
  if (response_.status == kProxyAuthenticationRequired || response_.status == kUnauthorized) {
    message += "; set a user and a password that it knows in the URL of the proxy";
  }
  fail(ErrorCode::kProxyRefused, std::move(message));
  error_.response = std::move(response_);
}

void HttpConnect::fail(ErrorCode code, std::string message) {
  error_ = {.phase = Phase::kProxy, .code = code, .message = std::move(message)};
  progress_ = Progress::kFailed;
}

}  // namespace ws::protocol
