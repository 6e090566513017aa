// SPDX-License-Identifier: MIT
// What is said about a key or a value that cannot be bound.
#include "config/binding.h"

#include <algorithm>

#include "config/suggest.h"

namespace wsbridged::config {
namespace {

std::string did_you_mean(const std::string& suggestion) {
  return suggestion.empty() ? "" : " (did you mean '" + suggestion + "'?)";
}

bool has_kind(const Field& field, Node::Kind kind, std::string_view what, Problems& problems) {
  if (field.node.kind == kind) {
    return true;
  }
  problems.error(field.node.place, std::string(field.key).append(" must be ").append(what));
  return false;
}

std::string listed(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += i == 0 ? "" : (i + 1 == words.size() ? " or " : ", ");
    text += words[i];
  }
  return text;
}

}  // namespace

bool is_map(const Field& field, Problems& problems) {
  return has_kind(field, Node::Kind::kMap, "a map of keys", problems);
}

bool is_scalar(const Field& field, Problems& problems) {
  return has_kind(field, Node::Kind::kScalar, "a single value", problems) &&
         !field.node.is_unusable;
}

bool is_plain_scalar(const Field& field, Problems& problems) {
  if (!is_scalar(field, problems)) {
    return false;
  }
  if (field.node.is_quoted && !field.node.is_expanded) {
    problems.error(field.node.place,
                   std::string(field.key).append(" must be written without quotes"));
    return false;
  }
  return true;
}

bool is_list(const Field& field, std::size_t max, Problems& problems) {
  if (!has_kind(field, Node::Kind::kSequence, "a list", problems)) {
    return false;
  }
  if (field.node.items.size() > max) {
    problems.error(field.node.items[max]->place, std::string(field.key) + " must have at most " +
                                                     std::to_string(max) + " entries");
    return false;
  }
  return true;
}

void report_refusal(const Field& field, const Refusal& refusal, Secrecy secrecy,
                    Problems& problems) {
  std::string message = std::string(field.key) + " " + refusal.reason;
  if (!field.node.is_expanded) {
    message += secrecy == Secrecy::kPlain ? ", not " + shown(field.node.text) : "";
    message += did_you_mean(refusal.suggestion);
  }
  problems.error(field.node.place, std::move(message));
}

void report_unknown_key(const Node& key, std::span<const std::string_view> known,
                        Problems& problems) {
  if (key.is_expanded) {
    problems.error(key.place, "unknown key");
  } else if (key.text == "<<") {
    problems.error(key.place, "merge keys are not supported: use defaults");
  } else {
    problems.error(key.place,
                   "unknown key " + shown(key.text) + did_you_mean(suggest(key.text, known)));
  }
}

Refusal refuse_word(std::string_view word, std::span<const std::string_view> known) {
  return {"must be " + listed(known), suggest(word, known)};
}

}  // namespace wsbridged::config
