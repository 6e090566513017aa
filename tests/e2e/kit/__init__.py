# SPDX-License-Identifier: MIT
"""What every end-to-end test uses: the daemon as a child, local clients, servers to dial."""
