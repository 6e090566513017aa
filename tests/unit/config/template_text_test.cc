// SPDX-License-Identifier: MIT
// Which braces are templates, and that nothing out of ${…} ever is one.
#include "config/template_text.h"

#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

// Literal text as it is, templates as <name>.
std::string shape(std::string_view text) {
  std::string out;
  for (const TemplatePart& part : parse_template(text)) {
    out += part.name ? "<" + std::string(part.text) + ">" : std::string(part.text);
  }
  return out;
}

TEST_CASE("template text: the seven names are templates and nothing else is", "[template_text]") {
  CHECK(shape("{peer.addr}{peer.port}{peer.uid}{peer.gid}{peer.pid}{bridge}{session}") ==
        "<{peer.addr}><{peer.port}><{peer.uid}><{peer.gid}><{peer.pid}><{bridge}><{session}>");
  CHECK(shape("a{bridge}b") == "a<{bridge}>b");
  const std::string other = GENERATE(as<std::string>(), "", "{", "}", "{}", "{{}}", "{x}",
                                     "{Bridge}", "{ bridge }", "{bridge", "bridge}", "{peer}",
                                     "{peer.name}", "{\"op\":\"{x}\"}", "{{{{", "{peer.addr");
  CHECK(shape(other) == other);
  CHECK(templates_in(other).empty());
  CHECK(templates_in("{bridge}{session}{bridge}") ==
        std::vector{TemplateName::kBridge, TemplateName::kSession});
}

TEST_CASE("template text: doubled braces are a literal", "[template_text]") {
  CHECK(shape("{{bridge}}") == "{bridge}");
  CHECK(shape("{{{bridge}}}") == "{{bridge}}");
  CHECK(shape("{{bridge}}{bridge}") == "{bridge}<{bridge}>");
  CHECK(shape("{{bridge}") == "{<{bridge}>");
  CHECK(shape("{bridge}}") == "<{bridge}>}");
  CHECK(shape("{{other}}") == "{{other}}");
  CHECK(literal_text("a{{session}}b") == "a{session}b");
}

TEST_CASE("template text: what came out of a reference is quoted, all else is left",
          "[template_text]") {
  const std::vector<TextRange> none;
  const std::vector<TextRange> middle = {{2, 5}};
  CHECK(quote_templates("{bridge} {{bridge}} {x}", none) == "{bridge} {{bridge}} {x}");
  CHECK(quote_templates("{bridge}", middle) == "{{bridge}}");
  CHECK(quote_templates("{{bridge}}", middle) == "{{{bridge}}}");
  CHECK(quote_templates("{x}{bridge}", std::vector<TextRange>{{0, 3}}) == "{x}{bridge}");
  CHECK(quote_templates("{x}{bridge}", std::vector<TextRange>{{0, 4}}) == "{x}{{bridge}}");
}

// The header's value of a configuration that writes it as `text`.
std::string header_value(const std::string& text, const Variables& variables) {
  const Loaded loaded = load(bridge_with("      headers: {X: '" + text + "'}\n"), variables);
  REQUIRE(joined(loaded.errors).empty());
  return loaded.config.bridges[0].upstream.headers[0].value;
}

TEST_CASE("template text: a secret cannot become a template, nor a part of one",
          "[template_text]") {
  const Variables variables = {{"T", "{bridge}"},
                               {"Q", "{{bridge}}"},
                               {"HEAD", "{bri"},
                               {"TAIL", "dge}"},
                               {"OPEN", "{"},
                               {"CLOSE", "}"},
                               {"MIX", "a{session}b{peer.uid}"}};
  for (const auto& [text, meant] :
       std::map<std::string, std::string>{{"${env:T}", "{bridge}"},
                                          {"${env:Q}", "{{bridge}}"},
                                          {"${env:HEAD}${env:TAIL}", "{bridge}"},
                                          {"${env:HEAD}dge}", "{bridge}"},
                                          {"{bri${env:TAIL}", "{bridge}"},
                                          {"${env:OPEN}bridge}", "{bridge}"},
                                          {"{bridge${env:CLOSE}", "{bridge}"},
                                          {"${env:MIX}", "a{session}b{peer.uid}"},
                                          {"$${bridge}", "${bridge}"}}) {
    INFO(text);
    const std::string value = header_value(text, variables);
    CHECK(templates_in(value).empty());
    CHECK(literal_text(value) == meant);
  }
  CHECK(shape(header_value("${env:T}{bridge}", variables)) == "{bridge}<{bridge}>");
}

}  // namespace
}  // namespace wsbridged::config
