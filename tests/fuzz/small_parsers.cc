// SPDX-License-Identifier: MIT
// The small readers of foreign text: dates, numbers, Close frames, UTF-8, encodings, templates,
// header fields, upgrade requests, what systemd and the command's environment say.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/suggest.h"
#include "config/template_text.h"
#include "config/values.h"
#include "daemon/cgroup_memory.h"
#include "daemon/cli_source.h"
#include "daemon/environment_number.h"
#include "daemon/inherited_sockets.h"
#include "daemon/local_encoding.h"
#include "daemon/log_format.h"
#include "daemon/notify_socket.h"
#include "daemon/process_stats.h"
#include "daemon/template.h"
#include "daemon/text_codec.h"
#include "fuzz/support/input.h"
#include "fuzz/support/pieces.h"
#include "fuzz/support/require.h"
#include "fuzz_targets.h"
#include "protocol/base64.h"
#include "protocol/basic_auth.h"
#include "protocol/close_frame.h"
#include "protocol/cookie_date.h"
#include "protocol/extension.h"
#include "protocol/http_field.h"
#include "protocol/server_handshake.h"
#include "protocol/utf8.h"
#include "support/reference_parser.h"
#include "unit/daemon/reference_framing.h"
#include "unit/daemon/reference_text.h"

namespace fuzz {
namespace {

namespace config = wsbridged::config;
namespace protocol = ws::protocol;
namespace reference = wsbridged::reference;

void check_date(Input& input) {
  if (const auto date = protocol::parse_cookie_date(input.rest())) {
    // The years 1601 to 9999 (RFC 6265 section 5.1.1).
    require(*date >= -11'644'473'600 && *date <= 253'402'300'799, "a date is in its years");
  }
}

void check_numbers(Input& input) {
  const std::string text(input.rest());
  const auto limit = wsbridged::parse_memory_limit(text);
  const auto number = wsbridged::parse_number(text);
  require(
      !number || std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }),
      "a number has digits only");
  require(!number || !limit || *number == *limit, "a number is a number");
  (void)wsbridged::parse_proc_stat(text);
}

void check_close_payload(Input& input) {
  const std::string_view payload = input.take(125);
  const auto buffer = exact_copy(payload);
  const auto close = protocol::parse_close_payload(buffer);
  using Outcome = protocol::ClosePayload::Outcome;
  if (close.outcome != Outcome::kValid) {
    require(!close.violation.empty(), "a violation has its rule");
    return;
  }
  require(close.code == ws::kCloseNoStatus || ws::is_valid_close_code(close.code), "a code is one");
  require(reference::is_utf8(close.reason), "a reason is UTF-8");
  require(protocol::make_close_payload(close.code, close.reason) == payload,
          "it is written the same");
}

void check_utf8(Input& input) {
  const unsigned seed = input.byte();
  const std::string_view text = input.rest();
  const auto expected = support::read_utf8(text);
  const bool is_valid = !expected.bad_byte && expected.is_complete;
  require(protocol::is_valid_utf8(text) == is_valid, "UTF-8 is what the reference says");
  require(reference::is_utf8(text) == is_valid, "both of them");
  for (const Pieces& pieces : cuts(text, seed)) {
    protocol::Utf8Validator validator;
    std::size_t end = 0;
    bool is_good = true;
    for (const std::string_view piece : pieces) {
      end += piece.size();
      is_good = validator.feed(exact_copy(piece));
      require(is_good == !(expected.bad_byte && *expected.bad_byte < end),
              "bad text fails at once");
    }
    require(!is_good || validator.is_complete() == expected.is_complete, "in any chunking");
  }
  const std::string_view prefix = protocol::utf8_prefix(text, seed);
  require(prefix.size() <= seed && protocol::is_valid_utf8(prefix) && text.starts_with(prefix),
          "a prefix is whole characters");
  const std::string repaired = wsbridged::replace_invalid_utf8(text);
  require(repaired == reference::repaired(text) && repaired.size() <= 3 * text.size(), "repaired");
  require(reference::is_utf8(repaired) && (repaired == text) == is_valid, "only what is wrong");
}

