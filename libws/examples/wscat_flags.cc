// SPDX-License-Identifier: MIT
#include "wscat_flags.h"

#include <iostream>
#include <map>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

namespace {

using std::chrono::milliseconds;

// As the flags are written, before they become options.
struct Texts {
  std::vector<std::string> headers;
  std::string cookie_jar;
  std::string basic_auth;
  std::vector<std::string> resolve;
};

void add_duration(CLI::App& app, const std::string& name, milliseconds& value,
                  const std::string& help) {
  app.add_option_function<double>(
         name,
         [&value](double seconds) {
           value = std::chrono::duration_cast<milliseconds>(std::chrono::duration<double>(seconds));
         },
         help + " (default " + std::to_string(value.count() / 1000) + ")")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, 31'536'000.0));
}

void add_size(CLI::App& app, const std::string& name, std::size_t& value, const std::string& help) {
  app.add_option(name, value, help + " (default " + std::to_string(value) + ")")
      ->type_name("BYTES");
}

void add_request_flags(CLI::App& app, ws::Options& options, Texts& texts) {
  app.add_option("--subprotocols,-s", options.subprotocols, "offered, in this order")
      ->delimiter(',');
  app.add_flag("!--no-require-subprotocol", options.require_subprotocol,
               "go on when the server chooses none");
  app.add_option("--headers,-H", texts.headers, "added to the request: 'Name: value'")
      ->allow_extra_args(false);
  app.add_option("--origin,-o", options.origin, "the Origin header");
  app.add_option("--cookie-jar,-b", texts.cookie_jar, "a Netscape cookie file")->type_name("FILE");
  app.add_flag("--store-cookies", options.store_cookies,
               "write the server's cookies into the cookie file");
  app.add_option("--basic-auth,-u", texts.basic_auth, "for the Authorization header")
      ->type_name("USER:PASSWORD");
}

void add_route_flags(CLI::App& app, ws::Options& options, Texts& texts) {
  app.add_option("--follow-redirects", options.follow_redirects, "how many at most (default 0)");
  app.add_option("--redirect-to", options.redirect_to, "another origin that may be redirected to")
      ->allow_extra_args(false);
  app.add_option("--proxy,-x", options.proxy, "http://, socks5://, or env for the environment's");
  app.add_option("--resolve", texts.resolve, "connect there instead of looking the host up")
      ->type_name("HOST:PORT=ADDRESS")
      ->allow_extra_args(false);
  app.add_option("--unix-path", options.unix_path, "connect to this socket instead of the host");
}

void add_tls_flags(CLI::App& app, ws::TlsOptions& tls) {
  const std::map<std::string, ws::TlsVersion> versions{{"1.2", ws::TlsVersion::kTls12},
                                                       {"1.3", ws::TlsVersion::kTls13}};
  app.add_option("--tls-ca-file", tls.ca_file, "PEM; replaces the system's store")
      ->type_name("FILE");
  app.add_option("--tls-cert-file", tls.cert_file, "PEM; the client's certificate")
      ->type_name("FILE");
  app.add_option("--tls-key-file", tls.key_file, "PEM; its key")->type_name("FILE");
  app.add_option("--tls-pin-sha256", tls.pin_sha256, "the server's key must have this pin")
      ->allow_extra_args(false);
  app.add_option("--tls-server-name", tls.server_name, "verified instead of the URL's host");
  app.add_option("--tls-min-version", tls.min_version, "1.2 (default) or 1.3")
      ->transform(CLI::CheckedTransformer(versions));
  app.add_flag("--tls-insecure-skip-verify", tls.insecure_skip_verify,
               "anyone can then be the server");
}

