// SPDX-License-Identifier: MIT
// Writes Prometheus' text format 0.0.4: families with HELP and TYPE, samples with escaped labels.
// Pure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace wsbridged {

struct MetricLabel {
  std::string_view name;
  std::string_view value;
};

class MetricsWriter {
 public:
  using Labels = std::initializer_list<MetricLabel>;

  // Each begins a family; its samples follow.
  void counter(std::string_view name, std::string_view help);
  void gauge(std::string_view name, std::string_view help);
  void histogram(std::string_view name, std::string_view help);

  void sample(Labels labels, std::uint64_t value);
  void sample(Labels labels, double value);

  // `counts` has one more than `bounds`: each bucket's own count, the last one's for what is above.
  struct Buckets {
    std::span<const double> bounds;
    std::span<const std::uint64_t> counts;
    double sum;
  };

  void sample(Labels labels, const Buckets& buckets);

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void family(std::string_view name, std::string_view help, std::string_view type);
  void line(std::string_view suffix, Labels labels, std::string_view bound, std::string_view value);

  std::string text_;
  std::string_view name_;
};

}  // namespace wsbridged
