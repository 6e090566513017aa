// SPDX-License-Identifier: MIT
// Where a bridge came from, for as long as it lives: its keys as they were written, so that the
// files of its references (${file:…}, ${credential:…}) can be read again when they change. The
// configuration file itself is not read again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/binder.h"
#include "config/document.h"
#include "config/loader.h"

namespace wsbridged::config {

// The references that name files, and where they stand.
struct References {
  bool operator==(const References&) const = default;

  // Nothing when `scalar` has none. `path` says where it stands.
  void add(const std::string& path, const Node& scalar);

  std::vector<std::string> files{};    // each once
  std::vector<std::string> written{};  // "PATH: TEXT", as the text was written
};

// Those of every scalar at and below `node`.
[[nodiscard]] References references_below(const Node& node);

// Immutable; may be used from any number of threads.
class BridgeSource {
 public:
  using Read = std::function<Loaded()>;

  BridgeSource(References references, Read read)
      : references_(std::move(references)), read_(std::move(read)) {}

  [[nodiscard]] const References& references() const { return references_; }

  // The bridge, alone, as its references stand for it now; or why
  // it cannot be had.
  [[nodiscard]] Loaded read() const { return read_(); }

 private:
  References references_;
  Read read_;
};

// Null when there are no references.
[[nodiscard]] SharedSource make_source(References references, BridgeSource::Read read);

// Of the bridges of `document`.
[[nodiscard]] SourceOf sources_in(std::shared_ptr<Document> document, Environment environment);

}  // namespace wsbridged::config
