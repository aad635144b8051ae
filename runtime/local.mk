# SPDX-License-Identifier: MPL-2.0
noinst_LTLIBRARIES += libruntime.la

libruntime_la_SOURCES = \
	runtime/rpc/methods.c \
	runtime/rpc/rpc.c runtime/rpc/rpc.h runtime/rpc/rpc_int.h

libruntime_la_LIBADD = libcompiler.la

bin_PROGRAMS += fwrule
fwrule_SOURCES = \
	runtime/cmd/cmd.c runtime/cmd/cmd.h \
	runtime/cmd/compile.c \
	runtime/cmd/main.c \
	runtime/cmd/parse.c \
	runtime/cmd/rpc.c
fwrule_LDADD = libruntime.la
