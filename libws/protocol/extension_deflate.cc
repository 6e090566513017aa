// SPDX-License-Identifier: MIT
// The four parameters of permessage-deflate, offered and answered.
#include "protocol/extension_deflate.h"

#include <algorithm>
#include <array>
#include <utility>

#include "protocol/ascii.h"

namespace ws::protocol {
namespace {

constexpr std::string_view kName = "permessage-deflate";
constexpr int kMinWindowBits = 8;
constexpr int kMaxWindowBits = 15;
constexpr int kMaxLevel = 9;

enum class Wish { kServerTakeover, kClientTakeover, kServerBits, kClientBits };

// RFC 7692 sections 7.1.1 and 7.1.2, in the order of Wish.
constexpr std::array<std::string_view, 4> kParameters = {
    "server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits",
    "client_max_window_bits"};

bool is_within(int value, int low, int high) {
  return value >= low && value <= high;
}

// Decimal without leading zeros, 8 to 15 (section 7.1.2).
std::optional<int> parse_window_bits(const std::optional<std::string>& value) {
  if (!value || value->empty() || value->size() > 2 || value->front() == '0' ||
      !std::all_of(value->begin(), value->end(), is_digit)) {
    return std::nullopt;
  }
  const int bits = std::stoi(*value);
  return is_within(bits, kMinWindowBits, kMaxWindowBits) ? std::optional(bits) : std::nullopt;
}

// Collects the answer's parameters; each function returns the rule that was broken.
class Answer {
 public:
  explicit Answer(const Compression& offered) : offered_(offered) {
    settings_.window_bits = offered.client_max_window_bits;
    settings_.no_context_takeover = offered.client_no_context_takeover;
    settings_.level = offered.level;
    settings_.memory_level = offered.memory_level;
    settings_.threshold = offered.threshold;
  }

  [[nodiscard]] const DeflateSettings& settings() const { return settings_; }

  [[nodiscard]] std::string_view take(const ExtensionParameter& parameter) {
    const auto* const known =
        std::find(kParameters.begin(), kParameters.end(), parameter.name);  // exact (7.1)
    if (known == kParameters.end()) {
      return "permessage-deflate has a parameter that was not offered";
    }
    const auto index = static_cast<std::size_t>(known - kParameters.begin());
    if (std::exchange(seen_.at(index), true)) {
      return "permessage-deflate has a parameter twice";
    }
    const auto wish = static_cast<Wish>(index);
    return wish <= Wish::kClientTakeover ? take_flag(wish, parameter) : take_bits(wish, parameter);
  }

 private:
  std::string_view take_flag(Wish wish, const ExtensionParameter& parameter) {
    if (parameter.value) {
      return "a context takeover parameter of permessage-deflate has a value";
    }
    (wish == Wish::kClientTakeover ? settings_.no_context_takeover
                                   : settings_.peer_no_context_takeover) = true;
    return {};
  }

  std::string_view take_bits(Wish wish, const ExtensionParameter& parameter) {
    const auto bits = parse_window_bits(parameter.value);
    if (!bits) {
      return "a window of permessage-deflate is not 8 to 15 bits";
    }
    const bool is_client = wish == Wish::kClientBits;
    if (*bits > (is_client ? offered_.client_max_window_bits : offered_.server_max_window_bits)) {
      return "a window of permessage-deflate is larger than offered";
    }
    if (is_client) {
      settings_.window_bits = *bits;  // the server's own does not matter to an inflater of 15
    }
    return {};
  }

  const Compression& offered_;
  DeflateSettings settings_;
  std::array<bool, kParameters.size()> seen_{};
};

}  // namespace

std::string_view check_compression(const Compression& compression) {
  if (!is_within(compression.client_max_window_bits, kMinRawWindowBits, kMaxWindowBits)) {
    return "compression.client_max_window_bits must be 9 to 15";
  }
  if (!is_within(compression.server_max_window_bits, kMinWindowBits, kMaxWindowBits)) {
    return "compression.server_max_window_bits must be 8 to 15";
  }
  if (!is_within(compression.level, 1, kMaxLevel) ||
      !is_within(compression.memory_level, 1, kMaxLevel)) {
    return "compression.level and compression.memory_level must be 1 to 9";
  }
  return {};
}

std::string deflate_offer(const Compression& compression) {
  if (!compression.enabled) {
    return {};
  }
  std::string offer(kName);
  const auto add = [&offer](Wish wish, int bits = kMaxWindowBits) {
    offer.append("; ").append(kParameters.at(static_cast<std::size_t>(wish)));
    if (bits < kMaxWindowBits) {
      offer.append("=").append(std::to_string(bits));
    }
  };
  if (compression.server_no_context_takeover) {
    add(Wish::kServerTakeover);
  }
  if (compression.client_no_context_takeover) {
    add(Wish::kClientTakeover);
  }
  if (compression.server_max_window_bits < kMaxWindowBits) {
    add(Wish::kServerBits, compression.server_max_window_bits);
  }
  add(Wish::kClientBits, compression.client_max_window_bits);
  return offer;
}

AcceptedDeflate judge_deflate_response(const std::vector<Extension>& extensions,
                                       const Compression& offered) {
  if (extensions.empty()) {
    return std::nullopt;
  }
  for (const Extension& extension : extensions) {
    if (!offered.enabled || extension.name != kName) {
      return "the server chose an extension that was not offered";
    }
  }
  if (extensions.size() > 1) {
    return "the server chose permessage-deflate twice";
  }
  Answer answer(offered);
  for (const ExtensionParameter& parameter : extensions.front().parameters) {
    if (const auto rule = answer.take(parameter); !rule.empty()) {
      return rule;
    }
  }
  return answer.settings();
}

}  // namespace ws::protocol
