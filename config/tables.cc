// SPDX-License-Identifier: MIT
// One line per key: name, member, what its value must be.
#include "config/tables.h"

#include <algorithm>
#include <optional>

#include "config/upstream_readers.h"

namespace wsbridged::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::uint32_t kMaxThreads = 256;
constexpr std::size_t kMaxSize = std::size_t{1} << 30U;  // of a line, a message or a buffer
constexpr Range<std::size_t> kMemory = {std::size_t{1} << 20U, std::size_t{1} << 40U};
constexpr std::string_view kMustBe = "must be ";  // how every refusal begins
constexpr milliseconds kZero{0};
constexpr milliseconds kDay = hours(24);

void read_threads(const Field& field, File& file, Problems& problems) {
  if (!is_scalar(field, problems) || field.node.text == "auto" ||
      !is_plain_scalar(field, problems)) {
    return;
  }
  const auto parsed = parse_number(field.node.text);
  const auto* count = std::get_if<std::uint32_t>(&parsed);
  if (count == nullptr || *count < 1 || *count > kMaxThreads) {
    report_refusal(field, {"must be auto or a number from 1 to 256", ""}, Secrecy::kPlain,
                   problems);
  } else {
    file.config.threads = *count;
  }
}

void read_memory(const Field& field, Limits& limits, Problems& problems) {
  if (!is_scalar(field, problems) || field.node.text == "auto") {
    return;
  }
  const auto parsed = in_range(parse_size(field.node.text), kMemory, format_size);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    report_refusal(
        field, {"must be auto or " + refusal->reason.substr(kMustBe.size()), refusal->suggestion},
        Secrecy::kPlain, problems);
  } else {
    limits.memory = std::get<std::size_t>(parsed);
  }
}

void read_address(const Field& field, Listen& listen, Problems& problems) {
  if (!is_scalar(field, problems)) {
    return;
  }
  auto parsed = parse_address(field.node.text);
  if (const auto* reason = std::get_if<std::string>(&parsed)) {
    report_refusal(field, {*reason, ""}, Secrecy::kPlain, problems);
  } else {
    listen.address = std::get<Address>(std::move(parsed));
  }
}

// Empty is off, as null is.
template <std::optional<Address> Admin::*member>
void read_admin_address(const Field& field, Admin& admin, Problems& problems) {
  Listen listen;
  if (!is_scalar(field, problems) || field.node.text.empty()) {
    return;
  }
  const std::size_t errors_before = problems.error_count();
  read_address(field, listen, problems);
  if (problems.error_count() == errors_before) {
    admin.*member = std::move(listen.address);
  }
}

void read_listen(const Field& field, Bridge& bridge, Problems& problems) {
  if (field.node.kind == Node::Kind::kSequence && !is_list(field, kMaxListeners, problems)) {
    return;
  }
  bridge.listen.clear();
  for (const Node* node : listen_nodes(field.node)) {
    Listen& listen = bridge.listen.emplace_back();
    if (node->kind == Node::Kind::kMap) {
      read_map({field.key, *node}, listen_table(), listen, problems);
    } else {
      read_address({field.key, *node}, listen, problems);
    }
  }
}

void read_urls(const Field& field, Upstream& upstream, Problems& problems) {
  if (!is_list(field, kMaxUrls, problems)) {
    return;
  }
  upstream.urls.clear();
  for (const Node* node : field.node.items) {
    const Field item{field.key, *node};
    if (is_scalar(item, problems)) {
      store(check_url(node->as_template()), upstream.urls.emplace_back(), item, Secrecy::kSecret,
            problems);
    }
  }
}

