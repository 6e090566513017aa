// SPDX-License-Identifier: MIT
// Config as YAML, one key a line, in the order of the reference file. Secrets are left out: values
// of headers, lines of on_open, basic_auth, user information and query of a URL. The same walk
// lists the settings one by one, with what they really are, for the comparison at a reload.
#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/ascii.h"
#include "config/loader.h"
#include "config/problems.h"
#include "config/values.h"
#include "config/words.h"

namespace wsbridged::config {
namespace {

constexpr std::string_view kRedacted = "(redacted)";

// Control characters, and what YAML 1.1 takes for line breaks, as escapes.
std::string escaped(std::string_view text, std::size_t& offset) {
  if (text[offset] == '"' || text[offset] == '\\') {
    return std::string("\\") + text[offset];
  }
  if (text[offset] == '\n') {
    return "\\n";
  }
  if (is_control(text[offset])) {
    return escaped_byte(text[offset]);
  }
  if (text.substr(offset).starts_with("\xc2") && text.size() > offset + 1 &&
      static_cast<unsigned char>(text[offset + 1]) < 0xa0) {
    return escaped_byte(text[++offset]);
  }
  for (const std::string_view breaking : {"\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf"}) {
    if (text.substr(offset).starts_with(breaking)) {
      offset += 2;
      return breaking[0] == '\xef' ? "\\ufeff" : (breaking[2] == '\xa8' ? "\\u2028" : "\\u2029");
    }
  }
  return std::string(1, text[offset]);
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    // ${ would be taken for a reference when this is loaded again.
    out += text.substr(i).starts_with("${") ? "$$" : escaped(text, i);
  }
  return out + "\"";
}

std::string redacted_url(std::string_view url) {
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) {
    return "";
  }
  const std::size_t start = scheme_end + 3;
  std::string_view rest = url.substr(start);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  rest.remove_prefix(authority.rfind('@') + 1);  // npos + 1 is 0
  return std::string(url.substr(0, start)).append(rest.substr(0, rest.find_first_of("?#")));
}

// A proxy may stand there without a scheme.
std::string redacted_proxy(std::string_view proxy) {
  return proxy.find("://") != std::string_view::npos
             ? redacted_url(proxy)
             : std::string(proxy.substr(proxy.rfind('@') + 1));  // npos + 1 is 0
}

class Writer {
 public:
  void raw(std::string_view key, std::string_view value) { secret(key, value, value); }

  // A value that is written as `shown`.
  void secret(std::string_view key, std::string_view value, std::string_view shown) {
    settings_.push_back({path_of(key), std::string(value), std::string(shown)});
    line(std::string(key) + ": " + std::string(shown));
  }

  void text(std::string_view key, std::string_view value) { raw(key, quote(value)); }

  void flag(std::string_view key, bool value) { raw(key, value ? "true" : "false"); }

  void number(std::string_view key, std::size_t value) { raw(key, std::to_string(value)); }

  void size(std::string_view key, std::size_t value) { raw(key, format_size(value)); }

  void duration(std::string_view key, milliseconds value) { raw(key, format_duration(value)); }

  void open(std::string_view key) {
    path_.emplace_back(key);
    line(std::string(key) + ":");
    indent_ += 2;
  }

  // The next line begins an item of a list. `name` tells it from the others.
  void open_item(std::string_view name) {
    path_.emplace_back(name);
    is_item_ = true;
    indent_ += 2;
  }

  // One scalar of the list that was opened, written as `shown`.
  void item(std::string_view value, std::string_view shown) {
    settings_.push_back({path_of(""), std::string(value), quote(shown)});
    line("- " + quote(shown));
  }

  void close() {
    path_.pop_back();
    indent_ -= 2;
  }

  void line(std::string_view content) {
    out_.append(is_item_ ? indent_ - 2 : indent_, ' ');
    out_ += is_item_ ? "- " : "";
    out_.append(content) += '\n';
    is_item_ = false;
  }

  [[nodiscard]] const std::string& out() const { return out_; }

  [[nodiscard]] std::vector<Setting>& settings() { return settings_; }

 private:
  [[nodiscard]] std::string path_of(std::string_view key) const {
    std::string path;
    for (const std::string& above : path_) {
      path.append(path.empty() ? "" : ".").append(above);
    }
    return path.append(path.empty() || key.empty() ? "" : ".").append(key);
  }

  std::string out_;
  std::vector<std::string> path_;
  std::vector<Setting> settings_;
  std::size_t indent_ = 0;
  bool is_item_ = false;
};

