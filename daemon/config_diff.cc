// SPDX-License-Identifier: MIT
#include "daemon/config_diff.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "config/loader.h"

namespace wsbridged {
namespace {

using config::Setting;

// The items of a list have one path: together they are its value.
struct Value {
  std::string path;
  std::string value{};
  std::string shown{};
};

struct Values {
  std::vector<Value> ordered;
  std::map<std::string_view, std::size_t> by_path;

  [[nodiscard]] const Value* find(std::string_view path) const {
    const auto found = by_path.find(path);
    return found == by_path.end() ? nullptr : &ordered[found->second];
  }
};

void append(std::string& list, const std::string& item) {
  list.append(list.empty() ? "" : ", ").append(item);
}

Values values_of(const config::Config& config) {
  Values values;
  const std::vector<Setting> settings = config::settings_of(config);
  for (const Setting& setting : settings) {
    if (values.ordered.empty() || values.ordered.back().path != setting.path) {
      values.ordered.push_back({setting.path});
    }
    append(values.ordered.back().value, setting.value);
    append(values.ordered.back().shown, setting.shown);
  }
  for (std::size_t i = 0; i < values.ordered.size(); ++i) {
    values.by_path.emplace(values.ordered[i].path, i);
  }
  return values;
}

// The path of the bridge or listener that comes or goes as a whole, else the path itself. `name`
// and `address` are the keys that each of them has.
std::string whole(const std::string& path, const Values& own, const Values& other) {
  constexpr std::string_view bridges = "bridges.";
  if (!path.starts_with(bridges)) {
    return path;
  }
  std::string bridge = path.substr(0, path.find('.', bridges.size()));
  if (other.find(bridge + ".name") == nullptr) {
    return bridge;
  }
  const std::string listen = bridge + ".listen.";
  for (std::size_t end = listen.size(); path.starts_with(listen) && end != std::string::npos;
       end = path.find('.', end + 1)) {
    // An address holds dots itself.
    std::string listener = path.substr(0, end);
    if (own.find(listener + ".address") != nullptr &&
        other.find(listener + ".address") == nullptr) {
      return listener;
    }
  }
  return path;
}

enum class OnlyIn : unsigned char { kBefore, kAfter };

void add(std::vector<ConfigChange>& changes, ConfigChange change) {
  if (changes.empty() || changes.back() != change) {
    changes.push_back(std::move(change));
  }
}

// What `values` has and `other` has not.
void add_one_sided(const Values& values, const Values& other, OnlyIn side,
                   std::vector<ConfigChange>& changes) {
  for (const Value& value : values.ordered) {
    if (other.find(value.path) != nullptr) {
      continue;
    }
    const std::string path = whole(value.path, values, other);
    const std::string shown = path == value.path ? value.shown : "present";
    add(changes,
        side == OnlyIn::kBefore ? ConfigChange{path, shown, ""} : ConfigChange{path, "", shown});
  }
}

}  // namespace

std::vector<ConfigChange> config_diff(const config::Config& before, const config::Config& after) {
  const Values old_values = values_of(before);
  const Values new_values = values_of(after);
  std::vector<ConfigChange> changes;
  add_one_sided(old_values, new_values, OnlyIn::kBefore, changes);
  for (const Value& value : new_values.ordered) {
    const Value* const old_value = old_values.find(value.path);
    if (old_value != nullptr && old_value->value != value.value) {
      add(changes, {value.path, old_value->shown, value.shown});
    }
  }
  add_one_sided(new_values, old_values, OnlyIn::kAfter, changes);
  return changes;
}

}  // namespace wsbridged