void add_compression_flags(CLI::App& app, ws::Compression& compression) {
  app.add_flag("--compression-enabled,-z", compression.enabled, "offer permessage-deflate");
  app.add_flag("--compression-client-no-context-takeover", compression.client_no_context_takeover,
               "compress each message on its own");
  app.add_flag("--compression-server-no-context-takeover", compression.server_no_context_takeover,
               "ask the server to do so");
  app.add_option("--compression-client-max-window-bits", compression.client_max_window_bits,
                 "9 to 15");
  app.add_option("--compression-server-max-window-bits", compression.server_max_window_bits,
                 "8 to 15");
  app.add_option("--compression-level", compression.level, "1 (fast) to 9 (small)");
  app.add_option("--compression-memory-level", compression.memory_level, "1 to 9");
  add_size(app, "--compression-threshold", compression.threshold,
           "shorter messages are not compressed");
}

void add_limit_flags(CLI::App& app, ws::Options& options) {
  add_duration(app, "--connect-timeout", options.connect_timeout, "until the WebSocket is open");
  add_duration(app, "--close-timeout", options.close_timeout, "for the server's Close");
  add_duration(app, "--flush-timeout", options.flush_timeout, "for what stands still before ours");
  add_duration(app, "--ping-interval", options.ping_interval, "silence before a ping; 0: none");
  add_duration(app, "--ping-timeout", options.ping_timeout, "silence after it that is the end");
  add_size(app, "--max-message", options.max_message, "longest message taken");
  add_size(app, "--max-frame", options.max_frame, "longest frame taken; 0: any");
  app.add_option("--max-empty-fragments", options.max_empty_fragments, "of one message");
  add_size(app, "--max-header", options.max_header, "longest response head taken");
  add_size(app, "--send-high-water", options.send_high_water, "above it stdin waits");
  add_size(app, "--send-limit", options.send_limit, "above it lines are refused");
}

std::pair<std::string, std::string> split(const std::string& text, char at, const char* flag,
                                          const char* form) {
  const std::size_t position = text.find(at);
  if (position == std::string::npos) {
    throw CLI::ValidationError(flag, std::string("is written ") + form);
  }
  return {text.substr(0, position), text.substr(position + 1)};
}

ws::Header parse_header(const std::string& text) {
  auto [name, value] = split(text, ':', "--headers", "'Name: value'");
  value.erase(0, value.find_first_not_of(' '));
  return {.name = std::move(name), .value = std::move(value)};
}

void take_texts(const Texts& texts, ws::Options& options) {
  for (const std::string& header : texts.headers) {
    options.headers.push_back(parse_header(header));
  }
  for (const std::string& entry : texts.resolve) {
    auto [place, address] = split(entry, '=', "--resolve", "HOST:PORT=ADDRESS");
    options.resolve.insert_or_assign(std::move(place), std::move(address));
  }
  if (!texts.basic_auth.empty()) {
    auto [user, password] = split(texts.basic_auth, ':', "--basic-auth", "USER:PASSWORD");
    options.basic_auth = ws::BasicAuth{.user = std::move(user), .password = std::move(password)};
  }
  if (!texts.cookie_jar.empty()) {
    options.cookie_jar = std::make_shared<ws::CookieJar>();
    const auto count = options.cookie_jar->load(texts.cookie_jar);
    if (!count) {
      throw CLI::ValidationError("--cookie-jar", count.error().message);
    }
  }
}

}  // namespace

std::optional<WscatFlags> parse_flags(int argc, char** argv, int& status) {
  WscatFlags flags;
  Texts texts;
  CLI::App app("Sends each line of standard input as a message and prints each message as a line.");
  app.add_option("URL", flags.url, "ws:// or wss://")->required();
  app.add_flag("--binary", flags.binary, "send lines as binary messages");
  app.add_flag("--one-shot,-1", flags.one_shot, "leave after the first message");
  add_duration(app, "--linger", flags.linger, "silence after the end of input before leaving");
  app.add_flag("--quiet,-q", flags.quiet, "say nothing about the connection");
  add_request_flags(app, flags.options, texts);
  add_route_flags(app, flags.options, texts);
  add_tls_flags(app, flags.options.tls);
  add_compression_flags(app, flags.options.compression);
  add_limit_flags(app, flags.options);
  try {
    app.parse(argc, argv);
    take_texts(texts, flags.options);
    return flags;
  } catch (const CLI::ParseError& error) {
    status = app.exit(error) == 0 ? 0 : 2;
    return std::nullopt;
  }
}