void read_subprotocols(const Field& field, Upstream& upstream, Problems& problems) {
  if (!is_list(field, kMaxSubprotocols, problems)) {
    return;
  }
  auto& subprotocols = upstream.subprotocols;
  subprotocols.clear();
  for (const Node* node : field.node.items) {
    const Field item{field.key, *node};
    if (!is_scalar(item, problems)) {
      continue;
    }
    std::string subprotocol;
    store(check_subprotocol(node->text), subprotocol, item, Secrecy::kPlain, problems);
    // RFC 6455 section 4.1: the offered ones must all be unique.
    if (std::find(subprotocols.begin(), subprotocols.end(), subprotocol) != subprotocols.end()) {
      report_refusal(item, {"must not hold one twice", ""}, Secrecy::kPlain, problems);
    } else if (!subprotocol.empty()) {
      subprotocols.push_back(std::move(subprotocol));
    }
  }
}

void read_on_open(const Field& field, Upstream& upstream, Problems& problems) {
  if (!is_list(field, kMaxOnOpen, problems)) {
    return;
  }
  upstream.on_open.clear();
  for (const Node* node : field.node.items) {
    const Field item{field.key, *node};
    if (is_scalar(item, problems)) {
      upstream.on_open.push_back(node->as_template());
    }
  }
}

void read_header(const Node::Entry& entry, Upstream& upstream, Problems& problems) {
  const Field name{"headers", *entry.key};
  const Field value{"headers", *entry.value};
  Header header;
  store(check_header_name(entry.key->text), header.name, name, Secrecy::kPlain, problems);
  if (!is_scalar(value, problems)) {
    return;
  }
  store(check_header_value(entry.value->as_template()), header.value, value, Secrecy::kSecret,
        problems);
  const bool is_second = std::any_of(
      upstream.headers.begin(), upstream.headers.end(),
      [&header](const Header& other) { return lower_case(other.name) == lower_case(header.name); });
  if (is_second) {
    report_refusal(name, {"must not hold one header twice, whatever its case", ""}, Secrecy::kPlain,
                   problems);
  } else if (!header.name.empty()) {
    upstream.headers.push_back(std::move(header));
  }
}

void read_headers(const Field& field, Upstream& upstream, Problems& problems) {
  if (!is_map(field, problems)) {
    return;
  }
  upstream.headers.clear();
  if (field.node.entries.size() > kMaxHeaders) {
    problems.error(field.node.entries[kMaxHeaders].key->place,
                   "headers must have at most " + std::to_string(kMaxHeaders) + " entries");
    return;
  }
  for (const Node::Entry& entry : field.node.entries) {
    if (!entry.key->is_unusable && entry.value->kind != Node::Kind::kNull) {
      read_header(entry, upstream, problems);
    }
  }
}

// 0s turns pings off; anything shorter than the lower bound would be a flood.
void read_ping_interval(const Field& field, Upstream& upstream, Problems& problems) {
  if (field.node.kind == Node::Kind::kScalar && field.node.text == "0s") {
    upstream.ping_interval = kZero;
  } else {
    duration(&Upstream::ping_interval, {milliseconds(10), kDay})(field, upstream, problems);
  }
}

template <class Owner>
void append_keys(const std::string& above, const Table<Owner>& table,
                 std::vector<std::string>& keys) {
  for (const Key<Owner>& key : table) {
    keys.push_back(above + std::string(key.name));
  }
}

}  // namespace

const Table<File>& file_table() {
  static const Table<File> table = {
      {"log", [](const Field& field, File& file,
                 Problems& problems) { read_map(field, log_table(), file.config.log, problems); }},
      {"threads", read_threads},
      {"admin",
       [](const Field& field, File& file, Problems& problems) {
         file.admin = &field.node;
         read_map(field, admin_table(), file.config.admin, problems);
       }},
      {"limits",
       [](const Field& field, File& file, Problems& problems) {
         read_map(field, limits_table(), file.config.limits, problems);
       }},
      {"shutdown",
       [](const Field& field, File& file, Problems& problems) {
         read_map(field, shutdown_table(), file.config.shutdown, problems);
       }},
      {"defaults",
       [](const Field& field, File& file, Problems& /*problems*/) { file.defaults = &field.node; }},
      {"bridges",
       [](const Field& field, File& file, Problems& problems) {
         file.bridges = is_list(field, kMaxBridges, problems) ? &field.node : nullptr;
       }},
  };
  return table;
}

