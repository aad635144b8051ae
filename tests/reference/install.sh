#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Puts the reference (npm package fwrule, exactly the pinned version) into DIR.
#
# usage: install.sh DIR
# Exit status: 0 it is there, 77 it cannot be had here (with the reason).
src=$(cd "$(dirname "$0")" && pwd)
exec "$src/../npm-install.sh" "$src" "${1:?usage: install.sh DIR}"
