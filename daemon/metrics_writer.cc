// SPDX-License-Identifier: MIT
#include "daemon/metrics_writer.h"

#include <array>
#include <charconv>

namespace wsbridged {

namespace {

// The shortest text that reads as the same number.
std::string number(double value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), end.ptr};
}

void append_label_value(std::string& text, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') {
      text += '\\';
    }
    text += c == '\n' ? std::string_view("\\n") : std::string_view(&c, 1);
  }
}

void append_label(std::string& text, const MetricLabel& label) {
  text += text.back() == '{' ? "" : ",";
  text.append(label.name).append("=\"");
  append_label_value(text, label.value);
  text += '"';
}

}  // namespace

void MetricsWriter::counter(std::string_view name, std::string_view help) {
  family(name, help, "counter");
}

void MetricsWriter::gauge(std::string_view name, std::string_view help) {
  family(name, help, "gauge");
}

void MetricsWriter::histogram(std::string_view name, std::string_view help) {
  family(name, help, "histogram");
}

void MetricsWriter::family(std::string_view name, std::string_view help, std::string_view type) {
  name_ = name;
  text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
  text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void MetricsWriter::sample(Labels labels, std::uint64_t value) {
  line("", labels, "", std::to_string(value));
}

void MetricsWriter::sample(Labels labels, double value) {
  line("", labels, "", number(value));
}

void MetricsWriter::sample(Labels labels, const Buckets& buckets) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < buckets.counts.size(); ++i) {
    count += buckets.counts[i];
    const std::string bound = i < buckets.bounds.size() ? number(buckets.bounds[i]) : "+Inf";
    line("_bucket", labels, bound, std::to_string(count));
  }
  line("_sum", labels, "", number(buckets.sum));
  line("_count", labels, "", std::to_string(count));
}

void MetricsWriter::line(std::string_view suffix, Labels labels, std::string_view bound,
                         std::string_view value) {
  text_.append(name_).append(suffix);
  if (labels.size() > 0 || !bound.empty()) {
    text_ += '{';
    for (const MetricLabel& label : labels) {
      append_label(text_, label);
    }
    if (!bound.empty()) {
      append_label(text_, {"le", bound});
    }
    text_ += '}';
  }
  text_.append(" ").append(value).append("\n");
}

}  // namespace wsbridged