const Table<Log>& log_table() {
  static const Table<Log> table = {
      {"level", choice(&Log::level, kLogLevels)},
      {"format", choice(&Log::format, kLogFormats)},
  };
  return table;
}

const Table<Admin>& admin_table() {
  static const Table<Admin> table = {
      {"listen", read_admin_address<&Admin::listen>},
      {"metrics", read_admin_address<&Admin::metrics>},
      {"token_file", text(&Admin::token_file, check_readable_file)},
  };
  return table;
}

const Table<Limits>& limits_table() {
  static const Table<Limits> table = {{"memory", read_memory}};
  return table;
}

const Table<Shutdown>& shutdown_table() {
  static const Table<Shutdown> table = {
      {"drain_timeout", duration(&Shutdown::drain_timeout, {kZero, kDay})},
      {"quiet", duration(&Shutdown::quiet, {kZero, hours(1)})},
  };
  return table;
}

const Table<Bridge>& bridge_table() {
  static const Table<Bridge> table = {
      {"name", text(&Bridge::name, check_name)},
      {"listen", read_listen},
      {"upstream", map(&Bridge::upstream, upstream_table)},
      {"framing", map(&Bridge::framing, framing_table)},
      {"session", map(&Bridge::session, session_table)},
      {"reconnect", map(&Bridge::reconnect, reconnect_table)},
      {"access", map(&Bridge::access, access_table)},
  };
  return table;
}

