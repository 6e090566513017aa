# SPDX-License-Identifier: MIT
"""What `./dev bench bridge` is made of: relays, the load between which they stand, and reports."""
