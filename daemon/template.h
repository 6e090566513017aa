// SPDX-License-Identifier: MIT
// What templates become: the values of one session, and where they may stand. No value can leave
// the place that its template was written at, whatever it holds. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <ws/options.h>

#include "config/config.h"
#include "config/template_text.h"
#include "daemon/listener.h"

namespace wsbridged {

// By TemplateName; absent where nobody can tell.
using TemplateValues = std::array<std::optional<std::string>, config::kTemplateCount>;

// The peer is the one that a PROXY header announced, if one did.
[[nodiscard]] TemplateValues template_values(const Peer& peer, const std::string& bridge,
                                             std::uint64_t session);
// Only {bridge} is known.
[[nodiscard]] TemplateValues bridge_values(const std::string& bridge);

// What a text is, and so what a value in it must not hold.
enum class TemplateUse : std::uint8_t {
  kUrl,     // percent-encoded but for RFC 3986's unreserved characters
  kHeader,  // no control characters
  kPath,    // no control characters, no '/', nothing empty, no '.' at its beginning and no ".."
  kLine,    // no control characters
};

struct TemplateRefusal {
  std::string message;  // names the template, never a value
};

[[nodiscard]] std::variant<std::string, TemplateRefusal> substitute(std::string_view text,
                                                                    TemplateUse use,
                                                                    const TemplateValues& values);

// The text with values such as sessions have, for what can be judged before there is one.
[[nodiscard]] std::string sample_text(std::string_view text, TemplateUse use,
                                      const std::string& bridge);

// The cookie file that all sessions of a bridge share; nullopt when each has its own.
[[nodiscard]] std::optional<std::string> shared_cookie_jar(const config::Bridge& bridge);

// The directory of cookie files that are each session's own; empty when it is not the same for all.
[[nodiscard]] std::string shared_directory(const config::Bridge& bridge);

// Why no session of these values can be, when one that `upstream` needs is missing or refused.
// Credentials that are read again change nothing of it: they bring no templates.
[[nodiscard]] std::optional<TemplateRefusal> refuse_values(const config::Upstream& upstream,
                                                           const TemplateValues& values);

// The text filled in. Precondition: refuse_values() has nothing against it.
[[nodiscard]] std::string filled(std::string_view text, TemplateUse use,
                                 const TemplateValues& values);
// The same for the URL that is dialled, and for the headers in `options`.
void apply_templates(const TemplateValues& values, ws::Options& options, std::string& url);

}  // namespace wsbridged
