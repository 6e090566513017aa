// SPDX-License-Identifier: MIT
#include "daemon/ctl.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <utility>
#include <variant>
#include <vector>

#include "config/admin_flag.h"
#include "config/admin_section.h"
#include "daemon/admin_client.h"
#include "daemon/admin_gate.h"
#include "daemon/ctl_text.h"
#include "daemon/daemon.h"

namespace wsbridged {

namespace {

using CtlVerb = CtlCommand::Verb;

constexpr std::string_view kDefaultSocket = "/run/wsbridged/admin.sock";
constexpr std::string_view kEndRecord = R"({"end":)";

// Behind the daemon's own deadline, with which it says that the reload is still under way.
constexpr std::chrono::seconds kReloadTimeout{15};

// Who answers, and what it wants to see over TCP.
struct Contact {
  config::Address address;
  std::string token_file;
};

int fail(std::string_view what) {
  std::cerr << "wsbridged: " << what << '\n';
  return kExitFailure;
}

// Somebody who names a configuration means the program that has it, and no other. With none named,
// the program may have been started without a file.
config::AdminSection configured_admin(const AdminSource& source,
                                      const config::Environment& environment) {
  if (source.config_yaml) {
    return config::read_admin_section(*source.config_yaml, "WSBRIDGED_CONFIG_YAML", environment);
  }
  auto section = config::load_admin_section(source.config_file, environment);
  const bool is_known = std::holds_alternative<config::Admin>(section);
  return is_known || source.is_file_named ? section : config::Admin();
}

enum class Needs : unsigned char { kEverything, kHealth };

using Unknown = std::vector<config::Problem>;

std::variant<Contact, Unknown> find_contact(const AdminSource& source, Needs needs,
                                            const config::Environment& environment) {
  auto section = configured_admin(source, environment);
  if (auto* problems = std::get_if<Unknown>(&section)) {
    return std::move(*problems);
  }
  const auto& admin = std::get<config::Admin>(section);
  if (source.flag) {
    auto read = config::read_admin_flag(*source.flag, environment);
    if (auto* problem = std::get_if<config::Problem>(&read)) {
      return Unknown{std::move(*problem)};
    }
    return Contact{std::get<config::Address>(std::move(read)), admin.token_file};
  }
  if (admin.listen) {
    return Contact{*admin.listen, admin.token_file};
  }
  if (admin.metrics && needs == Needs::kHealth) {
    return Contact{*admin.metrics, ""};
  }
  return Contact{config::UnixAddress{.path = std::string(kDefaultSocket)}, ""};
}

void tell(const Unknown& problems) {
  for (const config::Problem& problem : problems) {
    std::cerr << "wsbridged: " << to_string(problem) << '\n';
  }
}

constexpr std::size_t kMaxUtf8 = 4;  // bytes of a character

// Columns of the terminal; 0 when it is none.
std::size_t terminal_width() {
  winsize size{};
  const bool is_terminal = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  return is_terminal ? size.ws_col : 0;
}

AdminCall call_for(const CtlCommand& command) {
  AdminCall call{.method = "POST"};
  switch (command.verb) {
    case CtlVerb::kPs:
      return {.method = "GET", .path = "/status"};
    case CtlVerb::kKill:
      call.path = "/ctl/kill/" + command.argument;
      break;
    case CtlVerb::kTap:
      call.path = "/ctl/tap/" + command.argument;
      if (const std::size_t width = terminal_width(); width > 0 && !command.is_json) {
        call.path += "?width=" + std::to_string(width * kMaxUtf8);  // bytes are asked for
      }
      break;
    case CtlVerb::kDrain:
      call.path = "/ctl/drain";
      break;
    case CtlVerb::kReload:
      call.path = "/ctl/reload";
      call.timeout = kReloadTimeout;
      break;
    case CtlVerb::kLogLevel:
      call.path = "/ctl/log-level/" + command.argument;
      break;
  }
  return call;
}

std::string done_text(const CtlCommand& command, const std::string& body) {
  switch (command.verb) {
    case CtlVerb::kPs:
      return ps_text(body);
    case CtlVerb::kKill:
      return "session " + command.argument + " is ending\n";
    case CtlVerb::kDrain:
      return "draining: nothing is accepted any more, sessions end when they are silent\n";
    case CtlVerb::kReload:
      return reload_text(body);
    case CtlVerb::kLogLevel:
      return "the log level is " + command.argument + "\n";
    case CtlVerb::kTap:
      break;
  }
  return "";
}

// Prints records as they come, until the session or the reader of our output ends.
class TapPrinter {
 public:
  explicit TapPrinter(const CtlCommand& command)
      : is_json_(command.is_json), width_(command.is_json ? 0 : terminal_width()) {}

  bool take(std::string_view bytes) {
    rest_ += bytes;
    std::size_t end = 0;
    while ((end = rest_.find('\n')) != std::string::npos) {
      const std::string record = rest_.substr(0, end);
      std::cout << (is_json_ ? record + "\n" : tap_text(record, width_));
      rest_.erase(0, end + 1);
      has_ended_ = record.starts_with(kEndRecord);
    }
    std::cout.flush();
    return std::cout.good() && !has_ended_;
  }

 private:
  bool is_json_;
  std::size_t width_;
  bool has_ended_ = false;
  std::string rest_;
};

ws::Result<AdminReply> perform(const CtlCommand& command, const Contact& contact, AdminCall call) {
  if (std::holds_alternative<config::TcpAddress>(contact.address) && !contact.token_file.empty() &&
      call.method == "POST") {
    auto token = read_token(contact.token_file);
    if (auto* error = std::get_if<ws::Error>(&token)) {
      return std::move(*error);
    }
    call.token = std::get<std::string>(std::move(token));
  }
  if (command.verb != CtlVerb::kTap) {
    return call_admin(contact.address, call);
  }
  TapPrinter printer(command);
  call.output = STDOUT_FILENO;
  return call_admin(contact.address, call,
                    [&printer](std::string_view bytes) { return printer.take(bytes); });
}

}  // namespace

int ctl_command(const CtlCommand& command, const AdminSource& source,
                const config::Environment& environment) {
  const auto found = find_contact(source, Needs::kEverything, environment);
  if (const auto* problems = std::get_if<Unknown>(&found)) {
    tell(*problems);
    return kExitUsage;
  }
  const auto reply = perform(command, std::get<Contact>(found), call_for(command));
  if (!reply) {
    return fail(reply.error().message);
  }
  const bool is_reload = command.verb == CtlVerb::kReload;
  if (reply->status != 200 && (reply->status != 202 || is_reload)) {
    if (is_reload) {
      std::cerr << reload_text(reply->body);
      return kExitFailure;
    }
    return fail(message_of(reply->body));
  }
  std::cout << (command.is_json ? reply->body : done_text(command, reply->body));
  return kExitClean;
}

int healthcheck_command(const HealthCommand& command, const AdminSource& source,
                        const config::Environment& environment) {
  const auto found = find_contact(source, Needs::kHealth, environment);
  if (const auto* problems = std::get_if<Unknown>(&found)) {
    tell(*problems);
    return kExitFailure;
  }
  const AdminCall call{.path = command.is_live ? "/livez" : "/readyz"};
  const auto reply = call_admin(std::get<Contact>(found).address, call);
  if (!reply) {
    return fail(reply.error().message);
  }
  if (reply->status != 200) {
    return fail((command.is_live ? "not live: " : "not ready: ") + message_of(reply->body));
  }
  std::cout << (command.is_live ? "live\n" : "ready\n");
  return kExitClean;
}

}  // namespace wsbridged