template <class Texts, class Format>
void print_list(Writer& writer, std::string_view key, const Texts& texts, Format format) {
  if (texts.empty()) {
    writer.raw(key, "[]");
    return;
  }
  writer.open(key);
  for (const auto& each : texts) {
    if constexpr (std::is_convertible_v<decltype(each), std::string_view>) {
      writer.item(each, format(each));
    } else {
      writer.item(format(each), format(each));
    }
  }
  writer.close();
}

std::string_view same_text(const std::string& text) {
  return text;
}

void print_listen(Writer& writer, const Listen& listen) {
  writer.open_item(to_string(listen.address));
  writer.text("address", to_string(listen.address));
  if (std::holds_alternative<UnixAddress>(listen.address)) {
    writer.text("mode", listen.mode);
    writer.text("owner", listen.owner);
    writer.text("group", listen.group);
  }
  if (!std::holds_alternative<SystemdAddress>(listen.address)) {
    writer.number("backlog", static_cast<std::size_t>(listen.backlog));
  }
  writer.flag("allow_remote", listen.allow_remote);
  writer.open("proxy_protocol");
  std::vector<std::string> from;
  for (const Cidr& cidr : listen.proxy_protocol.from) {
    from.push_back(to_string(cidr));
  }
  if (listen.proxy_protocol.from_unix) {
    from.emplace_back("unix");
  }
  print_list(writer, "from", from, same_text);
  writer.close();
  writer.close();
}

void print_access(Writer& writer, const Access& access) {
  writer.open("access");
  print_list(writer, "allow_uids", access.allow_uids, same_text);
  print_list(writer, "allow_gids", access.allow_gids, same_text);
  print_list(writer, "allow_cidrs", access.allow_cidrs,
             [](const Cidr& cidr) { return to_string(cidr); });
  writer.close();
}

void print_headers(Writer& writer, const std::vector<Header>& headers) {
  if (headers.empty()) {
    writer.raw("headers", "{}");
    return;
  }
  writer.open("headers");
  for (const Header& header : headers) {
    writer.secret(quote(header.name), header.value, quote(kRedacted));
  }
  writer.close();
}

void print_basic_auth(Writer& writer, const BasicAuth& basic_auth) {
  writer.open("basic_auth");
  const auto redacted = [](const std::string& text) { return text.empty() ? "" : kRedacted; };
  writer.secret("user", basic_auth.user, quote(redacted(basic_auth.user)));
  writer.secret("password", basic_auth.password, quote(redacted(basic_auth.password)));
  writer.close();
}

void print_resolve(Writer& writer, const std::map<std::string, std::string>& resolve) {
  if (resolve.empty()) {
    writer.raw("resolve", "{}");
    return;
  }
  writer.open("resolve");
  for (const auto& [place, addresses] : resolve) {
    writer.text(quote(place), addresses);
  }
  writer.close();
}

std::string_view as_it_is(const std::string& text) {
  return text;
}

void print_tls(Writer& writer, const Tls& tls) {
  writer.open("tls");
  writer.text("ca_file", tls.ca_file);
  writer.text("cert_file", tls.cert_file);
  writer.text("key_file", tls.key_file);
  writer.text("server_name", tls.server_name);
  writer.text("min_version", tls.min_version);
  print_list(writer, "pin_sha256", tls.pin_sha256, as_it_is);
  writer.flag("insecure_skip_verify", tls.insecure_skip_verify);
  writer.close();
}

void print_urls(Writer& writer, const Upstream& upstream) {
  if (upstream.urls.empty()) {
    writer.secret("url", upstream.url, quote(redacted_url(upstream.url)));
  }
  print_list(writer, "urls", upstream.urls, redacted_url);
}

bool has_secure_url(const Upstream& upstream) {
  const auto is_secure = [](const std::string& url) { return !url.starts_with("ws:"); };
  return upstream.urls.empty() ? is_secure(upstream.url)
                               : std::any_of(upstream.urls.begin(), upstream.urls.end(), is_secure);
}

void print_upstream(Writer& writer, const Upstream& upstream) {
  writer.open("upstream");
  print_urls(writer, upstream);
  print_list(writer, "subprotocols", upstream.subprotocols, as_it_is);
  writer.flag("require_subprotocol", upstream.require_subprotocol);
  writer.text("cookie_jar", upstream.cookie_jar);
  writer.flag("store_cookies", upstream.store_cookies);
  print_headers(writer, upstream.headers);
  writer.text("origin", upstream.origin);
  print_basic_auth(writer, upstream.basic_auth);
  if (has_secure_url(upstream) || upstream.follow_redirects > 0) {  // where it has an effect
    print_tls(writer, upstream.tls);
  }
  writer.secret("proxy", upstream.proxy, quote(redacted_proxy(upstream.proxy)));
  print_resolve(writer, upstream.resolve);
  writer.duration("connect_timeout", upstream.connect_timeout);
  writer.number("follow_redirects", upstream.follow_redirects);
  print_list(writer, "redirect_to", upstream.redirect_to, as_it_is);
  writer.flag("compression", upstream.compression);
  writer.duration("ping_interval", upstream.ping_interval);
  writer.duration("ping_timeout", upstream.ping_timeout);
  print_list(writer, "on_open", upstream.on_open, [](const std::string&) { return kRedacted; });
  writer.close();
}

