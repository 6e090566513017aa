// SPDX-License-Identifier: MIT
// Where a bridge came from, for as long as it lives: its keys as they were written, so that the
// files of its references (${file:…}, ${credential:…}) can be read again when they change. The
// configuration file itself is not read again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/document.h"
#include "config/loader.h"

namespace wsbridged::config {

// Immutable; may be used from any number of threads.
class BridgeSource {
 public:
  using Read = std::function<Loaded()>;

  BridgeSource(std::vector<std::string> files, Read read)
      : files_(std::move(files)), read_(std::move(read)) {}

  // That its references name.
  [[nodiscard]] const std::vector<std::string>& files() const { return files_; }

  // The bridge, alone, as its references stand for it now; or why
  // it cannot be had.
  [[nodiscard]] Loaded read() const { return read_(); }

 private:
  std::vector<std::string> files_;
  Read read_;
};

// The files of every scalar at and below `node`.
[[nodiscard]] std::vector<std::string> files_below(const Node& node);

// Gives each bridge whose references name files its source. `root` is in `document` and was bound
// to `config` without an error.
void add_sources(Config& config, const Node& root, const std::shared_ptr<Document>& document,
                 const Environment& environment);

}  // namespace wsbridged::config
