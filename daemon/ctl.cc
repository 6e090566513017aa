// SPDX-License-Identifier: MIT
#include "daemon/ctl.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <utility>
#include <variant>

#include "config/admin_flag.h"
#include "daemon/admin_client.h"
#include "daemon/admin_gate.h"
#include "daemon/ctl_text.h"
#include "daemon/daemon.h"

namespace wsbridged {

namespace {

using Verb = CtlCommand::Verb;

constexpr std::string_view kDefaultSocket = "/run/wsbridged/admin.sock";

// Who answers, and what it wants to see over TCP.
struct Contact {
  config::Address address;
  std::string token_file;
};

int fail(std::string_view what) {
  std::cerr << "wsbridged: " << what << '\n';
  return kExitFailure;
}

// Errors elsewhere in the file are no reason not to know where the daemon listens.
config::Admin configured_admin(const AdminSource& source, const config::Environment& environment) {
  if (source.config_yaml) {
    return config::load_text(*source.config_yaml, "WSBRIDGED_CONFIG_YAML", environment)
        .config.admin;
  }
  return config::load_file(source.config_file, environment).config.admin;
}

enum class Needs : unsigned char { kEverything, kHealth };

std::variant<Contact, config::Problem> find_contact(const AdminSource& source, Needs needs,
                                                    const config::Environment& environment) {
  const config::Admin admin = configured_admin(source, environment);
  if (source.flag) {
    auto read = config::read_admin_flag(*source.flag, environment);
    if (auto* problem = std::get_if<config::Problem>(&read)) {
      return std::move(*problem);
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
    case Verb::kPs:
      return {.method = "GET", .path = "/status"};
    case Verb::kKill:
      call.path = "/ctl/kill/" + command.argument;
      break;
    case Verb::kTap:
      call.path = "/ctl/tap/" + command.argument;
      if (const std::size_t width = terminal_width(); width > 0 && !command.is_json) {
        call.path += "?width=" + std::to_string(width * kMaxUtf8);  // bytes are asked for
      }
      break;
    case Verb::kDrain:
      call.path = "/ctl/drain";
      break;
    case Verb::kReload:
      call.path = "/ctl/reload";
      break;
    case Verb::kLogLevel:
      call.path = "/ctl/log-level/" + command.argument;
      break;
  }
  return call;
}

std::string done_text(const CtlCommand& command, const std::string& body) {
  switch (command.verb) {
    case Verb::kPs:
      return ps_text(body);
    case Verb::kKill:
      return "session " + command.argument + " is ending\n";
    case Verb::kDrain:
      return "draining: nothing is accepted any more, sessions end when they are silent\n";
    case Verb::kReload:
      return reload_text(body);
    case Verb::kLogLevel:
      return "the log level is " + command.argument + "\n";
    case Verb::kTap:
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
    }
    std::cout.flush();
    return std::cout.good();
  }

 private:
  bool is_json_;
  std::size_t width_;
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
  if (command.verb != Verb::kTap) {
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
  if (const auto* problem = std::get_if<config::Problem>(&found)) {
    std::cerr << "wsbridged: " << to_string(*problem) << '\n';
    return kExitUsage;
  }
  const auto reply = perform(command, std::get<Contact>(found), call_for(command));
  if (!reply) {
    return fail(reply.error().message);
  }
  if (reply->status != 200 && reply->status != 202) {
    if (command.verb == Verb::kReload) {
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
  if (const auto* problem = std::get_if<config::Problem>(&found)) {
    std::cerr << "wsbridged: " << to_string(*problem) << '\n';
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
