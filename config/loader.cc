// SPDX-License-Identifier: MIT
// Files and texts into Config.
#include "config/loader.h"

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "config/binder.h"
#include "config/bridge_source.h"
#include "config/document.h"
#include "config/expansion.h"
#include "config/input_file.h"

namespace wsbridged::config {
namespace {

std::string advice_for(int error_number) {
  switch (error_number) {
    case ENOENT:
      return " (write it, or name another file with -c)";
    case EACCES:
      return " (the user that runs wsbridged must be able to read it)";
    case EISDIR:
      return " (name a file in it with -c)";
    default:
      return "";
  }
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
  };
}

Loaded load_file(const std::string& path, const Environment& environment,
                 const BridgeCheck& check) {
  auto file = read_input_file(path, {kMaxFileBytes, InputKind::kAnyFile});
  if (const auto* failure = std::get_if<InputFailure>(&file)) {
    return {{}, {{path, 0, 0, failure->reason + advice_for(failure->error_number)}}, {}};
  }
  return load_text(std::get<std::string>(file), path, environment, check);
}

Loaded load_text(std::string_view yaml, const std::string& source, const Environment& environment,
                 const BridgeCheck& check) {
  const auto document = std::make_shared<Document>();  // what is read again later stays
  Problems problems;
  const Node* root = parse_yaml(yaml, source, *document, problems);
  if (root == nullptr) {
    return {{}, problems.take_errors(), {}};
  }
  expand_scalars(*document, environment, problems);
  return bind_config(*root, *document, problems, sources_in(document, environment), check);
}

}  // namespace wsbridged::config