void check_encodings(Input& input) {
  const auto encoding = input.pick({config::Encoding::kIso88591, config::Encoding::kWindows1252});
  const std::string text(input.rest());
  const std::string utf8 = wsbridged::to_utf8(encoding, text);
  require(utf8 == reference::decoded(encoding, text), "text is what the reference says");
  require(wsbridged::from_utf8(encoding, utf8).bytes == text, "every byte comes back");
  if (reference::is_utf8(text)) {
    bool is_altered = false;
    const auto local = wsbridged::from_utf8(encoding, text);
    require(local.bytes == reference::encoded(encoding, text, is_altered), "likewise back");
    require((local.replaced_count > 0) == is_altered, "and what is lacking is told");
  }
  require(wsbridged::unescape_line(text) == reference::unescaped(text), "escapes are undone");
}

void check_log(Input& input) {
  const std::string_view text = input.rest();
  const std::array<wsbridged::Field, 2> fields{
      {{"reason", std::string(text)}, {"count", std::uint64_t{7}}}};
  const wsbridged::LogEntry entry{.time = {},
                                  .level = config::LogLevel::kWarn,
                                  .message = text.substr(0, text.size() / 2),
                                  .fields = fields};
  for (const std::string& line :
       {wsbridged::format_text(entry, wsbridged::Colour::kNo), wsbridged::format_json(entry),
        wsbridged::format_journal(entry), wsbridged::escape_control(text)}) {
    require(reference::is_utf8(line), "a log is UTF-8");
    require(std::none_of(line.begin(), line.end(),
                         [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }),
            "a line without controls");
  }
}

void check_templates(Input& input) {
  const auto use = input.pick({wsbridged::TemplateUse::kUrl, wsbridged::TemplateUse::kHeader,
                               wsbridged::TemplateUse::kPath, wsbridged::TemplateUse::kLine});
  wsbridged::TemplateValues values;
  for (std::size_t i = 0; i < 3; ++i) {
    values.at(input.below(values.size())) = std::string(input.text());
  }
  const std::string text(input.rest());
  const std::string quoted =
      config::quote_templates(text, std::array{config::TextRange{0, text.size()}});
  require(config::templates_in(quoted).empty(), "what is foreign is no template");
  const auto substituted = wsbridged::substitute(text, use, values);
  if (const auto* filled = std::get_if<std::string>(&substituted)) {
    const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; };
    require(std::count_if(filled->begin(), filled->end(), is_control) <=
                std::count_if(text.begin(), text.end(), is_control),
            "no value brings a control character");
    require(
        use != wsbridged::TemplateUse::kPath || std::count(filled->begin(), filled->end(), '/') ==
                                                    std::count(text.begin(), text.end(), '/'),
        "nor another directory");
  } else {
    require(!std::get<wsbridged::TemplateRefusal>(substituted).message.empty(), "says why");
  }
}

template <class T, class Format>
void check_written_again(const config::Parsed<T>& parsed,
                         config::Parsed<T> (*parse)(std::string_view), const Format& format) {
  if (const auto* value = std::get_if<T>(&parsed)) {
    const auto again = parse(format(*value));
    require(std::holds_alternative<T>(again) && std::get<T>(again) == *value, "written as read");
  } else {
    require(!std::get<config::Refusal>(parsed).reason.empty(), "says why");
  }
}

void check_values(Input& input) {
  const std::string text(input.rest());
  check_written_again(config::parse_duration(text), config::parse_duration,
                      config::format_duration);
  check_written_again(config::parse_size(text), config::parse_size, config::format_size);
  check_written_again(config::parse_number(text), config::parse_number,
                      [](std::uint32_t number) { return std::to_string(number); });
  (void)config::parse_bool(text);
  constexpr std::array<std::string_view, 4> kKnown{"listen", "upstream", "framing", "line"};
  const std::string suggestion = config::suggest(text, kKnown);
  require(suggestion.empty() || std::find(kKnown.begin(), kKnown.end(), suggestion) != kKnown.end(),
          "a suggestion is a known word");
  require(config::edit_distance(text, "listen") == config::edit_distance("listen", text),
          "both ways");
}

