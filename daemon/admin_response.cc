// SPDX-License-Identifier: MIT
#include "daemon/admin_response.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace wsbridged {

namespace {

constexpr std::array<std::pair<int, std::string_view>, 17> kReasons = {
    {{200, "OK"},
     {202, "Accepted"},
     {400, "Bad Request"},
     {401, "Unauthorized"},
     {403, "Forbidden"},
     {404, "Not Found"},
     {405, "Method Not Allowed"},
     {408, "Request Timeout"},
     {409, "Conflict"},
     {413, "Content Too Large"},
     {421, "Misdirected Request"},
     {429, "Too Many Requests"},
     {431, "Request Header Fields Too Large"},
     {500, "Internal Server Error"},
     {501, "Not Implemented"},
     {503, "Service Unavailable"},
     {505, "HTTP Version Not Supported"}}};

void add_field(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string_view reason_phrase(int status) {
  const auto* const found = std::find_if(kReasons.begin(), kReasons.end(),
                                         [status](const auto& r) { return r.first == status; });
  return found == kReasons.end() ? "Unknown" : found->second;
}

AdminResponse refusal(int status, std::string_view error) {
  using nlohmann::json;
  AdminResponse response;
  response.status = status;
  response.body =
      json{{"error", error}}.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  return response;
}

std::string head_to_wire(const AdminResponse& response) {
  std::string wire = "HTTP/1.1 " + std::to_string(response.status) + " ";
  wire.append(reason_phrase(response.status)).append("\r\n");
  add_field(wire, "Content-Type", response.content_type);
  if (!response.tap) {
    add_field(wire, "Content-Length", std::to_string(response.body.size()));
  }
  add_field(wire, "Connection", "close");
  add_field(wire, "Cache-Control", "no-store");
  add_field(wire, "X-Content-Type-Options", "nosniff");
  add_field(wire, "Referrer-Policy", "no-referrer");
  add_field(wire, "Cross-Origin-Resource-Policy", "same-origin");
  add_field(wire, "Content-Security-Policy", response.content_security_policy);
  for (const auto& [name, value] : response.fields) {
    add_field(wire, name, value);
  }
  return wire + "\r\n";
}

}  // namespace wsbridged
