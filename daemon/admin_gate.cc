// SPDX-License-Identifier: MIT
#include "daemon/admin_gate.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "config/token_file.h"

namespace wsbridged {

namespace {

constexpr std::string_view kBearer = "bearer ";

enum class Kind : unsigned char { kRead, kVerb };

struct Path {
  std::string_view path;  // with a '/' at its end an argument follows
  AdminAction action;
  Kind kind;
  bool is_for_metrics;  // admin.metrics serves it too
};

constexpr std::array<Path, 10> kPaths = {{
    {"/metrics", AdminAction::kMetrics, Kind::kRead, true},
    {"/livez", AdminAction::kLivez, Kind::kRead, true},
    {"/readyz", AdminAction::kReadyz, Kind::kRead, true},
    {"/status", AdminAction::kStatus, Kind::kRead, false},
    {"/", AdminAction::kPage, Kind::kRead, false},
    {"/ctl/kill/", AdminAction::kKill, Kind::kVerb, false},
    {"/ctl/tap/", AdminAction::kTap, Kind::kVerb, false},
    {"/ctl/drain", AdminAction::kDrain, Kind::kVerb, false},
    {"/ctl/reload", AdminAction::kReload, Kind::kVerb, false},
    {"/ctl/log-level/", AdminAction::kLogLevel, Kind::kVerb, false},
}};

bool fits(const Path& path, std::string_view asked) {
  const bool has_argument = path.path.size() > 1 && path.path.ends_with('/');
  return has_argument ? asked.starts_with(path.path) : asked == path.path;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

bool is_port(std::string_view text) {
  return text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Without the port; nothing when it is no host at all.
std::optional<std::string> host_of(std::string_view field) {
  const std::size_t bracket = field.starts_with('[') ? field.find(']') : 0;
  if (bracket == std::string_view::npos) {
    return std::nullopt;
  }
  const std::size_t colon = std::min(field.find(':', bracket), field.size());
  const bool has_port = colon < field.size();
  if (has_port && !is_port(field.substr(colon + 1))) {
    return std::nullopt;
  }
  return lower_case(field.substr(0, colon));
}

bool is_ip_literal(const std::string& host) {
  in6_addr address{};
  if (host.starts_with('[') && host.ends_with(']')) {
    return inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &address) == 1;
  }
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

// A browser leaves http's own port out of an Origin, whoever writes one by hand may not.
std::string without_default_port(std::string_view host) {
  constexpr std::string_view kDefault = ":80";
  return lower_case(host.substr(0, host.size() - (host.ends_with(kDefault) ? kDefault.size() : 0)));
}

// A browser says where the page that asks comes from. Only our own page may ask, and that is on the
// host that was asked. ("null" is the origin of those who hide theirs.)
bool has_foreign_origin(const HttpRequest& request) {
  const std::string* origin = request.find("origin");
  return origin != nullptr &&
         (request.count("origin") != 1 ||
          without_default_port(*origin) != "http://" + without_default_port(*request.find("host")));
}

// Images and scripts of other sites are asked for without an Origin, but with this (Fetch
// Metadata). Following a link to the status page is no such request: the site that has it sees
// nothing.
bool is_cross_site(const HttpRequest& request) {
  const std::string* site = request.find("sec-fetch-site");
  if (site == nullptr || *site == "same-origin" || *site == "none") {
    return false;
  }
  const std::string* mode = request.find("sec-fetch-mode");
  return mode == nullptr || *mode != "navigate" || request.path != "/";
}

void add_name(const std::optional<config::Address>& address, std::vector<std::string>& names) {
  const auto* tcp = address ? std::get_if<config::TcpAddress>(&*address) : nullptr;
  if (tcp != nullptr && !tcp->host.empty()) {
    names.push_back(lower_case(tcp->host));
  }
}

constexpr std::string_view kBothReads = "GET, HEAD";

// SPEC: admin.metrics serves only GET.
std::string_view allowed_methods(Kind kind, const AdminDoor& door) {
  if (kind == Kind::kVerb) {
    return "POST";
  }
  return door.serves == AdminDoor::Serves::kMetrics ? "GET" : kBothReads;
}

bool is_allowed(std::string_view method, std::string_view allowed) {
  return method == allowed || (allowed == kBothReads && (method == "GET" || method == "HEAD"));
}

AdminResponse wrong_method(std::string_view allowed) {
  AdminResponse response = refusal(405, "this takes " + std::string(allowed));
  response.fields.emplace_back("Allow", allowed);
  return response;
}

AdminResponse no_token(std::string_view error) {
  AdminResponse response = refusal(401, error);
  response.fields.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace

bool is_known_host(std::string_view host, const std::vector<std::string>& names) {
  const auto name = host_of(host);
  return name && (is_ip_literal(*name) || *name == "localhost" ||
                  std::find(names.begin(), names.end(), *name) != names.end());
}

std::variant<std::string, ws::Error> read_token(const std::string& path) {
  auto token = config::read_token_file(path);
  if (const auto* fault = std::get_if<config::TokenFault>(&token)) {
    ws::Error error;
    error.system_errno = fault->system_errno;
    error.message = "token_file " + path + " " + fault->what;
    return error;
  }
  return std::get<std::string>(std::move(token));
}

bool is_equal_secret(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto other = b.empty() ? '\0' : b[i % b.size()];
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(other);
  }
  return difference == 0;
}

AdminGate::AdminGate(const config::Admin& settings) : token_file_(settings.token_file) {
  add_name(settings.listen, names_);
  add_name(settings.metrics, names_);
}

std::variant<AdminRoute, AdminResponse> AdminGate::admit(const HttpRequest& request,
                                                         const AdminDoor& door) const {
  if (!is_known_host(*request.find("host"), names_)) {
    return refusal(421,
                   "this host is not known here: ask by address, as localhost, or by the host in "
                   "admin.listen or admin.metrics");
  }
  if (has_foreign_origin(request) || is_cross_site(request)) {
    return refusal(403, "requests from other web sites are refused");
  }
  const auto* const found =
      std::find_if(kPaths.begin(), kPaths.end(),
                   [&request](const Path& path) { return fits(path, request.path); });
  if (found == kPaths.end() ||
      (door.serves == AdminDoor::Serves::kMetrics && !found->is_for_metrics)) {
    return refusal(404, "there is nothing here");
  }
  const std::string_view allowed = allowed_methods(found->kind, door);
  if (!is_allowed(request.method, allowed)) {
    return wrong_method(allowed);
  }
  AdminRoute route{found->action, request.path.substr(found->path.size())};
  return found->kind == Kind::kVerb ? check_verb(request, std::move(route), door) : route;
}

std::variant<AdminRoute, AdminResponse> AdminGate::check_verb(const HttpRequest& request,
                                                              AdminRoute route,
                                                              const AdminDoor& door) const {
  if (door.is_unix) {
    return route;
  }
  if (route.action == AdminAction::kTap) {
    return refusal(403, "lines are shown over a Unix socket only: set admin.listen to unix:PATH");
  }
  if (token_file_.empty()) {
    return refusal(403, "verbs over TCP need a token: set admin.token_file, or use a Unix socket");
  }
  const auto token = read_token(token_file_);
  if (const auto* error = std::get_if<ws::Error>(&token)) {
    AdminResponse response =
        refusal(503, "the token cannot be read here: the daemon's log says why");
    response.fault = error->message;
    return response;
  }
  const std::string* shown = request.find("authorization");
  // RFC 9110 section 11.1: a scheme's case does not matter.
  if (shown == nullptr || lower_case(shown->substr(0, kBearer.size())) != kBearer) {
    return no_token("this needs the token of admin.token_file (Authorization: Bearer TOKEN)");
  }
  const std::string_view secret = std::string_view(*shown).substr(kBearer.size());
  if (request.count("authorization") != 1 ||
      !is_equal_secret(secret, std::get<std::string>(token))) {
    return no_token("the token is wrong");
  }
  return route;
}

}  // namespace wsbridged