void print_framing(Writer& writer, const Framing& framing) {
  writer.open("framing");
  writer.raw("mode", word_of(kFramingModes, framing.mode));
  writer.raw("message_type", word_of(kMessageKinds, framing.message_type));
  writer.raw("encoding", word_of(kEncodings, framing.encoding));
  writer.size("max_message", framing.max_message);
  // Where one of these says nothing the loader would refuse it.
  if (framing.encoding == Encoding::kUtf8) {
    writer.raw("invalid_utf8", word_of(kInvalidUtf8, framing.invalid_utf8));
  }
  if (framing.mode == FramingMode::kLine) {
    writer.text("delimiter", framing.delimiter);
    writer.flag("keep_cr", framing.keep_cr);
    writer.raw("embedded_delimiter", word_of(kEmbeddedDelimiters, framing.embedded_delimiter));
    writer.raw("binary_messages", word_of(kBinaryMessages, framing.binary_messages));
  }
  if (framing.mode != FramingMode::kRaw) {
    writer.size("max_line", framing.max_line);
    writer.raw("final_partial_line", word_of(kFinalPartialLines, framing.final_partial_line));
  }
  writer.close();
}

void print_session(Writer& writer, const Session& session) {
  writer.open("session");
  writer.raw("open", word_of(kSessionOpens, session.open));
  writer.raw("on_local_eof", word_of(kOnLocalEof, session.on_local_eof));
  writer.duration("drain_timeout", session.drain_timeout);
  writer.raw("on_upstream_error", word_of(kOnUpstreamError, session.on_upstream_error));
  writer.text("error_line", session.error_line);
  writer.duration("idle_timeout", session.idle_timeout);
  writer.number("max_connections", session.max_connections);
  writer.size("buffer", session.buffer);
  writer.close();
}

void print_admin(Writer& writer, const Admin& admin) {
  writer.open("admin");
  writer.text("listen", admin.listen ? to_string(*admin.listen) : "");
  writer.text("metrics", admin.metrics ? to_string(*admin.metrics) : "");
  writer.text("token_file", admin.token_file);
  writer.close();
}

void print_reconnect(Writer& writer, const Reconnect& reconnect) {
  writer.open("reconnect");
  writer.flag("enabled", reconnect.enabled);
  writer.duration("initial", reconnect.initial);
  writer.duration("max", reconnect.max);
  writer.duration("max_elapsed", reconnect.max_elapsed);
  writer.size("replay", reconnect.replay);
  writer.duration("confirm_interval", reconnect.confirm_interval);
  writer.close();
}

void print_bridge(Writer& writer, const Bridge& bridge) {
  writer.open_item(bridge.name);
  writer.text("name", bridge.name);
  writer.open("listen");
  for (const Listen& listen : bridge.listen) {
    print_listen(writer, listen);
  }
  writer.close();
  print_upstream(writer, bridge.upstream);
  print_framing(writer, bridge.framing);
  print_session(writer, bridge.session);
  print_reconnect(writer, bridge.reconnect);
  print_access(writer, bridge.access);
  writer.close();
}

void print_config(Writer& writer, const Config& config) {
  writer.open("log");
  writer.raw("level", word_of(kLogLevels, config.log.level));
  writer.raw("format", word_of(kLogFormats, config.log.format));
  writer.close();
  writer.raw("threads", config.threads ? std::to_string(*config.threads) : "auto");
  writer.open("limits");
  writer.raw("memory", config.limits.memory ? format_size(*config.limits.memory) : "auto");
  writer.close();
  print_admin(writer, config.admin);
  writer.open("shutdown");
  writer.duration("drain_timeout", config.shutdown.drain_timeout);
  writer.duration("quiet", config.shutdown.quiet);
  writer.close();
  writer.open("bridges");
  for (const Bridge& bridge : config.bridges) {
    print_bridge(writer, bridge);
  }
  writer.close();
}

}  // namespace

std::string print(const Config& config) {
  Writer writer;
  print_config(writer, config);
  return writer.out();
}

std::vector<Setting> settings_of(const Config& config) {
  Writer writer;
  print_config(writer, config);
  return std::move(writer.settings());
}

}  // namespace wsbridged::config
