# SPDX-License-Identifier: MPL-2.0
# AX_FWRULE_WARNINGS: the warnings this project compiles without, in WARN_CFLAGS.
# --enable-werror makes them errors, as CI does.
AC_DEFUN([AX_FWRULE_WARNINGS], [
AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [warnings are errors])],
    [], [enable_werror=no])
WARN_CFLAGS="-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla -Wno-override-init"
AS_IF([test "x$enable_werror" = xyes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
AC_SUBST([WARN_CFLAGS])
])
