// SPDX-License-Identifier: MIT
// Binds the keys of a map to the members of a struct: a table says key, member and how its value is
// read. It collects errors and never stops at one; what a key means is in tables.cc.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/checks.h"
#include "config/document.h"
#include "config/values.h"
#include "config/words.h"

namespace wsbridged::config {

// A value that is being read, with the key it stands under.
struct Field {
  std::string_view key;
  const Node& node;
};

template <class Owner>
struct Key {
  std::string_view name;
  std::function<void(const Field&, Owner&, Problems&)> read;
};

template <class Owner>
using Table = std::vector<Key<Owner>>;

// May the refused text stand in the message? Not that of headers, URLs and lines.
enum class Secrecy : unsigned char { kPlain, kSecret };

// True for a map; else reports that `key` must be one.
bool is_map(const Field& field, Problems& problems);
// True for a single value that can be judged; else it is reported, here or before.
bool is_scalar(const Field& field, Problems& problems);
// The same for a value that must be written without quotes: true, false and numbers.
bool is_plain_scalar(const Field& field, Problems& problems);
// A list of at most `max` items.
bool is_list(const Field& field, std::size_t max, Problems& problems);

void report_refusal(const Field& field, const Refusal& refusal, Secrecy secrecy,
                    Problems& problems);
void report_unknown_key(const Node& key, std::span<const std::string_view> known,
                        Problems& problems);

// Reads every key of `field`'s map. Null leaves a member at its default.
template <class Owner>
void read_map(const Field& field, const Table<Owner>& table, Owner& owner, Problems& problems) {
  if (!is_map(field, problems)) {
    return;
  }
  std::vector<std::string_view> names;
  for (const Key<Owner>& key : table) {
    names.push_back(key.name);
  }
  for (const Node::Entry& entry : field.node.entries) {
    if (entry.key->is_unusable || problems.is_full()) {
      continue;
    }
    const auto known = std::find(names.begin(), names.end(), entry.key->text);
    if (known == names.end()) {
      report_unknown_key(*entry.key, names, problems);
    } else if (entry.value->kind != Node::Kind::kNull) {
      table[static_cast<std::size_t>(known - names.begin())].read({*known, *entry.value}, owner,
                                                                  problems);
    }
  }
}

// ---- How a value is read: each of these makes the third column of a table. ----

// `parsed` into `member`, or the refusal into `problems`.
template <class Value>
void store(Parsed<Value> parsed, Value& member, const Field& field, Secrecy secrecy,
           Problems& problems) {
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    report_refusal(field, *refusal, secrecy, problems);
  } else {
    member = std::get<Value>(std::move(parsed));
  }
}

template <class Owner, class Member>
auto map(Member Owner::*member, const Table<Member>& (*table)()) {
  return [member, table](const Field& field, Owner& owner, Problems& problems) {
    read_map(field, table(), owner.*member, problems);
  };
}

template <class Owner>
auto text(std::string Owner::*member, Check check, Secrecy secrecy = Secrecy::kPlain) {
  return [member, check, secrecy](const Field& field, Owner& owner, Problems& problems) {
    if (is_scalar(field, problems)) {
      store(check(field.node.text), owner.*member, field, secrecy, problems);
    }
  };
}

// As text, in which templates may stand (template_text.h).
template <class Owner>
auto template_text(std::string Owner::*member, Check check, Secrecy secrecy) {
  return [member, check, secrecy](const Field& field, Owner& owner, Problems& problems) {
    if (is_scalar(field, problems)) {
      store(check(field.node.as_template()), owner.*member, field, secrecy, problems);
    }
  };
}

template <class Owner>
auto boolean(bool Owner::*member) {
  return [member](const Field& field, Owner& owner, Problems& problems) {
    if (is_plain_scalar(field, problems)) {
      store(parse_bool(field.node.text), owner.*member, field, Secrecy::kPlain, problems);
    }
  };
}

template <class Value>
struct Range {
  Value low;
  Value high;
};

// Reports a value outside of its range, which `format` writes as in the file.
template <class Value, class Format>
Parsed<Value> in_range(Parsed<Value> parsed, const Range<Value>& range, Format format) {
  const auto* value = std::get_if<Value>(&parsed);
  if (value != nullptr && (*value < range.low || *value > range.high)) {
    return Refusal{"must be from " + format(range.low) + " to " + format(range.high), ""};
  }
  return parsed;
}

template <class Owner, class Member>
auto number(Member Owner::*member, Range<std::uint32_t> range) {
  return [member, range](const Field& field, Owner& owner, Problems& problems) {
    if (is_plain_scalar(field, problems)) {
      std::uint32_t value = range.low;
      store(in_range(parse_number(field.node.text), range,
                     [](std::uint32_t n) { return std::to_string(n); }),
            value, field, Secrecy::kPlain, problems);
      owner.*member = static_cast<Member>(value);
    }
  };
}

template <class Owner>
auto size(std::size_t Owner::*member, Range<std::size_t> range) {
  return [member, range](const Field& field, Owner& owner, Problems& problems) {
    if (is_scalar(field, problems)) {
      store(in_range(parse_size(field.node.text), range, format_size), owner.*member, field,
            Secrecy::kPlain, problems);
    }
  };
}

template <class Owner>
auto duration(milliseconds Owner::*member, Range<milliseconds> range) {
  return [member, range](const Field& field, Owner& owner, Problems& problems) {
    if (is_scalar(field, problems)) {
      store(in_range(parse_duration(field.node.text), range, format_duration), owner.*member, field,
            Secrecy::kPlain, problems);
    }
  };
}

// The refusal of a word that is none of `known`, naming them.
[[nodiscard]] Refusal refuse_word(std::string_view word, std::span<const std::string_view> known);

template <class Owner, class Enum, std::size_t N>
auto choice(Enum Owner::*member, const Word<Enum> (&words)[N]) {
  return [member, &words](const Field& field, Owner& owner, Problems& problems) {
    if (!is_scalar(field, problems)) {
      return;
    }
    std::vector<std::string_view> known;
    for (const Word<Enum>& word : words) {
      known.push_back(word.text);
    }
    const auto found = std::find(known.begin(), known.end(), field.node.text);
    if (found == known.end()) {
      report_refusal(field, refuse_word(field.node.text, known), Secrecy::kPlain, problems);
    } else {
      owner.*member = words[found - known.begin()].value;
    }
  };
}

}  // namespace wsbridged::config
