// SPDX-License-Identifier: MIT
#include "config/admin_section.h"

#include "support/catch.h"

namespace wsbridged::config {
namespace {

const Environment kNothingSet = [](const std::string&) { return std::nullopt; };

AdminSection read(std::string_view yaml) {
  return read_admin_section(yaml, "f.yaml", kNothingSet);
}

std::string first_error(std::string_view yaml) {
  const auto section = read(yaml);
  const auto* problems = std::get_if<std::vector<Problem>>(&section);
  return problems == nullptr || problems->empty() ? "" : to_string(problems->front());
}

TEST_CASE("admin section: errors elsewhere in the file do not concern it", "[config]") {
  const auto section = read(
      "admin: {listen: \"unix:/run/a.sock\", token_file: /t}\n"
      "bridges: [{name: \"${env:NOT_SET}\", surprise: 1}]\n");
  REQUIRE(std::holds_alternative<Admin>(section));
  CHECK(std::get<Admin>(section).listen == Address(UnixAddress{.path = "/run/a.sock"}));
  CHECK(std::get<Admin>(section).token_file == "/t");
  CHECK(std::get<Admin>(read("bridges: 7\n")) == Admin());
}

TEST_CASE("admin section: what is wrong in it is told with its place", "[config]") {
  CHECK_THAT(first_error("bridges: []\nadmin: {listen: nowhere}\n"), StartsWith("f.yaml:2:17: "));
  CHECK_THAT(first_error("admin: {listen: \"${env:NOT_SET}\"}\n"), ContainsSubstring("is not set"));
  CHECK_THAT(first_error("admin: {listen: \"unix:/a\", lisen: 1}\n"), ContainsSubstring("lisen"));
  CHECK_THAT(first_error("admin: {listen: \"unix:/a\", listen: \"unix:/b\"}\n"),
             ContainsSubstring("listen"));
  CHECK_THAT(first_error("admin: {}\nadmin: {listen: \"unix:/b\"}\n"), ContainsSubstring("admin"));
  CHECK_THAT(first_error("admin: [\n"), ContainsSubstring("not YAML"));
  CHECK_THAT(first_error("- a\n"), StartsWith("f.yaml:1:1: "));
  CHECK_THAT(first_error(""), ContainsSubstring("empty"));
  const auto absent = load_admin_section("/nonexistent/f.yaml", kNothingSet);
  REQUIRE(std::holds_alternative<std::vector<Problem>>(absent));
  CHECK_THAT(to_string(std::get<std::vector<Problem>>(absent).front()),
             ContainsSubstring("cannot be read"));
}

}  // namespace
}  // namespace wsbridged::config
