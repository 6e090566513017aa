// SPDX-License-Identifier: MIT
// References in scalars: what they give, what they refuse, and that they are scanned once.
#include "config/expansion.h"

#include <sys/stat.h>

#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

struct Expanded {
  Node node;
  std::string errors;
};

Expanded expanded(std::string_view text, const Variables& variables = {}) {
  Document document;
  Problems problems;
  const std::string* source = document.add_source("f");
  Node& node = document.add_scalar(std::string(text), {source, 1, 1});
  expand_scalars(document, environment_of(variables), problems);
  return {node, joined(problems.take_errors())};
}

TEST_CASE("expansion: a variable stands anywhere in a scalar, any number of times", "[expansion]") {
  const Variables variables = {{"A", "x"}, {"B", "${env:A}"}, {"EMPTY", ""}};
  CHECK(expanded("${env:A}", variables).node.text == "x");
  CHECK(expanded("<${env:A}|${env:A}>", variables).node.text == "<x|x>");
  CHECK(expanded("${env:EMPTY}", variables).node.text.empty());
  CHECK(expanded("${env:A}", variables).node.is_expanded);
  CHECK_FALSE(expanded("A", variables).node.is_expanded);
  // Expanded text is never scanned again.
  CHECK(expanded("${env:B}", variables).node.text == "${env:A}");
}

TEST_CASE("expansion: $${ is a literal ${ and other dollars stay", "[expansion]") {
  CHECK(expanded("$${env:A}").node.text == "${env:A}");
  CHECK(expanded("$$${x").node.text == "$${x");
  CHECK(expanded("$A $$ $ {} $").node.text == "$A $$ $ {} $");
  CHECK_FALSE(expanded("$${env:A}").node.is_expanded);
}

TEST_CASE("expansion: what cannot be resolved is an error with the reference", "[expansion]") {
  CHECK(expanded("${env:NO}").errors == "f:1:1: '${env:NO}' is not set");
  CHECK(expanded("${env:}").errors == "f:1:1: '${env:}' needs the name of a variable");
  CHECK(expanded("${file:}").errors == "f:1:1: '${file:}' needs a path");
  const std::string forms =
      " is none of ${env:NAME}, ${file:PATH}, ${credential:NAME} (a literal ${ is written $${)";
  CHECK(expanded("${HOME}").errors == "f:1:1: '${HOME}'" + forms);
  CHECK(expanded("${}").errors == "f:1:1: '${}'" + forms);
  CHECK(expanded("${ENV:A}").errors == "f:1:1: '${ENV:A}'" + forms);
  CHECK(expanded("a${env:A").errors == "f:1:1: ${ without its } (a literal ${ is written $${)");
  CHECK(expanded("${env:NO}").node.is_unusable);
}

TEST_CASE("expansion: a file loses one trailing newline", "[expansion]") {
  const TemporaryFolder folder;
  const auto of = [&folder](std::string_view content) {
    return expanded("${file:" + folder.write("secret", content) + "}").node.text;
  };
  CHECK(of("s") == "s");
  CHECK(of("s\n") == "s");
  CHECK(of("s\n\n") == "s\n");
  CHECK(of("\n").empty());
  CHECK(of("").empty());
  CHECK(of("${env:A}\n") == "${env:A}");
}

TEST_CASE("expansion: a file is regular, at most 64 KiB and UTF-8", "[expansion]") {
  const TemporaryFolder folder;
  const auto errors_for = [](const std::string& path) {
    return expanded("${file:" + path + "}").errors;
  };
  CHECK(errors_for(folder.write("full", std::string(kMaxExpandedFile, 'x'))).empty());
  CHECK_THAT(errors_for(folder.write("over", std::string(kMaxExpandedFile + 1, 'x'))),
             ContainsSubstring("is larger than 64 KiB"));
  CHECK_THAT(errors_for(folder.path("none")),
             ContainsSubstring("cannot be read: No such file or directory"));
  CHECK_THAT(errors_for(folder.path("")), ContainsSubstring("is a directory, not a file"));
  REQUIRE(::mkfifo(folder.path("fifo").c_str(), 0600) == 0);
  CHECK_THAT(errors_for(folder.path("fifo")), ContainsSubstring("is not a regular file"));
  CHECK_THAT(errors_for("/dev/null"), ContainsSubstring("is not a regular file"));
  CHECK(errors_for(folder.write("binary", "\xff\xfe")) == "f:1:1: must be UTF-8 text");
}

TEST_CASE("expansion: a credential is a file of its directory and nothing above it",
          "[expansion]") {
  const TemporaryFolder folder;
  const Variables variables = {{"CREDENTIALS_DIRECTORY", folder.path("")}};
  (void)folder.write("pw", "secret\n");
  CHECK(expanded("${credential:pw}", variables).node.text == "secret");
  CHECK_THAT(expanded("${credential:none}", variables).errors,
             ContainsSubstring("cannot be read: No such file or directory"));
  for (const std::string name : {"", ".", "..", "a/b", "../pw"}) {
    CHECK(expanded("${credential:" + name + "}", variables).errors ==
          "f:1:1: '${credential:" + name + "}' needs the name of a credential, without '/'");
  }
  CHECK_THAT(expanded("${credential:pw}").errors,
             ContainsSubstring("CREDENTIALS_DIRECTORY is not set"));
}

TEST_CASE("expansion: all together is bounded", "[expansion]") {
  const std::string part(std::size_t{1} << 20U, 'x');
  std::string text;
  for (int i = 0; i < 4; ++i) {
    text += "${env:A}";
  }
  CHECK(expanded(text, {{"A", part}}).errors.empty());
  CHECK(expanded(text + "${env:B}", {{"A", part}, {"B", "x"}}).errors ==
        "f:1:1: all expanded text together is larger than 4 MiB");
}

TEST_CASE("expansion: templates stand in the text as written, not in what a reference brings",
          "[expansion]") {
  CHECK(expanded("a{bridge}").node.as_template() == "a{bridge}");
  CHECK(expanded("{other} {}").node.as_template() == "{other} {}");
  const Node node = expanded("${env:A}{bridge}", {{"A", "{bridge}"}}).node;
  CHECK(node.text == "{bridge}{bridge}");
  CHECK(node.as_template() == "{{bridge}}{bridge}");
}

}  // namespace
}  // namespace wsbridged::config