const Table<Listen>& listen_table() {
  static const Table<Listen> table = {
      {"address", read_address},
      {"mode", text(&Listen::mode, check_mode)},
      {"owner", text(&Listen::owner, check_account)},
      {"group", text(&Listen::group, check_account)},
      {"backlog", number(&Listen::backlog, {1, 65'535})},
      {"allow_remote", boolean(&Listen::allow_remote)},
      {"proxy_protocol", map(&Listen::proxy_protocol, proxy_protocol_table)},
  };
  return table;
}

const Table<Upstream>& upstream_table() {
  static const Table<Upstream> table = {
      {"url", template_text(&Upstream::url, check_url, Secrecy::kSecret)},
      {"urls", read_urls},
      {"subprotocols", read_subprotocols},
      {"require_subprotocol", boolean(&Upstream::require_subprotocol)},
      {"cookie_jar", template_text(&Upstream::cookie_jar, check_cookie_jar, Secrecy::kPlain)},
      {"store_cookies", boolean(&Upstream::store_cookies)},
      {"headers", read_headers},
      {"origin", text(&Upstream::origin, check_origin)},
      {"basic_auth", map(&Upstream::basic_auth, basic_auth_table)},
      {"tls", map(&Upstream::tls, tls_table)},
      {"proxy", text(&Upstream::proxy, check_proxy, Secrecy::kSecret)},
      {"resolve", read_resolve},
      {"connect_timeout", duration(&Upstream::connect_timeout, {milliseconds(1), minutes(10)})},
      {"follow_redirects", number(&Upstream::follow_redirects, {0, kMaxRedirects})},
      {"redirect_to", read_redirect_to},
      {"compression", boolean(&Upstream::compression)},
      {"ping_interval", read_ping_interval},
      {"ping_timeout", duration(&Upstream::ping_timeout, {milliseconds(10), kDay})},
      {"on_open", read_on_open},
  };
  return table;
}

const Table<BasicAuth>& basic_auth_table() {
  static const Table<BasicAuth> table = {
      {"user", text(&BasicAuth::user, check_user, Secrecy::kSecret)},
      {"password", text(&BasicAuth::password, check_password, Secrecy::kSecret)},
  };
  return table;
}

const Table<Tls>& tls_table() {
  static const Table<Tls> table = {
      {"ca_file", text(&Tls::ca_file, check_readable_file)},
      {"cert_file", text(&Tls::cert_file, check_readable_file)},
      {"key_file", text(&Tls::key_file, check_readable_file)},
      {"server_name", text(&Tls::server_name, check_server_name)},
      {"min_version", text(&Tls::min_version, check_min_version)},
      {"pin_sha256", read_pin_sha256},
      {"insecure_skip_verify", boolean(&Tls::insecure_skip_verify)},
  };
  return table;
}

const Table<Framing>& framing_table() {
  static const Table<Framing> table = {
      {"mode", choice(&Framing::mode, kFramingModes)},
      {"delimiter", text(&Framing::delimiter, check_delimiter)},
      {"keep_cr", boolean(&Framing::keep_cr)},
      {"message_type", choice(&Framing::message_type, kMessageKinds)},
      {"encoding", choice(&Framing::encoding, kEncodings)},
      {"max_line", size(&Framing::max_line, {1, kMaxSize})},
      {"max_message", size(&Framing::max_message, {1, kMaxSize})},
      {"invalid_utf8", choice(&Framing::invalid_utf8, kInvalidUtf8)},
      {"embedded_delimiter", choice(&Framing::embedded_delimiter, kEmbeddedDelimiters)},
      {"binary_messages", choice(&Framing::binary_messages, kBinaryMessages)},
      {"final_partial_line", choice(&Framing::final_partial_line, kFinalPartialLines)},
  };
  return table;
}

const Table<Session>& session_table() {
  static const Table<Session> table = {
      {"open", choice(&Session::open, kSessionOpens)},
      {"on_local_eof", choice(&Session::on_local_eof, kOnLocalEof)},
      {"drain_timeout", duration(&Session::drain_timeout, {kZero, kDay})},
      {"on_upstream_error", choice(&Session::on_upstream_error, kOnUpstreamError)},
      {"error_line", text(&Session::error_line, check_error_line)},
      {"idle_timeout", duration(&Session::idle_timeout, {kZero, kDay})},
      {"max_connections", number(&Session::max_connections, {1, 1'000'000})},
      {"buffer", size(&Session::buffer, {1024, kMaxSize})},
  };
  return table;
}

const Table<Reconnect>& reconnect_table() {
  static const Table<Reconnect> table = {
      {"enabled", boolean(&Reconnect::enabled)},
      {"initial", duration(&Reconnect::initial, {milliseconds(1), hours(1)})},
      {"max", duration(&Reconnect::max, {milliseconds(1), kDay})},
      {"max_elapsed", duration(&Reconnect::max_elapsed, {kZero, kDay})},
      {"replay", size(&Reconnect::replay, {1024, kMaxSize})},
      {"confirm_interval", duration(&Reconnect::confirm_interval, {milliseconds(10), hours(1)})},
  };
  return table;
}

std::vector<std::string> accepted_keys() {
  std::vector<std::string> keys;
  append_keys("", file_table(), keys);
  append_keys("log.", log_table(), keys);
  append_keys("admin.", admin_table(), keys);
  append_keys("limits.", limits_table(), keys);
  append_keys("shutdown.", shutdown_table(), keys);
  append_keys("bridges.", bridge_table(), keys);
  append_keys("bridges.listen.", listen_table(), keys);
  append_keys("bridges.listen.proxy_protocol.", proxy_protocol_table(), keys);
  append_keys("bridges.upstream.", upstream_table(), keys);
  append_keys("bridges.upstream.basic_auth.", basic_auth_table(), keys);
  append_keys("bridges.upstream.tls.", tls_table(), keys);
  append_keys("bridges.framing.", framing_table(), keys);
  append_keys("bridges.session.", session_table(), keys);
  append_keys("bridges.reconnect.", reconnect_table(), keys);
  append_keys("bridges.access.", access_table(), keys);
  return keys;
}

std::vector<const Node*> listen_nodes(const Node& listen) {
  return listen.kind == Node::Kind::kSequence ? listen.items : std::vector{&listen};
}

const Node* address_node(const Node& listener) {
  return listener.kind == Node::Kind::kMap ? listener.find("address") : &listener;
}

}  // namespace wsbridged::config