void check_fields(Input& input) {
  std::vector<ws::Header> fields;
  while (!input.empty()) {
    const std::string line(input.line());
    const auto field = protocol::parse_field_line(line);
    if (field.violation.empty()) {
      require(protocol::is_token(field.name), "a name is a token");
      fields.push_back({std::string(field.name), std::string(field.value)});
    }
  }
  for (const ws::Header& field : fields) {
    for (const auto member : protocol::list_members(fields, field.name)) {
      require(!member.empty() && protocol::trim(member) == member, "a member is trimmed");
    }
    require(!protocol::field_values(fields, field.name).empty(), "a field is found");
  }
  if (const auto extensions = protocol::parse_extensions(fields)) {
    for (const protocol::Extension& extension : *extensions) {
      require(protocol::is_token(extension.name), "an extension is a token");
      for (const auto& [name, value] : extension.parameters) {
        require(protocol::is_token(name) && (!value || protocol::is_token(*value)),
                "so is the rest");
      }
    }
  }
}

void check_upgrade_request(Input& input) {
  using Progress = protocol::ServerHandshakeResult::Progress;
  const std::string_view text = input.rest();
  const auto whole = protocol::answer_request(text);
  require(whole.consumed <= text.size(), "no more is taken than there is");
  require((whole.progress == Progress::kNeedMore) == whole.response.empty(), "an end is answered");
  for (const std::size_t size :
       {text.size() / 2, text.size() - std::min<std::size_t>(text.size(), 1)}) {
    const auto part = protocol::answer_request(text.substr(0, size));
    require(part.progress != Progress::kOpen || part.response == whole.response, "and stays one");
  }
}

void check_base64(Input& input) {
  const std::string_view bytes = input.rest();
  const std::string expected = reference::base64(bytes);
  require(protocol::encode_base64(exact_copy(bytes)) == expected, "Base64 is the reference's");
  std::vector<std::byte> out(wsbridged::base64_size(bytes.size()));
  wsbridged::encode_base64(bytes, out);
  require(as_text(out) == expected, "both of them");
  require(protocol::is_base64_of_16_bytes(expected) == (bytes.size() == 16), "16 bytes are 16");
  const std::string_view user = bytes.substr(0, bytes.size() / 2);
  const std::string_view password = bytes.substr(bytes.size() / 2);
  if (protocol::credentials_violation(user, password).empty()) {
    require(protocol::is_field_value(protocol::basic_authorization(user, password)), "one line");
  }
}

void check_environment(Input& input) {
  constexpr std::array kNames = {"LISTEN_PID",
                                 "LISTEN_FDS",
                                 "LISTEN_FDNAMES",
                                 "NOTIFY_SOCKET",
                                 "WATCHDOG_USEC",
                                 "WATCHDOG_PID",
                                 "WSBRIDGED_LISTEN",
                                 "WSBRIDGED_UPSTREAM",
                                 "WSBRIDGED_CONFIG",
                                 "WSBRIDGED_HEADER",
                                 "WSBRIDGED_SUBPROTOCOL",
                                 "WSBRIDGED_ADMIN",
                                 "WSBRIDGED_ALLOW_REMOTE",
                                 "WSBRIDGED_COOKIE_JAR",
                                 "WSBRIDGED_CONFIG_YAML"};
  std::map<std::string, std::string> variables;
  while (!input.empty()) {
    const char* name = kNames.at(input.below(kNames.size()));
    variables[name] = input.line();
  }
  const config::Environment environment =
      [&variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found != variables.end() ? std::optional(found->second) : std::nullopt;
  };
  // No descriptor has such a number: none of ours is taken for one that was passed.
  auto sockets = wsbridged::InheritedSockets::from(environment, 1, 1 << 28);
  require(sockets.close_unused().size() <= wsbridged::kMaxInherited, "sockets are bounded");
  const auto service = wsbridged::ServiceEnvironment::from(environment, 1);
  require(!service.watchdog_time || service.watchdog_time->count() > 0, "a watchdog has time");
  const auto source = wsbridged::choose_source({}, environment);
  if (const auto* refusal = std::get_if<std::string>(&source)) {
    require(!refusal->empty(), "says why");
  } else if (const auto& quick = std::get<wsbridged::Command>(source).quick_bridge) {
    (void)config::load_quick_bridge(*quick, environment);
  }
  (void)wsbridged::choose_admin({}, environment);
}

}  // namespace

void small_parsers(std::string_view bytes) {
  constexpr std::array kChecks = {
      check_date,   check_numbers,    check_close_payload, check_utf8,   check_encodings,
      check_log,    check_templates,  check_values,        check_fields, check_upgrade_request,
      check_base64, check_environment};
  Input input(bytes);
  kChecks.at(input.below(kChecks.size()))(input);
}

}  // namespace fuzz
