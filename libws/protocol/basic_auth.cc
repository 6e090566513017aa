// SPDX-License-Identifier: MIT
#include "protocol/basic_auth.h"

#include <algorithm>
#include <span>

#include "protocol/ascii.h"
#include "protocol/base64.h"

namespace ws::protocol {

std::string_view credentials_violation(std::string_view user, std::string_view password) {
  if (std::any_of(user.begin(), user.end(), is_control) ||
      std::any_of(password.begin(), password.end(), is_control)) {
    return "the user or the password holds a control character";
  }
  return user.find(':') != std::string_view::npos ? "the user holds a colon" : "";
}

std::string basic_authorization(std::string_view user, std::string_view password) {
  const std::string pair = std::string(user).append(":").append(password);
  return "Basic " + encode_base64(std::as_bytes(std::span(pair)));
}

}  // namespace ws::protocol
