# SPDX-License-Identifier: MPL-2.0
# AX_FWRULE_SANITIZE: --enable-sanitize=address,undefined (or thread) builds
# everything with those sanitizers, and without recovery.
AC_DEFUN([AX_FWRULE_SANITIZE], [
AC_ARG_ENABLE([sanitize],
    [AS_HELP_STRING([--enable-sanitize=LIST], [build with these sanitizers])],
    [], [enable_sanitize=no])
AS_IF([test "x$enable_sanitize" != xno],
    [SANITIZE_CFLAGS="-fsanitize=$enable_sanitize -fno-sanitize-recover=all -fno-omit-frame-pointer"])
AC_SUBST([SANITIZE_CFLAGS])
])
