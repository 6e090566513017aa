// SPDX-License-Identifier: MIT
// One pass over every scalar, and the three kinds of reference.
#include "config/expansion.h"

#include <cstring>
#include <variant>
#include <vector>

#include "config/input_file.h"
#include "config/template_text.h"
#include "config/utf8.h"

namespace wsbridged::config {
namespace {

struct Value {
  std::string text;
};

struct Failure {
  std::string reason;
};

using Result = std::variant<Value, Failure>;

Result read_reference_file(const std::string& path) {
  auto file = read_input_file(path, {kMaxExpandedFile, InputKind::kRegularFile});
  if (auto* failure = std::get_if<InputFailure>(&file)) {
    return Failure{failure->reason};
  }
  auto text = std::get<std::string>(std::move(file));
  if (text.ends_with('\n')) {
    text.pop_back();
  }
  return Value{std::move(text)};
}

Result read_variable(const std::string& name, const Environment& environment) {
  if (name.empty()) {
    return Failure{"needs the name of a variable"};
  }
  if (auto value = environment(name)) {
    return Value{std::move(*value)};
  }
  return Failure{"is not set"};
}

// The file of a credential.
Result find_credential(const std::string& name, const Environment& environment) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    return Failure{"needs the name of a credential, without '/'"};
  }
  const auto directory = environment("CREDENTIALS_DIRECTORY");
  if (!directory || directory->empty()) {
    return Failure{"cannot be read: CREDENTIALS_DIRECTORY is not set (systemd's LoadCredential=)"};
  }
  return Value{*directory + "/" + name};
}

// Its path goes into `node`, also when it cannot be read.
Result read_into(Node& node, std::string path) {
  node.files.push_back(std::move(path));
  return read_reference_file(node.files.back());
}

// `reference` is what stands between the braces.
Result resolve(std::string_view reference, const Environment& environment, Node& node) {
  const std::size_t colon = reference.find(':');
  const std::string_view kind = reference.substr(0, colon);
  const std::string name(colon == std::string_view::npos ? "" : reference.substr(colon + 1));
  if (name.find('\0') == std::string::npos && colon != std::string_view::npos) {
    if (kind == "env") {
      return read_variable(name, environment);
    }
    if (kind == "file") {
      return name.empty() ? Failure{"needs a path"} : read_into(node, name);
    }
    if (kind == "credential") {
      auto path = find_credential(name, environment);
      const auto* found = std::get_if<Value>(&path);
      return found != nullptr ? read_into(node, found->text) : path;
    }
  }
  return Failure{
      "is none of ${env:NAME}, ${file:PATH}, ${credential:NAME} (a literal ${ is written $${)"};
}

class Expander {
 public:
  Expander(const Environment& environment, Problems& problems)
      : environment_(environment), problems_(problems) {}

  void expand(Node& node) {
    expanded_.clear();
    if (node.text.find("${") != std::string::npos) {
      node.written = std::move(node.text);
      node.text.clear();
      node.is_unusable = !append_expanded(node.written, node);
      node.quoted_text = quote_templates(node.text, expanded_);
    }
    if (!node.is_unusable && find_invalid_utf8(node.text)) {
      problems_.error(node.place, "must be UTF-8 text");
      node.is_unusable = true;
    }
  }

 private:
  bool append_expanded(std::string_view written, Node& node) {
    std::size_t offset = 0;
    while (offset < written.size()) {
      const std::string_view rest = written.substr(offset);
      if (rest.starts_with("$${")) {
        expanded_.push_back({node.text.size(), node.text.size() + 2});  // its brace begins nothing
        node.text += "${";
        offset += 3;
      } else if (rest.starts_with("${")) {
        const std::size_t end = rest.find('}');
        if (end == std::string_view::npos) {
          return refuse(node, "${ without its } (a literal ${ is written $${)");
        }
        if (!append_reference(rest.substr(0, end + 1), node)) {
          return false;
        }
        offset += end + 1;
      } else {
        node.text += rest.front();
        ++offset;
      }
    }
    return true;
  }

  bool append_reference(std::string_view reference, Node& node) {
    auto result = resolve(reference.substr(2, reference.size() - 3), environment_, node);
    if (const auto* failure = std::get_if<Failure>(&result)) {
      return refuse(node, shown(reference) + " " + failure->reason);
    }
    const std::string& text = std::get<Value>(result).text;
    total_ += text.size();
    if (total_ > kMaxExpandedTotal) {
      return refuse(node, "all expanded text together is larger than 4 MiB");
    }
    expanded_.push_back({node.text.size(), node.text.size() + text.size()});
    node.text += text;
    node.is_expanded = true;
    return true;
  }

  bool refuse(const Node& node, std::string message) {
    problems_.error(node.place, std::move(message));
    return false;
  }

  const Environment& environment_;
  Problems& problems_;
  std::size_t total_ = 0;
  std::vector<TextRange> expanded_;  // parts of the node's text that were not written so
};

}  // namespace

void expand_scalars(Document& document, const Environment& environment, Problems& problems) {
  Expander expander(environment, problems);
  for (Node& node : document.nodes()) {
    if (node.kind == Node::Kind::kScalar) {
      expander.expand(node);
    }
  }
}

}  // namespace wsbridged::config
