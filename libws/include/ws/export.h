// SPDX-License-Identifier: MIT
// What the shared library shows: everything is hidden but what carries WS_EXPORT.
#pragma once

/// Marks a class or function as part of the library's binary interface.
#define WS_EXPORT [[gnu::visibility("default")]]
/// Keeps the inside of an exported class out of the binary interface.
#define WS_HIDDEN [[gnu::visibility("hidden")]]
